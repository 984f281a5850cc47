/// What follows a value: attributes, elements, calls, filters and tests.
extension TemplateParser {
  mutating func parsePostfix(_ first: Expression) throws -> Expression {
    var (value, links) = (first, 0)
    defer { unlink(links) }
    while true {
      if isSymbol(".") {
        value = try parseAttribute(of: value)
      } else if isSymbol("[") {
        value = try parseElement(of: value)
      } else if isSymbol("(") {
        value = .call(value, try parseArguments())
      } else {
        return value
      }
      try link(&links)
    }
  }

  mutating func parseFilters(_ first: Expression) throws -> Expression {
    var (value, links) = (first, 0)
    defer { unlink(links) }
    while true {
      if skip(symbol: "|") {
        value = try parseFilter(of: value)
      } else if skip(name: "is") {
        value = try parseTest(of: value)
      } else if isSymbol("(") {
        value = .call(value, try parseArguments())
      } else {
        return value
      }
      try link(&links)
    }
  }

  private mutating func parseAttribute(of value: Expression) throws -> Expression {
    try expect(.symbol("."))
    let token = advance()
    switch token.kind {
    case .name(let name): return .attribute(value, Name(name))
    case .integer(let index): return .item(value, .constant(.int(index)))
    default: throw fails("expected name or number", line: token.line)
    }
  }

  private mutating func parseElement(of value: Expression) throws -> Expression {
    try expect(.symbol("["))
    // Jinja takes nothing between the brackets for an empty tuple.
    if skip(symbol: "]") { return .item(value, .tuple([])) }
    var start: Expression?
    if !isSymbol(":") { start = try parseExpression() }
    if isSymbol(":") { return try parseSlice(of: value, from: start) }
    guard let key = start else { throw fails("expected subscript expression") }
    if isSymbol(",") { return .item(value, .tuple(try parseRest(after: key))) }
    try expect(.symbol("]"))
    return .item(value, key)
  }

  private mutating func parseRest(after first: Expression) throws -> [Expression] {
    var keys = [first]
    while !isSymbol("]") {
      try expect(.symbol(","))
      keys.append(try parseExpression())
    }
    try expect(.symbol("]"))
    return keys
  }

  private mutating func parseSlice(of value: Expression, from start: Expression?) throws -> Expression {
    func isAtEnd() -> Bool { isSymbol("]") || isSymbol(":") || isSymbol(",") }
    try expect(.symbol(":"))
    let stop = isAtEnd() ? nil : try parseExpression()
    var step: Expression?
    if skip(symbol: ":"), !isAtEnd() { step = try parseExpression() }
    guard isSymbol("]") else {
      throw JinjaError(.unsupported, "several slices in one pair of brackets are not supported", line: current.line)
    }
    advance()
    return .slice(value, start: start, stop: stop, step: step)
  }

  mutating func parseArguments() throws -> CallArguments {
    let line = try expect(.symbol("(")).line
    var arguments = CallArguments()
    var isFirst = true
    while !isSymbol(")") {
      if !isFirst {
        try expect(.symbol(","))
        if isSymbol(")") { break }
      }
      isFirst = false
      guard try parseArgument(into: &arguments) else {
        throw fails("invalid syntax for function call expression", line: line)
      }
    }
    try expect(.symbol(")"))
    return arguments
  }

  /// Reads one argument; false where its kind may not follow those before it.
  private mutating func parseArgument(into arguments: inout CallArguments) throws -> Bool {
    if skip(symbol: "*") {
      guard arguments.list == nil, arguments.dictionary == nil else { return false }
      arguments.list = try parseExpression()
    } else if skip(symbol: "**") {
      guard arguments.dictionary == nil else { return false }
      arguments.dictionary = try parseExpression()
    } else if case .name(let name) = current.kind, next.kind == .symbol("=") {
      guard arguments.dictionary == nil else { return false }
      advance()
      advance()
      arguments.named.append((name, try parseExpression()))
    } else {
      guard arguments.list == nil, arguments.dictionary == nil, arguments.named.isEmpty else { return false }
      arguments.positional.append(try parseExpression())
    }
    return true
  }

  private mutating func parseDottedName() throws -> String {
    var name = try expectName()
    while skip(symbol: ".") { name += "." + (try expectName()) }
    return name
  }

  /// A filter after its `|`.
  mutating func parseFilter(of value: Expression?) throws -> Expression {
    let line = current.line
    let name = try parseDottedName()
    let arguments = isSymbol("(") ? try parseArguments() : CallArguments()
    if JinjaFilter.named[name] == nil { noteUnknown("filter", name, line) }
    return .filter(value, Name(name), arguments)
  }

  /// A test after its `is`.
  private mutating func parseTest(of value: Expression) throws -> Expression {
    let isNegated = skip(name: "not")
    let line = current.line
    let name = try parseDottedName()
    var arguments = CallArguments()
    if isSymbol("(") {
      arguments = try parseArguments()
    } else if beginsTestArgument {
      guard !isName("is") else { throw fails("You cannot chain multiple tests with is") }
      let argument = try nested { try $0.parsePrimary() }
      arguments.positional = [try parsePostfix(argument)]
    }
    if JinjaTest.named[name] == nil { noteUnknown("test", name, line) }
    let test = Expression.test(value, Name(name), arguments)
    return isNegated ? .not(test) : test
  }

  private var beginsTestArgument: Bool {
    switch current.kind {
    case .name(let name): name != "else" && name != "or" && name != "and"
    case .string, .integer, .float, .symbol("["), .symbol("{"): true
    default: false
    }
  }
}
