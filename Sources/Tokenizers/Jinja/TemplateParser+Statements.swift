/// Statements, and the text between them.
extension TemplateParser {
  mutating func parseTemplate() throws -> [Statement] {
    let body = try parseBody(until: [])
    if let unknown = unknownNames.first { throw unknown }
    return body
  }

  /// Statements up to one of the given tags, whose name is the current token afterwards.
  private mutating func parseBody(until ends: [String]) throws -> [Statement] {
    var body: [Statement] = []
    while true {
      let line = current.line
      switch current.kind {
      case .end: return body
      case .data(let text):
        advance()
        body.append(Statement(kind: .text(text), line: line))
      case .variableBegin:
        advance()
        body.append(Statement(kind: .output(try parseTuple()), line: line))
        try expect(.variableEnd)
      default:
        try expect(.blockBegin)
        if case .name(let name) = current.kind, ends.contains(name) { return body }
        body.append(contentsOf: try parseStatement(line: line))
        try expect(.blockEnd)
      }
    }
  }

  /// The body of a statement, from the end of its tag up to one of the given tags.
  mutating func parseStatements(until ends: [String], droppingEnd: Bool = true) throws -> [Statement] {
    _ = skip(symbol: ":")
    try expect(.blockEnd)
    endTags.append(ends)
    let body = try nested { try $0.parseBody(until: ends) }
    if case .end = current.kind { throw misplaced(nil) }
    endTags.removeLast()
    if droppingEnd { advance() }
    return body
  }

  private mutating func parseStatement(line: Int) throws -> [Statement] {
    guard case .name(let tag) = current.kind else { throw fails("tag name expected") }
    openTags.append(tag)
    defer { openTags.removeLast() }
    switch tag {
    case "print": return try parsePrint(line)
    case "include", "import", "from", "extends":
      throw JinjaError(.unsupported, "the statement '\(tag)' is not supported: a chat template is one file", line: line)
    case "autoescape":
      throw JinjaError(.unsupported, "the statement 'autoescape' is not supported", line: line)
    default: return [Statement(kind: try parseStatement(tag), line: line)]
    }
  }

  private mutating func parseStatement(_ tag: String) throws -> Statement.Kind {
    switch tag {
    case "for": return try parseFor()
    case "if": return try parseIf()
    case "set": return try parseSet()
    case "macro": return try parseMacro()
    case "call": return try parseCallBlock()
    case "filter": return try parseFilterBlock()
    case "with": return try parseWith()
    case "generation": return try parseGeneration()
    case "block": return try parseBlock()
    case "break", "continue":
      guard loopDepth > 0 else { throw fails("'\(tag)' outside loop") }
      advance()
      return tag == "break" ? .breakLoop : .continueLoop
    default:
      openTags.removeLast()
      defer { openTags.append(tag) }
      throw misplaced(tag)
    }
  }

  /// The error for a tag that is unknown or stands where it may not, or for the template's end (nil).
  private func misplaced(_ tag: String?) -> JinjaError {
    var parts = [tag.map { "Encountered unknown tag '\($0)'." } ?? "Unexpected end of template."]
    if let ends = endTags.last {
      let wanted = ends.map { "'\($0)'" }.joined(separator: " or ")
      let isNestingMistake = tag.map { tag in endTags.contains { $0.contains(tag) } } ?? false
      parts.append(
        isNestingMistake
          ? "You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for \(wanted)."
          : "Jinja was looking for the following tags: \(wanted).")
    }
    if let open = openTags.last { parts.append("The innermost block that needs to be closed is '\(open)'.") }
    return fails(parts.joined(separator: " "))
  }

  private mutating func parsePrint(_ line: Int) throws -> [Statement] {
    advance()
    var outputs: [Statement] = []
    while current.kind != .blockEnd {
      if !outputs.isEmpty { try expect(.symbol(",")) }
      outputs.append(Statement(kind: .output(try parseExpression()), line: line))
    }
    return outputs
  }

