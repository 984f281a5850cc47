import Foundation

/// Numbers as people read them, on pages and terminals.
package enum ShownNumber {
  package static func text(_ value: Double?, places: Int = 3, missing: String = "undefined") -> String {
    value.map { String(format: "%.\(places)f", $0) } ?? missing
  }

  /// With a plus where it is one.
  package static func signed(_ value: Double?, places: Int = 3, missing: String = "undefined") -> String {
    value.map { String(format: "%+.\(places)f", $0) } ?? missing
  }

  /// `[0.739, 0.835]`; nil where either end is undefined.
  package static func interval(_ low: Double?, _ high: Double?, places: Int = 3) -> String? {
    low.flatMap { low in high.map { "[\(text(low, places: places)), \(text($0, places: places))]" } }
  }

  /// `0.791 [0.739, 0.835]`.
  ///
  /// - Parameter noInterval: what follows a number without an interval.
  package static func text(
    _ value: Double?, _ low: Double?, _ high: Double?, places: Int = 3, missing: String = "undefined",
    noInterval: String = " [undefined]"
  ) -> String {
    guard value != nil else { return missing }
    return text(value, places: places) + (interval(low, high, places: places).map { " " + $0 } ?? noInterval)
  }
}
