/// Filters of numbers, and of values of any type.
enum ValueFilters {
  static let table: [String: JinjaFilter] = [
    "default": JinjaFilter("default_value", "boolean", body: fallback),
    "d": JinjaFilter("default_value", "boolean", body: fallback),
    "tojson": JinjaFilter("ensure_ascii", "indent", "separators", "sort_keys", body: toJSON),
    "int": JinjaFilter("default", "base", body: toInteger),
    "float": JinjaFilter("default") { value, arguments, _ in
      if case .undefined(let undefined) = value { throw undefined.error }
      let number = value.text.map { NumberParsing.float($0) } ?? value.number
      return number.map { .float($0) } ?? arguments[0] ?? .float(0)
    },
    "abs": JinjaFilter { value, _, _ in
      if let integer = value.integer, integer != .min { return .int(abs(integer)) }
      if case .float(let number) = value { return .float(number.magnitude) }
      throw JinjaError(.runtime, "bad operand type for abs(): '\(value.typeName)'")
    },
    "round": JinjaFilter("precision", "method", body: round),
    "attr": JinjaFilter("name", required: 1) { value, arguments, interpreter in
      let name = try arguments.text(0)
      return try interpreter.ownAttribute(name.string, of: value) ?? Undefined.attribute(name, of: value)
    },
  ]

  @Sendable private static func fallback(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    value.isUndefined || (arguments.flag(1) && !value.isTrue) ? arguments[0] ?? .string(.empty) : value
  }

  /// transformers' own filter: not Jinja's, which escapes HTML.
  @Sendable private static func toJSON(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let separators = try arguments.given(2).map { try interpreter.elements(of: $0) }
    let printer = try JSONPrinter(
      interpreter.budget, escapesNonASCII: arguments.flag(0), indent: arguments[1] ?? .none, separators: separators,
      sortsKeys: arguments.flag(3))
    return .string(try printer.text(value))
  }

  @Sendable private static func toInteger(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let fallback = arguments[0] ?? .int(0)
    switch value {
    case .undefined(let undefined): throw undefined.error
    case .string(let text), .markup(let text):
      let base = try arguments.integer(1, default: 10)
      if let integer = try NumberParsing.integer(text, base: base) { return .int(integer) }
      // Python's quirk: "42.23" is 42.
      guard let number = NumberParsing.float(text), number.isFinite else { return fallback }
      return .int(try whole(number))
    case .float(let number):
      if number.isInfinite { throw JinjaError(.runtime, "cannot convert float infinity to integer") }
      return number.isNaN ? fallback : .int(try whole(number))
    default: return value.integer.map { .int($0) } ?? fallback
    }
  }

  private static func whole(_ number: Double) throws -> Int {
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw JinjaError(.limit, "an integer does not fit into 64 bits")
    }
    return integer
  }

  @Sendable private static func round(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    let precision = try arguments.integer(0, default: 0)
    let method = try arguments[1].map { _ in try arguments.text(1).string } ?? "common"
    guard ["common", "ceil", "floor"].contains(method) else {
      throw JinjaError(.runtime, "method must be common, ceil or floor")
    }
    guard let number = value.number else {
      throw JinjaError(.runtime, "type \(value.typeName) doesn't define __round__ method")
    }
    if method == "common" {
      if let integer = value.integer, precision >= 0 { return .int(integer) }
      let rounded = NumberFormat.rounded(number, digits: precision)
      return value.integer == nil ? .float(rounded) : .int(try whole(rounded))
    }
    let unit = FloatMath.power(10, Double(precision))
    let scaled = (number * unit).rounded(method == "ceil" ? .up : .down)
    guard scaled.isFinite, unit > 0 else { throw JinjaError(.runtime, "cannot convert float infinity to integer") }
    return .float(scaled / unit)
  }
}