  private mutating func parseFor() throws -> Statement.Kind {
    advance()
    outerLoops += 1
    let target = try parseTarget()
    guard skip(name: "in") else { throw fails("expected token 'in', got '\(current.described)'") }
    let sequence = try parseTuple(withCondition: false)
    let condition = skip(name: "if") ? try inFrame(loops: loopDepth) { try $0.parseExpression() } : nil
    let isRecursive = skip(name: "recursive")
    let frame = newFrame()
    let body = try inFrame(loops: loopDepth + 1) {
      try $0.parseStatements(until: ["endfor", "else"], droppingEnd: false)
    }
    outerLoops -= 1
    let hasElse = advance().kind == .name("else")
    let otherwise = hasElse ? try inFrame(loops: loopDepth) { try $0.parseStatements(until: ["endfor"]) } : []
    return .loop(
      ForLoop(
        target: target, sequence: sequence, condition: condition, isRecursive: isRecursive, body: body,
        otherwise: otherwise, frame: frame, elseFrame: newFrame(), loopVariable: number(of: "loop")))
  }

  /// Reads a body with its own variables: an unknown filter is an error again, and a loop ends at a macro's door.
  mutating func inFrame<Result>(loops: Int, _ read: (inout TemplateParser) throws -> Result) rethrows -> Result {
    let (allowed, depth) = (allowsUnknown, loopDepth)
    (allowsUnknown, loopDepth) = (false, loops)
    defer { (allowsUnknown, loopDepth) = (allowed, depth) }
    return try read(&self)
  }

  private mutating func parseIf() throws -> Statement.Kind {
    let wasAllowed = allowsUnknown
    allowsUnknown = true
    defer { allowsUnknown = wasAllowed }
    var branches: [(test: Expression, body: [Statement])] = []
    repeat {
      advance()
      let test = try parseTuple(withCondition: false)
      branches.append((test, try parseStatements(until: ["elif", "else", "endif"], droppingEnd: false)))
    } while isName("elif")
    let hasElse = advance().kind == .name("else")
    return .condition(branches, otherwise: hasElse ? try parseStatements(until: ["endif"]) : [])
  }

  private mutating func parseSet() throws -> Statement.Kind {
    advance()
    // The value is read before its name is written.
    let target = try parseTarget(withAttributes: true)
    if skip(symbol: "=") { return .set(target, try parseTuple()) }
    var filter: Expression?
    while skip(symbol: "|") { filter = try inFrame(loops: loopDepth) { try $0.parseFilter(of: filter) } }
    let body = try inFrame(loops: loopDepth) { try $0.parseStatements(until: ["endset"]) }
    return .setBlock(target, filter: filter, body: body, frame: newFrame())
  }

  private mutating func parseFilterBlock() throws -> Statement.Kind {
    advance()
    let (filter, body) = try inFrame(loops: loopDepth) { parser in
      var filter = try parser.parseFilter(of: nil)
      while parser.skip(symbol: "|") { filter = try parser.parseFilter(of: filter) }
      return (filter, try parser.parseStatements(until: ["endfilter"]))
    }
    return .filterBlock(filter, body: body, frame: newFrame())
  }

  private mutating func parseWith() throws -> Statement.Kind {
    advance()
    var values: [(target: Target, value: Expression)] = []
    while current.kind != .blockEnd {
      if !values.isEmpty { try expect(.symbol(",")) }
      let target = try parseTarget()
      try expect(.symbol("="))
      values.append((target, try parseExpression()))
    }
    let body = try inFrame(loops: loopDepth) { try $0.parseStatements(until: ["endwith"]) }
    return .with(values, body: body, frame: newFrame())
  }

  /// The extension that transformers adds; its body is a macro's, so a loop around it cannot be left from inside.
  private mutating func parseGeneration() throws -> Statement.Kind {
    advance()
    sawGenerationBlock = true
    let body = try inFrame(loops: 0) { try $0.parseStatements(until: ["endgeneration"]) }
    return .generation(body: body, frame: newFrame())
  }

  private mutating func parseBlock() throws -> Statement.Kind {
    advance()
    let name = try expectName()
    let isScoped = skip(name: "scoped")
    _ = skip(name: "required")
    let body = try inFrame(loops: 0) { try $0.parseStatements(until: ["endblock"]) }
    _ = skip(name: name)
    return .block(body: body, isScoped: isScoped, frame: newFrame())
  }
}
