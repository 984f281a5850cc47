/// Expressions.
extension Interpreter {
  /// The value of an expression; `body` is the text that a filter without an operand works on.
  func evaluate(_ expression: Expression, _ scope: Scope, body: PythonString? = nil) throws -> JinjaValue {
    try budget.step()
    return try nested { try value(of: expression, scope, body) }
  }

  private func value(of expression: Expression, _ scope: Scope, _ body: PythonString?) throws -> JinjaValue {
    switch expression {
    case .constant(let literal): return literal.value
    case .variable(let number): return scope[number] ?? Undefined.name(template.names[number])
    case .list(let items): return try checked(.list(try items.map { try evaluate($0, scope) }))
    case .tuple(let items): return try checked(.tuple(try items.map { try evaluate($0, scope) }))
    case .dict(let entries): return try checked(try dict(entries, scope))
    case .attribute(let owner, let name): return try checked(try attribute(name, of: try evaluate(owner, scope)))
    case .item(let owner, let key): return try item(try evaluate(key, scope, after: owner))
    case .slice(let owner, let start, let stop, let step):
      let bounds = try [start, stop, step].map { try $0.map { try evaluate($0, scope) } }
      return try slice(try evaluate(owner, scope), bounds)
    case .call(let callee, let arguments): return try checked(try call(callee, arguments, scope))
    case .filter(let operand, let name, let written):
      let operand = try operand.map { try evaluate($0, scope, body: body) } ?? .string(body ?? .empty)
      return try checked(try filter(named: name.string, operand, try evaluate(written, scope)))
    case .test(let operand, let name, let written):
      return .bool(try test(named: name.string, try evaluate(operand, scope), try evaluate(written, scope)))
    case .concatenation(let parts):
      return .string(try concatenated(try parts.map { try printed(try evaluate($0, scope)) }))
    case .conditional(let test, let then, let otherwise):
      if try evaluate(test, scope).isTrue { return try evaluate(then, scope) }
      if let otherwise { return try evaluate(otherwise, scope) }
      return Undefined.hint(
        "the inline if-expression on line \(line) evaluated to false and no else section was defined.")
    default: return try operation(expression, scope)
    }
  }

  private func operation(_ expression: Expression, _ scope: Scope) throws -> JinjaValue {
    switch expression {
    case .not(let operand): return .bool(!(try evaluate(operand, scope).isTrue))
    case .negative(let operand): return try Arithmetic(budget).negative(try evaluate(operand, scope))
    case .positive(let operand): return try Arithmetic(budget).positive(try evaluate(operand, scope))
    case .and(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? try evaluate(right, scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? value : try evaluate(right, scope)
    case .binary(let symbol, let left, let right):
      let value = try evaluate(left, scope)
      return try checked(try Arithmetic(budget).apply(symbol, value, try evaluate(right, scope)))
    case .comparison(let first, let others):
      var left = try evaluate(first, scope)
      var result = true
      for (symbol, expression) in others {
        let right = try evaluate(expression, scope)
        result = try Comparison(budget).apply(symbol, left, right)
        guard result else { break }
        left = right
      }
      return .bool(result)
    default: preconditionFailure("not an operator")
    }
  }

  private func evaluate(
    _ key: Expression, _ scope: Scope, after owner: Expression
  ) throws -> (owner: JinjaValue, key: JinjaValue) {
    let owner = try evaluate(owner, scope)
    return (owner, try evaluate(key, scope))
  }

  func item(_ pair: (owner: JinjaValue, key: JinjaValue)) throws -> JinjaValue { try item(pair.key, of: pair.owner) }

  private func dict(_ entries: [(key: Expression, value: Expression)], _ scope: Scope) throws -> JinjaValue {
    var builder = PythonDict.Builder()
    for (key, value) in entries {
      let key = try evaluate(key, scope)
      builder.set(try key.key(budget), key, try evaluate(value, scope))
    }
    return .dict(builder.built)
  }

  func concatenated(_ parts: [PythonString]) throws -> PythonString {
    for part in parts { try budget.make(part.count) }
    return PythonString.empty.joining(parts)
  }

  /// A value, refused where containers lie too deeply inside one another to be printed or freed safely.
  func checked(_ value: JinjaValue) throws -> JinjaValue {
    guard value.nesting <= budget.limits.nesting else {
      throw JinjaError(.limit, "more than \(budget.limits.nesting) containers inside one another")
    }
    return value
  }
}

/// Calls.
extension Interpreter {
  func evaluate(_ written: CallArguments, _ scope: Scope) throws -> Arguments {
    if written.isEmpty { return Arguments() }
    var arguments = Arguments(positional: try written.positional.map { try evaluate($0, scope) })
    for (name, value) in written.named {
      guard arguments.named(name) == nil else { throw JinjaError(.syntax, "keyword argument repeated: \(name)") }
      arguments.named.append((name, try evaluate(value, scope)))
    }
    if let list = written.list {
      arguments.positional.append(contentsOf: try elements(of: try evaluate(list, scope)))
    }
    if let dictionary = written.dictionary {
      try append(try evaluate(dictionary, scope), to: &arguments)
    }
    return arguments
  }

  private func append(_ dictionary: JinjaValue, to arguments: inout Arguments) throws {
    guard case .dict(let dict) = dictionary else {
      throw JinjaError(.runtime, "argument after ** must be a mapping, not \(dictionary.typeName)")
    }
    for (key, value) in zip(dict.keys, dict.values) {
      guard let name = key.text?.string else { throw JinjaError(.runtime, "keywords must be strings") }
      guard arguments.named(name) == nil else {
        throw JinjaError(.runtime, "got multiple values for keyword argument '\(name)'")
      }
      arguments.named.append((name, value))
    }
  }

  private func call(_ callee: Expression, _ written: CallArguments, _ scope: Scope) throws -> JinjaValue {
    guard case .attribute(let owner, let name) = callee else {
      return try call(try evaluate(callee, scope), try evaluate(written, scope))
    }
    let value = try evaluate(owner, scope)
    // A method of a string, list or dictionary is called without becoming a value first.
    if let method = PythonMethod.find(name.string, of: value) {
      return try method.call(name.string, on: value, try evaluate(written, scope), self)
    }
    return try call(try attribute(name, of: value), try evaluate(written, scope))
  }

  func call(_ function: JinjaValue, _ arguments: Arguments) throws -> JinjaValue {
    switch function {
    case .object(let object): return try nested { try object.call(arguments, self) }
    case .undefined(let undefined): throw undefined.error
    default: throw JinjaError(.runtime, "'\(function.typeName)' object is not callable")
    }
  }

  func filter(named name: String, _ operand: JinjaValue, _ arguments: Arguments) throws -> JinjaValue {
    guard let filter = JinjaFilter.named[name] else {
      throw JinjaError(.unsupported, "No filter named '\(name)' found.")
    }
    return try filter.body(operand, try arguments.bound(to: filter.signature, of: name), self)
  }

  func test(named name: String, _ operand: JinjaValue, _ arguments: Arguments) throws -> Bool {
    guard let test = JinjaTest.named[name] else { throw JinjaError(.unsupported, "No test named '\(name)' found.") }
    return try test.body(operand, try arguments.bound(to: test.signature, of: name), self)
  }
}
