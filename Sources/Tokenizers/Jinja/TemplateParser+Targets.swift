/// What values are given to: the targets of `set`, `for` and `with`, and the parameters of macros.
extension TemplateParser {
  /// One target, or several with commas between them.
  mutating func parseTarget(withAttributes: Bool = false) throws -> Target {
    var items: [Target] = []
    var isTuple = false
    while !isTupleEnd {
      items.append(try nested { try $0.parseSingleTarget(withAttributes) })
      guard isSymbol(",") else { break }
      isTuple = true
      advance()
    }
    if !isTuple, let first = items.first { return first }
    guard isTuple else { throw fails("Expected an expression, got '\(current.described)'") }
    return .tuple(items)
  }

  private mutating func parseSingleTarget(_ withAttributes: Bool) throws -> Target {
    if skip(symbol: "(") {
      if skip(symbol: ")") { return .tuple([]) }
      let target = try parseTarget()
      try expect(.symbol(")"))
      return target
    }
    guard case .name(let name) = current.kind else {
      let kind =
        if case .symbol = current.kind { "unexpected '\(current.described)'" } else { "can't assign to 'const'" }
      throw fails(kind)
    }
    if withAttributes, next.kind == .symbol(".") {
      advance()
      advance()
      return .attribute(read(name), Name(try expectName()))
    }
    let variable = try written(name)
    advance()
    return .variable(variable)
  }

  mutating func parseMacro() throws -> Statement.Kind {
    advance()
    let name = try expectName()
    let number = try written(name)
    return .macro(try parseMacroBody(name: name, number: number, hasParameters: true, end: "endmacro"))
  }

  mutating func parseCallBlock() throws -> Statement.Kind {
    advance()
    let line = current.line
    let saved = specialUses
    let parameters = isSymbol("(") ? try parseParameters() : []
    let call = try parseExpression()
    guard case .call = call else { throw fails("expected call", line: line) }
    let caller = try parseMacroBody(name: nil, number: -1, parameters: parameters, saved, end: "endcall")
    return .callBlock(call: call, caller: caller)
  }

  private mutating func parseMacroBody(
    name: String?, number: Int, hasParameters: Bool, end: String
  ) throws -> MacroDefinition {
    let saved = specialUses
    return try parseMacroBody(name: name, number: number, parameters: try parseParameters(), saved, end: end)
  }

  private mutating func parseMacroBody(
    name: String?, number: Int, parameters: [(variable: Int, name: String, fallback: Expression?)],
    _ saved: [(name: String, isRead: Bool)], end: String
  ) throws -> MacroDefinition {
    specialUses = []
    let (allowed, loops) = (allowsUnknown, loopDepth)
    (allowsUnknown, loopDepth) = (false, 0)
    let body = try parseStatements(until: [end])
    (allowsUnknown, loopDepth) = (allowed, loops)
    let uses = specialUses
    specialUses = saved + uses
    func reads(_ special: String) -> Bool {
      uses.first { $0.name == special }?.isRead == true && !(parameters.contains { $0.name == special })
    }
    try checkCaller(parameters, uses)
    let special = ["caller", "kwargs", "varargs"].filter(reads)
    return MacroDefinition(
      name: name, variable: number, parameters: parameters, body: body, readsCaller: reads("caller"),
      readsNamed: reads("kwargs"), readsPositional: reads("varargs"),
      specialVariables: special.map { variable($0) }, frame: newFrame())
  }

  private func checkCaller(
    _ parameters: [(variable: Int, name: String, fallback: Expression?)], _ uses: [(name: String, isRead: Bool)]
  ) throws {
    guard let caller = parameters.first(where: { $0.name == "caller" }), caller.fallback == nil,
      uses.first(where: { $0.name == "caller" })?.isRead == true
    else { return }
    throw fails(
      "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.")
  }

  private mutating func parseParameters() throws -> [(variable: Int, name: String, fallback: Expression?)] {
    try expect(.symbol("("))
    var parameters: [(variable: Int, name: String, fallback: Expression?)] = []
    while !isSymbol(")") {
      if !parameters.isEmpty { try expect(.symbol(",")) }
      let name = try expectName()
      let fallback = skip(symbol: "=") ? try inFrame(loops: 0) { try $0.parseExpression() } : nil
      if fallback == nil, parameters.last?.fallback != nil {
        throw fails("non-default argument follows default argument")
      }
      parameters.append((variable(name), name, fallback))
    }
    try expect(.symbol(")"))
    return parameters
  }
}
