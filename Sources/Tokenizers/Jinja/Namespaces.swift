/// `namespace(...)`: the one thing that a template can change, so that a loop can tell what follows it.
final class Namespace: TemplateObject {
  private var names: [PythonString] = []
  private var values: [JinjaValue] = []
  private var deepest = 1

  init(_ attributes: PythonDict) {
    super.init()
    for (key, value) in zip(attributes.keys, attributes.values) {
      if let name = key.text { set(name, value) }
    }
  }

  override var typeName: String { "Namespace" }
  override var qualifiedTypeName: String { "jinja2.utils.Namespace" }
  /// At the time of each assignment: a namespace that has itself as an attribute would have no end.
  override var nesting: Int { deepest }

  subscript(name: PythonString) -> JinjaValue? { names.firstIndex(of: name).map { values[$0] } }

  override func attribute(_ name: String) -> JinjaValue? { self[PythonString(name)] }

  func set(_ name: PythonString, _ value: JinjaValue) {
    deepest = max(deepest, value.nesting + 1)
    if let index = names.firstIndex(of: name) {
      values[index] = value
    } else {
      names.append(name)
      values.append(value)
    }
  }

  /// Lets go of the values, so that namespaces that point at each other are freed, and a long chain not by recursion.
  func clear() { values = values.map { _ in .none } }

  override func printed(_ printer: PythonPrinter) throws -> PythonString {
    var dict = PythonDict.Builder()
    for (name, value) in zip(names, values) { dict.set(.string(name), .string(name), value) }
    return try "<Namespace " + printer.representation(.dict(dict.built)) + ">"
  }
}

/// `cycler(...)`: its items in turn.
final class Cycler: TemplateObject {
  private let items: [JinjaValue]
  private var position = 0

  init(_ items: [JinjaValue]) throws {
    guard !items.isEmpty else { throw JinjaError(.runtime, "at least one item has to be provided") }
    self.items = items
  }

  override var typeName: String { "Cycler" }
  override var qualifiedTypeName: String { "jinja2.utils.Cycler" }
  override var nesting: Int { JinjaValue.nesting(around: items) }

  override func attribute(_ name: String) -> JinjaValue? {
    switch name {
    case "current": items[position]
    case "items": .tuple(items)
    case "pos": .int(position)
    case "next": .object(Function("next", of: .object(self)) { [self] _, _ in advance() })
    case "reset":
      .object(
        Function("reset", of: .object(self)) { [self] _, _ in
          position = 0
          return .none
        })
    default: nil
    }
  }

  private func advance() -> JinjaValue {
    defer { position = (position + 1) % items.count }
    return items[position]
  }
}

/// `joiner(separator)`: nothing at its first call, the separator later.
final class Joiner: TemplateObject {
  private let separator: JinjaValue
  private var isUsed = false

  init(_ separator: JinjaValue) { self.separator = separator }

  override var typeName: String { "Joiner" }
  override var qualifiedTypeName: String { "jinja2.utils.Joiner" }
  override var nesting: Int { separator.nesting + 1 }
  override var isCallable: Bool { true }

  override func call(_ arguments: Arguments, _ interpreter: Interpreter) -> JinjaValue {
    defer { isUsed = true }
    return isUsed ? separator : .string(.empty)
  }
}
