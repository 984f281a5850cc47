/// Prints values as Python's `json.dumps` does, which is what transformers makes of the filter `tojson`.
struct JSONPrinter {
  private let budget: Budget
  private let escapesNonASCII: Bool
  private let sortsKeys: Bool
  /// What each level is indented by, nil for one line.
  private let indent: PythonString?
  private let itemSeparator: PythonString
  private let keySeparator: PythonString

  /// - Parameters:
  ///   - indent: a number of spaces, a text, or None.
  ///   - separators: two texts, or None.
  init(
    _ budget: Budget, escapesNonASCII: Bool = false, indent: JinjaValue = .none, separators: [JinjaValue]? = nil,
    sortsKeys: Bool = false
  ) throws {
    self.budget = budget
    self.escapesNonASCII = escapesNonASCII
    self.sortsKeys = sortsKeys
    if let count = indent.integer {
      try budget.make(count)
      self.indent = PythonString(" ").repeated(count)
    } else {
      self.indent = indent.text
    }
    let given = try separators.map { try Self.texts($0) }
    itemSeparator = given?[0] ?? (self.indent == nil ? ", " : ",")
    keySeparator = given?[1] ?? ": "
  }

  private static func texts(_ separators: [JinjaValue]) throws -> [PythonString] {
    let texts = separators.compactMap(\.text)
    guard separators.count == 2, texts.count == 2 else {
      throw JinjaError(.runtime, "tojson() needs two strings as separators")
    }
    return texts
  }

  func text(_ value: JinjaValue) throws -> PythonString {
    var result: [Unicode.Scalar] = []
    try write(value, 0, to: &result)
    return PythonString(result)
  }

  private func write(_ value: JinjaValue, _ level: Int, to result: inout [Unicode.Scalar]) throws {
    try budget.step()
    switch value {
    case .none: result.append(contentsOf: "null".unicodeScalars)
    case .bool(let value): result.append(contentsOf: (value ? "true" : "false").unicodeScalars)
    case .int(let value): result.append(contentsOf: String(value).unicodeScalars)
    case .float(let value): result.append(contentsOf: Self.number(value).unicodeScalars)
    case .string(let text), .markup(let text): try write(text, to: &result)
    case .list(let list): try write(list.items, level, to: &result)
    case .tuple(let tuple): try write(tuple.items, level, to: &result)
    case .dict(let dict): try write(dict, level, to: &result)
    case .undefined, .object:
      throw JinjaError(.runtime, "Object of type \(value.typeName) is not JSON serializable")
    }
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return NumberFormat.representation(value)
  }

  private func write(_ text: PythonString, to result: inout [Unicode.Scalar]) throws {
    try budget.make(text.count)
    result.append("\"")
    for scalar in text.scalars {
      switch scalar {
      case "\"": result.append(contentsOf: ["\\", "\""])
      case "\\": result.append(contentsOf: ["\\", "\\"])
      case "\n": result.append(contentsOf: ["\\", "n"])
      case "\r": result.append(contentsOf: ["\\", "r"])
      case "\t": result.append(contentsOf: ["\\", "t"])
      case "\u{8}": result.append(contentsOf: ["\\", "b"])
      case "\u{C}": result.append(contentsOf: ["\\", "f"])
      case _ where scalar.value < 0x20 || (escapesNonASCII && scalar.value > 0x7E): writeEscape(scalar, to: &result)
      default: result.append(scalar)
      }
    }
    result.append("\"")
  }

  private func writeEscape(_ scalar: Unicode.Scalar, to result: inout [Unicode.Scalar]) {
    for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
      result.append(contentsOf: ("\\u" + NumberFormat.hexadecimal(UInt32(unit), digits: 4)).unicodeScalars)
    }
  }

  private func write(_ items: [JinjaValue], _ level: Int, to result: inout [Unicode.Scalar]) throws {
    guard !items.isEmpty else { return result.append(contentsOf: ["[", "]"]) }
    result.append("[")
    for (index, item) in items.enumerated() {
      if index > 0 { result.append(contentsOf: itemSeparator.scalars) }
      try writeLineBreak(level + 1, to: &result)
      try write(item, level + 1, to: &result)
    }
    try writeLineBreak(level, to: &result)
    result.append("]")
  }

  private func write(_ dict: PythonDict, _ level: Int, to result: inout [Unicode.Scalar]) throws {
    guard dict.count > 0 else { return result.append(contentsOf: ["{", "}"]) }
    let order = try sortsKeys ? sortedPlaces(dict) : Array(dict.keys.indices)
    result.append("{")
    for (count, place) in order.enumerated() {
      if count > 0 { result.append(contentsOf: itemSeparator.scalars) }
      try writeLineBreak(level + 1, to: &result)
      try write(try name(of: dict.keys[place]), to: &result)
      result.append(contentsOf: keySeparator.scalars)
      try write(dict.values[place], level + 1, to: &result)
    }
    try writeLineBreak(level, to: &result)
    result.append("}")
  }

  private func sortedPlaces(_ dict: PythonDict) throws -> [Int] {
    let comparison = Comparison(budget)
    return try dict.keys.indices.sorted { try comparison.isLess(dict.keys[$0], dict.keys[$1]) }
  }

  private func writeLineBreak(_ level: Int, to result: inout [Unicode.Scalar]) throws {
    guard let indent else { return }
    try budget.make(indent.count, times: level)
    result.append("\n")
    for _ in 0..<level { result.append(contentsOf: indent.scalars) }
  }

  private func name(of key: JinjaValue) throws -> PythonString {
    switch key {
    case .string(let text), .markup(let text): return text
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return PythonString(String(value))
    case .float(let value): return PythonString(Self.number(value))
    default:
      throw JinjaError(.runtime, "keys must be str, int, float, bool or None, not \(key.typeName)")
    }
  }
}
