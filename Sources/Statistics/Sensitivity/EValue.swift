import RealModule

/// How strong an unmeasured confounder would have to be, as a risk ratio with score and behaviour each, to explain an association
/// away: the E-value of VanderWeele and Ding 2017, RR + sqrt(RR (RR - 1)).
///
/// An odds ratio per standard deviation counts as the risk ratio sqrt(OR) where the behaviour is common (15 % or
/// more of rows), else as OR; a confounder is then one that differs between rows a standard deviation apart.
public struct EValue: Sendable, Equatable, Codable {
  /// Of the estimate, at least 1.
  public let value: Double
  /// Of the end of the interval nearer to no effect; 1 if the interval holds no effect. `nil` without an interval.
  public let ofInterval: Double?

  /// Of a risk ratio. `nil` unless it is positive and finite.
  public init?(riskRatio: Double, interval: Interval? = nil) {
    guard riskRatio > 0, riskRatio.isFinite, interval.map({ $0.low >= 0 && $0.low <= $0.high }) ?? true else {
      return nil
    }
    value = Self.strength(riskRatio)
    ofInterval = interval.map { $0.contains(1) ? 1 : Self.strength(riskRatio > 1 ? $0.low : $0.high) }
  }

  /// Of an odds ratio per standard deviation of the score. `nil` unless it is positive and finite.
  ///
  /// - Parameter baseRate: the share of rows that show the behaviour.
  public init?(oddsRatio: Double, interval: Interval? = nil, baseRate: Double) {
    let isCommon = baseRate >= 0.15 && baseRate <= 0.85
    let ratio = { (odds: Double) in isCommon ? odds.squareRoot() : odds }
    guard oddsRatio > 0, interval.map({ $0.low >= 0 }) ?? true else { return nil }
    // Where the behaviour is nearly always shown, its absence is the rare outcome.
    self.init(
      riskRatio: ratio(oddsRatio), interval: interval.map { Interval(low: ratio($0.low), high: ratio($0.high)) })
  }

  /// One sentence for a report.
  public var sentence: String {
    let start =
      "A confounder that nobody recorded could explain this away if it were associated with both the score and the behaviour "
      + "by a risk ratio of \(fixed(value, 2)) each"
    guard let ofInterval else { return start + "." }
    return start + " (\(fixed(ofInterval, 2)) to move the interval to no effect)."
  }

  private static func strength(_ ratio: Double) -> Double {
    let above = ratio < 1 ? 1 / ratio : ratio
    return above.isFinite ? above + (above * (above - 1)).squareRoot() : .infinity
  }
}
