/// Python's arithmetic. Integers have 64 bits here; more is refused, not rounded.
struct Arithmetic {
  private let budget: Budget

  init(_ budget: Budget) { self.budget = budget }

  func negative(_ value: JinjaValue) throws -> JinjaValue {
    if let integer = value.integer { return .int(try exact(0.subtractingReportingOverflow(integer))) }
    if case .float(let number) = value { return .float(-number) }
    throw refusal(value, "bad operand type for unary -: '\(value.typeName)'")
  }

  func positive(_ value: JinjaValue) throws -> JinjaValue {
    if let integer = value.integer { return .int(integer) }
    if case .float = value { return value }
    throw refusal(value, "bad operand type for unary +: '\(value.typeName)'")
  }

  func apply(_ symbol: BinaryOperator, _ left: JinjaValue, _ right: JinjaValue) throws -> JinjaValue {
    if case .modulo = symbol, let format = left.text { return try formatted(left, format, right) }
    if let a = left.integer, let b = right.integer { return try integers(symbol, a, b) }
    if let a = left.number, let b = right.number { return .float(try floats(symbol, a, b)) }
    if let joined = try sequences(symbol, left, right) { return joined }
    switch (left, right) {
    case (.undefined(let undefined), _), (_, .undefined(let undefined)): throw undefined.error
    default: break
    }
    if case .add = symbol, left.text != nil {
      throw JinjaError(.runtime, "can only concatenate str (not \"\(right.typeName)\") to str")
    }
    let name = symbol == .power ? "** or pow()" : symbol.rawValue
    throw JinjaError(
      .runtime, "unsupported operand type(s) for \(name): '\(left.typeName)' and '\(right.typeName)'")
  }

  private func refusal(_ value: JinjaValue, _ message: String) -> JinjaError {
    if case .undefined(let undefined) = value { return undefined.error }
    return JinjaError(.runtime, message)
  }

  private func exact(_ result: (partialValue: Int, overflow: Bool)) throws -> Int {
    guard !result.overflow else { throw JinjaError(.limit, "an integer does not fit into 64 bits") }
    return result.partialValue
  }

  private func integers(_ symbol: BinaryOperator, _ a: Int, _ b: Int) throws -> JinjaValue {
    switch symbol {
    case .add: return .int(try exact(a.addingReportingOverflow(b)))
    case .subtract: return .int(try exact(a.subtractingReportingOverflow(b)))
    case .multiply: return .int(try exact(a.multipliedReportingOverflow(by: b)))
    case .divide: return .float(try floats(.divide, Double(a), Double(b)))
    case .floorDivide:
      try checkDivisor(b == 0, "integer division or modulo by zero")
      let quotient = try exact(a.dividedReportingOverflow(by: b))
      return .int(a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient)
    case .modulo:
      try checkDivisor(b == 0, "integer modulo by zero")
      let remainder = b == -1 ? 0 : a % b
      return .int(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
    case .power: return try power(a, b)
    }
  }

  private func checkDivisor(_ isZero: Bool, _ message: String) throws {
    if isZero { throw JinjaError(.runtime, message) }
  }

  private func power(_ base: Int, _ exponent: Int) throws -> JinjaValue {
    guard exponent >= 0 else { return .float(try floats(.power, Double(base), Double(exponent))) }
    if base == 0 || base == 1 { return .int(exponent == 0 ? 1 : base) }
    if base == -1 { return .int(exponent.isMultiple(of: 2) ? 1 : -1) }
    var result = 1
    for _ in 0..<min(exponent, 64) { result = try exact(result.multipliedReportingOverflow(by: base)) }
    return .int(result)
  }

  private func floats(_ symbol: BinaryOperator, _ a: Double, _ b: Double) throws -> Double {
    switch symbol {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide:
      try checkDivisor(b == 0, "division by zero")
      return a / b
    case .floorDivide:
      try checkDivisor(b == 0, "float floor division by zero")
      return FloatMath.floorDivide(a, b)
    case .modulo:
      try checkDivisor(b == 0, "float modulo")
      return FloatMath.modulo(a, b)
    case .power:
      try checkDivisor(a == 0 && b < 0, "0.0 cannot be raised to a negative power")
      guard a >= 0 || b == b.rounded() else {
        throw JinjaError(.unsupported, "a negative number to a broken power is complex, which is not supported")
      }
      return FloatMath.power(a, b)
    }
  }

  /// Sums and multiples of texts, lists and tuples; nil for anything else.
  private func sequences(_ symbol: BinaryOperator, _ left: JinjaValue, _ right: JinjaValue) throws -> JinjaValue? {
    switch (symbol, left, right) {
    case (.add, .string(let a), .string(let b)):
      try budget.make(a.count + b.count)
      return .string(a + b)
    case (.add, .markup(let a), _) where right.text != nil: return .markup(a + Markup.escaped(right))
    case (.add, _, .markup(let b)) where left.text != nil: return .markup(Markup.escaped(left) + b)
    case (.add, .list(let a), .list(let b)):
      try budget.make(a.items.count + b.items.count)
      return .list(a.items + b.items)
    case (.add, .tuple(let a), .tuple(let b)):
      try budget.make(a.items.count + b.items.count)
      return .tuple(a.items + b.items)
    case (.multiply, _, _):
      if let times = right.integer { return try repeated(left, times) }
      return try left.integer.flatMap { try repeated(right, $0) }
    default: return nil
    }
  }

  private func repeated(_ value: JinjaValue, _ times: Int) throws -> JinjaValue? {
    func items(_ items: [JinjaValue]) throws -> [JinjaValue] {
      try budget.make(items.count, times: times)
      return Array(repeatElement(items, count: items.isEmpty ? 0 : max(times, 0)).joined())
    }
    switch value {
    case .string(let text):
      try budget.make(text.count, times: times)
      return .string(text.isEmpty ? text : text.repeated(times))
    case .markup(let text):
      try budget.make(text.count, times: times)
      return .markup(text.isEmpty ? text : text.repeated(times))
    case .list(let list): return .list(try items(list.items))
    case .tuple(let tuple): return .tuple(try items(tuple.items))
    default: return nil
    }
  }

  private func formatted(_ left: JinjaValue, _ format: PythonString, _ right: JinjaValue) throws -> JinjaValue {
    if case .markup = left {
      throw JinjaError(.unsupported, "formatting text that is marked as safe is not supported")
    }
    return .string(try PercentFormat(format, budget).applied(to: right))
  }
}
