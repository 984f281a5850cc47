import Foundation

/// Numbers as pages show them.
enum Numbers {
  /// Three places; a dash where there is none.
  static func text(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "\u{2013}" }

  static func signed(_ value: Double?) -> String { value.map { String(format: "%+.3f", $0) } ?? "\u{2013}" }

  static func interval(_ low: Double?, _ high: Double?) -> String {
    guard let low, let high else { return "" }
    return "[\(text(low)), \(text(high))]"
  }

  static func text(_ date: Date?) -> String {
    date.map { $0.formatted(.iso8601) } ?? "\u{2013}"
  }
}
