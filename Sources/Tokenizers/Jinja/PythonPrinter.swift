/// Prints values as Python's `str` and `repr` do.
final class PythonPrinter {
  private let budget: Budget
  private var depth = 0

  init(_ budget: Budget) { self.budget = budget }

  /// `str(value)`.
  func text(_ value: JinjaValue) throws -> PythonString {
    switch value {
    case .string(let text), .markup(let text): text
    case .undefined: .empty
    default: try representation(value)
    }
  }

  /// `repr(value)`.
  func representation(_ value: JinjaValue) throws -> PythonString {
    var result: [Unicode.Scalar] = []
    try write(value, to: &result)
    return PythonString(result)
  }

  private func write(_ value: JinjaValue, to result: inout [Unicode.Scalar]) throws {
    try budget.step()
    depth += 1
    defer { depth -= 1 }
    // A namespace can have itself among its values.
    guard depth <= 2 * budget.limits.nesting else { throw JinjaError(.limit, "a value that contains itself") }
    switch value {
    case .list(let list): try write(list.items, "[", "]", to: &result)
    case .tuple(let tuple): try write(tuple.items, "(", tuple.items.count == 1 ? ",)" : ")", to: &result)
    case .dict(let dict): try write(dict, to: &result)
    default:
      let text = try scalar(value)
      try budget.make(text.count)
      result.append(contentsOf: text.scalars)
    }
  }

  private func scalar(_ value: JinjaValue) throws -> PythonString {
    switch value {
    case .undefined: "Undefined"
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): PythonString(String(value))
    case .float(let value): PythonString(NumberFormat.representation(value))
    case .string(let text): PythonString(Self.quoted(text))
    case .markup(let text): PythonString("Markup(\(Self.quoted(text)))")
    case .object(let object): try object.printed(self)
    case .list, .tuple, .dict: try representation(value)
    }
  }

  private func write(
    _ items: [JinjaValue], _ open: String, _ close: String, to result: inout [Unicode.Scalar]
  ) throws {
    result.append(contentsOf: open.unicodeScalars)
    for (index, item) in items.enumerated() {
      if index > 0 { result.append(contentsOf: [",", " "]) }
      try write(item, to: &result)
    }
    result.append(contentsOf: close.unicodeScalars)
  }

  private func write(_ dict: PythonDict, to result: inout [Unicode.Scalar]) throws {
    result.append("{")
    for (index, key) in dict.keys.enumerated() {
      if index > 0 { result.append(contentsOf: [",", " "]) }
      try write(key, to: &result)
      result.append(contentsOf: [":", " "])
      try write(dict.values[index], to: &result)
    }
    result.append("}")
  }

  /// `repr` of a string: single quotes, double ones where that saves escapes.
  static func quoted(_ text: PythonString) -> String {
    let quote: Unicode.Scalar = text.scalars.contains("'") && !text.scalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView([quote])
    for scalar in text.scalars {
      switch scalar {
      case quote, "\\": result.append(contentsOf: ["\\", scalar])
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case _ where scalar.isPythonPrintable: result.append(scalar)
      default: result.append(contentsOf: escape(scalar).unicodeScalars)
      }
    }
    result.append(quote)
    return String(result)
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar.value {
    case ..<0x100: "\\x" + NumberFormat.hexadecimal(scalar.value, digits: 2)
    case ..<0x10000: "\\u" + NumberFormat.hexadecimal(scalar.value, digits: 4)
    default: "\\U" + NumberFormat.hexadecimal(scalar.value, digits: 8)
    }
  }
}
