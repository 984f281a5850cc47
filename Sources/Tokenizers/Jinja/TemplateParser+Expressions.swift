/// Expressions, from those that bind least to those that bind most.
extension TemplateParser {
  mutating func parseExpression(withCondition: Bool = true) throws -> Expression {
    try nested { parser in withCondition ? try parser.parseConditional() : try parser.parseOr() }
  }

  private mutating func parseConditional() throws -> Expression {
    let wasAllowed = allowsUnknown
    defer { allowsUnknown = wasAllowed }
    let start = unknownNames.count
    var value = try parseOr()
    var links = 0
    defer { unlink(links) }
    while skip(name: "if") {
      try link(&links)
      // What was read so far stands in a condition after all.
      unknownNames.removeSubrange(start...)
      allowsUnknown = true
      let test = try parseOr()
      let otherwise = skip(name: "else") ? try nested { try $0.parseConditional() } : nil
      value = .conditional(test: test, then: value, otherwise: otherwise)
    }
    return value
  }

  private mutating func parseOr() throws -> Expression {
    var (left, links) = (try parseAnd(), 0)
    defer { unlink(links) }
    while skip(name: "or") {
      try link(&links)
      left = .or(left, try parseAnd())
    }
    return left
  }

  private mutating func parseAnd() throws -> Expression {
    var (left, links) = (try parseNot(), 0)
    defer { unlink(links) }
    while skip(name: "and") {
      try link(&links)
      left = .and(left, try parseNot())
    }
    return left
  }

  private mutating func parseNot() throws -> Expression {
    guard skip(name: "not") else { return try parseComparison() }
    return .not(try nested { try $0.parseNot() })
  }

  private mutating func parseComparison() throws -> Expression {
    let first = try parseSum()
    var others: [(ComparisonOperator, Expression)] = []
    while let comparison = comparisonOperator() { others.append((comparison, try parseSum())) }
    return others.isEmpty ? first : .comparison(first, others)
  }

  private mutating func comparisonOperator() -> ComparisonOperator? {
    if skip(name: "in") { return .contained }
    if isName("not"), next.kind == .name("in") {
      advance()
      advance()
      return .notContained
    }
    guard case .symbol(let symbol) = current.kind, let comparison = ComparisonOperator(rawValue: symbol) else {
      return nil
    }
    advance()
    return comparison
  }

  private mutating func parseSum() throws -> Expression {
    try parseChain(of: [.add, .subtract]) { try $0.parseConcatenation() }
  }

  private mutating func parseConcatenation() throws -> Expression {
    var parts = [try parseProduct()]
    while skip(symbol: "~") { parts.append(try parseProduct()) }
    return parts.count == 1 ? parts[0] : .concatenation(parts)
  }

  private mutating func parseProduct() throws -> Expression {
    try parseChain(of: [.multiply, .divide, .floorDivide, .modulo]) { try $0.parsePower() }
  }

  /// Jinja's power binds from the left, unlike Python's.
  private mutating func parsePower() throws -> Expression {
    try parseChain(of: [.power]) { try $0.parseUnary() }
  }

  private mutating func parseChain(
    of operators: [BinaryOperator], _ part: (inout TemplateParser) throws -> Expression
  ) throws -> Expression {
    var (left, links) = (try part(&self), 0)
    defer { unlink(links) }
    while case .symbol(let symbol) = current.kind, let found = BinaryOperator(rawValue: symbol),
      operators.contains(found)
    {
      advance()
      try link(&links)
      left = .binary(found, left, try part(&self))
    }
    return left
  }

  private mutating func parseUnary(withFilters: Bool = true) throws -> Expression {
    var value: Expression
    if skip(symbol: "-") {
      value = .negative(try nested { try $0.parseUnary(withFilters: false) })
    } else if skip(symbol: "+") {
      value = .positive(try nested { try $0.parseUnary(withFilters: false) })
    } else {
      value = try parsePrimary()
    }
    value = try parsePostfix(value)
    return withFilters ? try parseFilters(value) : value
  }

  mutating func parsePrimary() throws -> Expression {
    let token = current
    switch token.kind {
    case .name(let name):
      advance()
      return constant(named: name) ?? .variable(read(name))
    case .string(let text): return .constant(.string(parseStrings(text)))
    case .integer(let value):
      advance()
      return .constant(.int(value))
    case .float(let value):
      advance()
      return .constant(.float(value))
    case .symbol("("):
      advance()
      let value = try parseTuple(isInParentheses: true)
      try expect(.symbol(")"))
      return value
    case .symbol("["): return try parseList()
    case .symbol("{"): return try parseDict()
    default: throw fails("unexpected '\(token.described)'", line: token.line)
    }
  }

  private func constant(named name: String) -> Expression? {
    switch name {
    case "true", "True": .constant(.bool(true))
    case "false", "False": .constant(.bool(false))
    case "none", "None": .constant(.none)
    default: nil
    }
  }

  /// Strings that follow one another are one.
  private mutating func parseStrings(_ first: PythonString) -> PythonString {
    var text = first
    advance()
    while case .string(let more) = current.kind {
      text = text + more
      advance()
    }
    return text
  }

  /// Expressions with commas between them, which make a tuple, or one expression.
  mutating func parseTuple(withCondition: Bool = true, isInParentheses: Bool = false) throws -> Expression {
    var items: [Expression] = []
    var isTuple = false
    while !isTupleEnd {
      items.append(try parseExpression(withCondition: withCondition))
      guard isSymbol(",") else { break }
      isTuple = true
      advance()
    }
    if !isTuple, let first = items.first { return first }
    guard isTuple || isInParentheses else { throw fails("Expected an expression, got '\(current.described)'") }
    return .tuple(items)
  }

  var isTupleEnd: Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(")"): true
    default: false
    }
  }

  private mutating func parseList() throws -> Expression {
    try expect(.symbol("["))
    var items: [Expression] = []
    while !isSymbol("]") {
      if !items.isEmpty { try expect(.symbol(",")) }
      if isSymbol("]") { break }
      items.append(try parseExpression())
    }
    try expect(.symbol("]"))
    return .list(items)
  }

  private mutating func parseDict() throws -> Expression {
    try expect(.symbol("{"))
    var entries: [(key: Expression, value: Expression)] = []
    while !isSymbol("}") {
      if !entries.isEmpty { try expect(.symbol(",")) }
      if isSymbol("}") { break }
      let key = try parseExpression()
      try expect(.symbol(":"))
      entries.append((key, try parseExpression()))
    }
    try expect(.symbol("}"))
    return .dict(entries)
  }
}
