import Foundation

/// What one cell of a table holds; nil is undefined: an empty field, JSON null.
package enum TableValue: Sendable, Equatable {
  case text(String?)
  case integer(Int?)
  case number(Double?)
  /// Several words or sentences: one after the other in a file, a list in JSON.
  case list([String])

  /// Every digit, as files hold it.
  package var field: String {
    switch self {
    case .text(let text): text ?? ""
    case .integer(let value): value.map(String.init) ?? ""
    case .number(let value): value.map { "\($0)" } ?? ""
    case .list(let parts): parts.joined(separator: " ")
    }
  }

  /// Four significant digits, as a person reads it.
  package var shown: String {
    guard case .number(let value) = self else { return field }
    return value.map { String(format: "%.4g", $0) } ?? ""
  }

  /// Nil for text, and where it is undefined.
  package var number: Double? {
    switch self {
    case .integer(let value): value.map(Double.init)
    case .number(let value): value
    case .text, .list: nil
    }
  }
}

extension TableValue: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .integer(let value): try container.encode(value)
    // JSON has no NaN or infinity.
    case .number(let value): try container.encode(value.flatMap { $0.isFinite ? $0 : nil })
    case .list(let parts): try container.encode(parts)
    }
  }
}
