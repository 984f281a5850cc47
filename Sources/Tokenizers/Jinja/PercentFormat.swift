/// Python's `format % values`.
struct PercentFormat {
  private let format: PythonString
  private let budget: Budget

  init(_ format: PythonString, _ budget: Budget) {
    self.format = format
    self.budget = budget
  }

  /// What stands between `%` and the end of a conversion.
  private struct Conversion {
    var key: PythonString?
    var layout = FieldLayout()
    var kind: Unicode.Scalar = "s"
  }

  func applied(to value: JinjaValue) throws -> PythonString {
    var values = PendingValues(value)
    var result: [Unicode.Scalar] = []
    var rest = format.scalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "%" else {
        result.append(scalar)
        continue
      }
      if rest.first == "%" {
        result.append("%")
        rest.removeFirst()
        continue
      }
      let conversion = try readConversion(&rest, &values)
      let text = try converted(try values.next(conversion.key), conversion)
      try budget.make(text.count)
      result.append(contentsOf: text.scalars)
    }
    try values.checkEnd()
    try budget.make(result.count)
    return PythonString(result)
  }

  private func readConversion(
    _ rest: inout ArraySlice<Unicode.Scalar>, _ values: inout PendingValues
  ) throws -> Conversion {
    var conversion = Conversion()
    if rest.first == "(" {
      guard let end = rest.firstIndex(of: ")") else { throw JinjaError(.runtime, "incomplete format key") }
      conversion.key = PythonString(rest[(rest.startIndex + 1)..<end])
      rest = rest[(end + 1)...]
    }
    while let flag = rest.first, "-+ 0#".unicodeScalars.contains(flag) {
      conversion.layout.set(flag: flag)
      rest.removeFirst()
    }
    conversion.layout.width = try number(&rest, &values) ?? 0
    if rest.first == "." {
      rest.removeFirst()
      conversion.layout.precision = try number(&rest, &values) ?? 0
    }
    while let size = rest.first, "hlL".unicodeScalars.contains(size) { rest.removeFirst() }
    guard let kind = rest.popFirst() else { throw JinjaError(.runtime, "incomplete format") }
    conversion.kind = kind
    return conversion
  }

  private func number(_ rest: inout ArraySlice<Unicode.Scalar>, _ values: inout PendingValues) throws -> Int? {
    if rest.first == "*" {
      rest.removeFirst()
      guard let value = try values.next(nil).integer else { throw JinjaError(.runtime, "* wants int") }
      return value
    }
    return try FieldLayout.number(&rest)
  }

  private func converted(_ value: JinjaValue, _ conversion: Conversion) throws -> PythonString {
    let printer = PythonPrinter(budget)
    let layout = conversion.layout
    switch conversion.kind {
    case "s": return try layout.laidOut(text: try printer.text(value), budget)
    case "r": return try layout.laidOut(text: try printer.representation(value), budget)
    case "c":
      if let text = value.text, text.count == 1 { return try layout.laidOut(text: text, budget) }
      guard let code = value.integer, let scalar = Unicode.Scalar(UInt32(clamping: code)) else {
        throw JinjaError(.runtime, "%c requires int or char")
      }
      return try layout.laidOut(text: PythonString([scalar]), budget)
    case "d", "i", "u": return try layout.laidOut(integer: try whole(value, "a real number"), budget)
    case "x", "X", "o":
      guard let integer = value.integer else { throw wrongType(value, conversion.kind, "an integer") }
      return try layout.laidOut(integer: integer, kind: Character(conversion.kind), budget)
    case "e", "E", "f", "F", "g", "G":
      guard let number = value.number else { throw JinjaError(.runtime, "must be real number, not \(value.typeName)") }
      return try layout.laidOut(float: number, kind: Character(conversion.kind), budget)
    default:
      throw JinjaError(.runtime, "unsupported format character '\(conversion.kind)'")
    }
  }

  private func whole(_ value: JinjaValue, _ wanted: String) throws -> Int {
    if let integer = value.integer { return integer }
    guard case .float(let number) = value else { throw wrongType(value, "d", wanted) }
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw JinjaError(.runtime, "cannot convert float to integer")
    }
    return integer
  }

  private func wrongType(_ value: JinjaValue, _ kind: Unicode.Scalar, _ wanted: String) -> JinjaError {
    if case .undefined(let undefined) = value { return undefined.error }
    return JinjaError(.runtime, "%\(kind) format: \(wanted) is required, not \(value.typeName)")
  }
}

/// The values that conversions take one after another, or by name.
private struct PendingValues {
  private let value: JinjaValue
  private var items: [JinjaValue]
  private var usedNames = false

  init(_ value: JinjaValue) {
    self.value = value
    if case .tuple(let tuple) = value { items = tuple.items } else { items = [value] }
  }

  mutating func next(_ key: PythonString?) throws -> JinjaValue {
    guard let key else {
      guard !items.isEmpty else { throw JinjaError(.runtime, "not enough arguments for format string") }
      return items.removeFirst()
    }
    guard case .dict(let dict) = value else { throw JinjaError(.runtime, "format requires a mapping") }
    usedNames = true
    guard let found = dict[key] else { throw JinjaError(.runtime, "KeyError: \(PythonPrinter.quoted(key))") }
    return found
  }

  func checkEnd() throws {
    if usedNames || items.isEmpty { return }
    switch value {
    case .dict, .list, .undefined: return
    case .object(let object) where object.count != nil: return
    default: throw JinjaError(.runtime, "not all arguments converted during string formatting")
    }
  }
}
