/// A confidence interval, both ends included.
public struct Interval: Sendable, Equatable, Codable {
  public let low: Double
  public let high: Double

  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// The same interval with both ends cut to `range`, e.g. `0...1` for an area or a proportion.
  public func clamped(to range: ClosedRange<Double>) -> Interval {
    Interval(
      low: min(max(low, range.lowerBound), range.upperBound),
      high: min(max(high, range.lowerBound), range.upperBound))
  }

  public func contains(_ value: Double) -> Bool { low <= value && value <= high }
}
