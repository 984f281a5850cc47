import Foundations

/// A summary of the scores of the fitted rows, to compare later rows with.
public struct ScoreReference: Sendable, Equatable, Codable {
  public let mean: Double
  public let standardDeviation: Double
  /// Of the mean, clustered by question.
  public let meanVariance: Double
  public let groups: Int
  /// The 1 % and 99 % quantiles.
  public let low: Double
  public let high: Double

  /// `nil` for fewer than two groups, scores that do not vary, and one that is not finite.
  public init?(_ scores: [Double], groups: [String]) {
    guard let clustered = ClusteredMean(scores, groups: groups), let variance = clustered.variance, variance > 0 else {
      return nil
    }
    let sorted = scores.sorted()
    (mean, meanVariance, self.groups) = (clustered.mean, variance, clustered.groups)
    standardDeviation = (sumOfSquares(scores) / Double(scores.count - 1)).squareRoot()
    low = sorted[sorted.count / 100]
    high = sorted[sorted.count - 1 - sorted.count / 100]
  }
}

/// How far new scores lie from those of the fitted rows.
public struct ScoreShift: Sendable, Equatable, Codable {
  /// (mean of the new rows - mean of the fitted ones) / standard deviation of the fitted ones.
  public let difference: Double
  /// The 95 % interval, both means clustered by question; Student's t with the degrees of freedom of the smaller side.
  @NullIfAbsent public private(set) var low: Double?
  @NullIfAbsent public private(set) var high: Double?
  /// The share of new rows below the 1 % or above the 99 % quantile of the fitted ones: 2 % without a shift.
  public let outside: Double

  /// Beyond this many standard deviations a stated false-positive rate is not reliable: for normal scores a shift of 0.25 turns 5 % into 8.2 %.
  public static let tolerated = 0.25

  /// Whether the shift is above the tolerance, beyond chance.
  public var isLarge: Bool {
    guard let low, let high else { return abs(difference) > Self.tolerated }
    return low > 0 && difference > Self.tolerated || high < 0 && difference < -Self.tolerated
  }

  /// `nil` without rows and for a score that is not finite.
  public init?(_ scores: [Double], groups: [String], from reference: ScoreReference) {
    guard let own = ClusteredMean(scores, groups: groups) else { return nil }
    difference = (own.mean - reference.mean) / reference.standardDeviation
    outside = Double(scores.count { $0 < reference.low || $0 > reference.high }) / Double(scores.count)
    guard let variance = own.variance else { return }
    let df = Double(min(own.groups, reference.groups) - 1)
    let reach =
      criticalValue(0.95, df: df) * (variance + reference.meanVariance).squareRoot() / reference.standardDeviation
    (low, high) = (difference - reach, difference + reach)
  }
}
