/// Statements.
extension Interpreter {
  /// How a body ended.
  enum Flow {
    case normal, breakLoop, continueLoop
  }

  @discardableResult
  func execute(_ body: [Statement], _ scope: Scope) throws -> Flow {
    for statement in body {
      line = statement.line
      try budget.step()
      let flow = try nested { try execute(statement.kind, scope) }
      if flow != .normal { return flow }
    }
    return .normal
  }

  private func execute(_ statement: Statement.Kind, _ scope: Scope) throws -> Flow {
    switch statement {
    case .text(let text): try write(text)
    case .output(let expression): try write(printed(try evaluate(expression, scope)))
    case .condition(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test, scope).isTrue { return try execute(branch.body, scope) }
      return try execute(otherwise, scope)
    case .loop(let loop): try run(loop, scope)
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    case .set(let target, let value): try assign(try evaluate(value, scope), to: target, scope)
    case .setBlock(let target, let filter, let body, let frame):
      try setBlock(target, filter, body, scope, self.scope(in: scope, frame: frame))
    case .with(let values, let body, let frame): try with(values, body, scope, self.scope(in: scope, frame: frame))
    case .macro(let definition): scope.set(definition.variable, .object(macro(definition, scope)))
    case .callBlock(let call, let caller): try callBlock(call, caller, scope)
    case .filterBlock(let filter, let body, let frame):
      let inner = self.scope(in: scope, frame: frame)
      let text = try captured { try execute(body, inner) }
      try write(printed(try evaluate(filter, inner, body: text)))
    case .generation(let body, let frame):
      let text = try captured { try execute(body, self.scope(in: scope, frame: frame)) }
      noteGeneration(length: text.count)
      try write(text)
    case .block(let body, let isScoped, let frame):
      try execute(body, self.scope(in: isScoped ? scope : topScope, frame: frame))
    }
    return .normal
  }

  func assign(_ value: JinjaValue, to target: Target, _ scope: Scope) throws {
    switch target {
    case .variable(let number): scope.set(number, value)
    case .attribute(let number, let name):
      guard case .object(let object) = scope[number], let namespace = object as? Namespace else {
        throw JinjaError(.runtime, "cannot assign attribute on non-namespace object")
      }
      namespace.set(name.text, value)
    case .tuple(let targets): try unpack(value, to: targets, scope)
    }
  }

  private func unpack(_ value: JinjaValue, to targets: [Target], _ scope: Scope) throws {
    guard let iterator = try iterator(of: value, orNil: true) else {
      throw JinjaError(.runtime, "cannot unpack non-iterable \(value.typeName) object")
    }
    var items: [JinjaValue] = []
    while items.count <= targets.count, let item = try iterator.next() { items.append(item) }
    guard items.count <= targets.count else {
      throw JinjaError(.runtime, "too many values to unpack (expected \(targets.count))")
    }
    guard items.count == targets.count else {
      throw JinjaError(.runtime, "not enough values to unpack (expected \(targets.count), got \(items.count))")
    }
    for (item, target) in zip(items, targets) { try assign(item, to: target, scope) }
  }

  private func setBlock(
    _ target: Target, _ filter: Expression?, _ body: [Statement], _ scope: Scope, _ inner: Scope
  ) throws {
    let text = try captured { try execute(body, inner) }
    let value = try filter.map { try evaluate($0, inner, body: text) } ?? .string(text)
    try assign(value, to: target, scope)
  }

  private func with(
    _ values: [(target: Target, value: Expression)], _ body: [Statement], _ scope: Scope, _ inner: Scope
  ) throws {
    for (target, value) in values { try assign(try evaluate(value, scope), to: target, inner) }
    try execute(body, inner)
  }

  private func callBlock(_ call: Expression, _ caller: MacroDefinition, _ scope: Scope) throws {
    guard case .call(let callee, let written) = call else { return }
    let function = try evaluate(callee, scope)
    var arguments = try evaluate(written, scope)
    arguments.named.append(("caller", .object(macro(caller, scope))))
    try write(printed(try self.call(function, arguments)))
  }

  func printed(_ value: JinjaValue) throws -> PythonString {
    switch value {
    case .string(let text), .markup(let text): text
    default: try PythonPrinter(budget).text(value)
    }
  }
}
