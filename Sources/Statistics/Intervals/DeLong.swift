/// The area under the ROC curve with DeLong's variance: rows independent of each other.
///
/// psi(x, y) is 1 if x > y, 1/2 if x = y, else 0, over m positives x and n negatives y. A positive's *component* is its
/// mean psi over the negatives, a negative's its mean psi over the positives; the variance is
/// S10/m + S01/n with S the sample variances (divisor m - 1, n - 1) of the components.
/// Sources: DeLong et al. 1988; the O(n log n) computation from mid-ranks is Sun and Xu 2014.
public struct DeLong: Sendable, Equatable {
  public let auroc: Double
  /// `nil` if a class has a single row.
  public let variance: Double?
  public let positives: Int
  public let negatives: Int

  /// `nil` unless both classes occur and every score is finite.
  public init?(scores: [Double], labels: [Int]) {
    guard let components = PlacementComponents(scores: scores, labels: labels) else { return nil }
    auroc = components.auroc
    variance = components.variance(of: components.values)
    positives = components.positives
    negatives = components.negatives
  }

  /// The usual interval: auroc +- z sqrt(variance), cut to 0...1; `nil` without a variance. Few rows and areas near 1 are covered
  /// less often than it says; tables and verdicts take `ClusteredArea.interval`.
  public func interval(confidence: Double = 0.95) -> Interval? {
    variance.map {
      normalInterval(auroc, variance: $0, confidence: confidence).clamped(to: 0...1)
    }
  }
}

/// DeLong's test of two scores on the same rows.
public struct PairedDeLong: Sendable, Equatable {
  public let aurocA: Double
  public let aurocB: Double
  /// A - B.
  public let difference: Double
  /// Variance of the difference: sample variances of the differences of the components, over m and n.
  public let variance: Double
  /// `nil` if the variance is 0, e.g. for two scores that order the rows alike.
  public let z: Double?
  /// Two-sided normal p-value, `nil` with `z`.
  public let p: Double?

  /// `nil` unless each class has two rows and every score is finite.
  public init?(scoresA: [Double], scoresB: [Double], labels: [Int]) {
    guard let a = PlacementComponents(scores: scoresA, labels: labels),
      let b = PlacementComponents(scores: scoresB, labels: labels),
      let variance = a.variance(of: zip(a.values, b.values).map { $0 - $1 })
    else { return nil }
    aurocA = a.auroc
    aurocB = b.auroc
    difference = a.auroc - b.auroc
    self.variance = variance
    z = variance > 0 ? difference / variance.squareRoot() : nil
    p = z.map(NormalDistribution.twoSidedP)
  }

  /// difference +- z sqrt(variance), not cut.
  public func interval(confidence: Double = 0.95) -> Interval {
    normalInterval(difference, variance: variance, confidence: confidence)
  }
}

func sampleVariance(_ values: [Double]) -> Double {
  isConstant(values) ? 0 : sumOfSquares(values) / Double(values.count - 1)
}

func normalInterval(_ estimate: Double, variance: Double, confidence: Double) -> Interval {
  let reach = NormalDistribution.quantile(0.5 + confidence / 2) * variance.squareRoot()
  return Interval(low: estimate - reach, high: estimate + reach)
}
