import Foundations

/// An estimate with its interval, clustered by group; nil for fewer than two groups, and where they are so alike that no
/// variance is seen.
public struct Estimate: Sendable, Equatable, Codable {
  public var value: Double
  public var low: Double?
  public var high: Double?

  package init(_ value: Double, _ interval: Interval?) {
    (self.value, low, high) = (value, interval?.low, interval?.high)
  }

  /// A mean of values that are independent between groups.
  ///
  /// - Parameter proportion: whether the values lie in 0...1.
  package init(_ values: [Double], groups: [String], proportion: Bool = false) {
    let mean = ClusteredMean(values, groups: groups, proportion: proportion)
    self.init(mean?.mean ?? .nan, mean?.interval())
  }
}

extension Array {
  /// An estimate: three columns.
  package static func estimate<Row>(
    _ name: String, _ help: String, unit: String? = nil, _ estimate: @escaping @Sendable (Row) -> Estimate?
  ) -> [TableColumn<Row>] where Element == TableColumn<Row> {
    .estimate(
      name, help, unit: unit, value: { estimate($0)?.value }, low: { estimate($0)?.low }, high: { estimate($0)?.high })
  }

  /// A number and its interval: three columns.
  package static func estimate<Row>(
    _ name: String, _ help: String, unit: String? = nil, _ value: @escaping @Sendable (Row) -> Double?,
    interval: @escaping @Sendable (Row) -> Interval?
  ) -> [TableColumn<Row>] where Element == TableColumn<Row> {
    .estimate(name, help, unit: unit, value: value, low: { interval($0)?.low }, high: { interval($0)?.high })
  }
}
