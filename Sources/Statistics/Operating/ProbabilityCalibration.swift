import RealModule

/// The calibration of the probability that a score is turned into, on questions it was not fitted to.
///
/// Each row's probability is Platt's: a logistic regression of the label on the score, fitted to other groups
/// (`HeldOutProbability`). Slope and intercept are those of a logistic regression of the label on the logit of that
/// probability (Cox 1958): 1 and 0 if it is calibrated, a slope below 1 if it is overconfident. Errors are clustered by group,
/// intervals with Student's t of G - 1 degrees of freedom.
public struct ProbabilityCalibration: Sendable, Equatable {
  /// One per row, held out by group.
  public let probabilities: [Double]
  public let slope: Double?
  /// 95 %; `nil` with the slope and for fewer than two groups.
  public let slopeInterval: Interval?
  public let intercept: Double?
  public let interceptInterval: Interval?
  /// Mean of (probability - label)^2, clustered.
  public let brier: Double
  public let brierInterval: Interval?
  /// Of ten bins of equal width. Positive also for a calibrated probability: by chance about sqrt(bins / rows) / 3.
  public let expectedCalibrationError: Double
  public let curve: ReliabilityCurve

  /// `nil` unless every fold leaves both classes and every score is finite.
  public init?(scores: [Double], labels: [Int], groups: [String]? = nil, folds: Int = 5, seed: UInt64 = 0) {
    let groups = groups ?? labels.indices.map { String($0) }
    guard
      let held = HeldOutProbability.estimate(
        scores: scores, labels: labels, groups: groups, folds: folds, seed: seed)
    else { return nil }
    self.init(probabilities: held, labels: labels, groups: groups)
  }

  /// Of probabilities from elsewhere. `nil` if one is not in 0...1.
  public init?(probabilities: [Double], labels: [Int], groups: [String]) {
    guard let curve = ReliabilityCurve(probabilities: probabilities, labels: labels),
      let error = Measures.expectedCalibrationError(probabilities: probabilities, labels: labels),
      let squares = ClusteredMean(
        zip(probabilities, labels).map { ($0 - Double($1)) * ($0 - Double($1)) }, groups: groups)
    else { return nil }
    self.probabilities = probabilities
    self.curve = curve
    expectedCalibrationError = error
    brier = squares.mean
    brierInterval = squares.interval()?.clamped(to: 0...1)
    let fit = CoxCalibration(probabilities, labels, groups)
    (slope, slopeInterval) = (fit?.slope, fit?.slopeInterval)
    (intercept, interceptInterval) = (fit?.intercept, fit?.interceptInterval)
  }
}

/// The logistic regression of labels on the logits of probabilities.
private struct CoxCalibration {
  let slope: Double
  let intercept: Double
  private(set) var slopeInterval: Interval?
  private(set) var interceptInterval: Interval?

  init?(_ probabilities: [Double], _ labels: [Int], _ groups: [String]) {
    let smallest = Double.ulpOfOne
    let logits = probabilities.map { logit(min(max($0, smallest), 1 - smallest)) }
    let clusters = Partition(groups)
    guard let fit = SlopeLogistic(logits, labels, clusters) else { return nil }
    (slope, intercept) = (fit.slope, fit.intercept)
    let critical = criticalValue(0.95, df: Double(clusters.count - 1))
    slopeInterval = fit.slopeError.map { Interval(low: slope - critical * $0, high: slope + critical * $0) }
    interceptInterval = fit.interceptError.map {
      Interval(low: intercept - critical * $0, high: intercept + critical * $0)
    }
  }
}
