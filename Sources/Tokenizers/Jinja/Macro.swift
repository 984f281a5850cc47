/// A macro, or what `caller()` calls.
final class Macro: TemplateObject {
  private let definition: MacroDefinition
  /// The variables where it was defined.
  private var scope: Scope?

  init(_ definition: MacroDefinition, _ scope: Scope) {
    self.definition = definition
    self.scope = scope
  }

  override var typeName: String { "Macro" }
  override var qualifiedTypeName: String { "jinja2.runtime.Macro" }
  override var isCallable: Bool { true }

  /// Lets go of the variables, among which the macro is.
  func release() { scope = nil }

  override func printed(_ printer: PythonPrinter) -> PythonString {
    PythonString(definition.name.map { "<Macro '\($0)'>" } ?? "<Macro anonymous>")
  }

  override func attribute(_ name: String) -> JinjaValue? {
    switch name {
    case "name": definition.name.map { .string($0) } ?? JinjaValue.none
    case "arguments": .tuple(definition.parameters.map { .string($0.name) })
    case "catch_kwargs": .bool(definition.readsNamed)
    case "catch_varargs": .bool(definition.readsPositional)
    case "caller": .bool(definition.readsCaller)
    default: nil
    }
  }

  override func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    guard let scope else { throw JinjaError(.runtime, "the macro outlives its template") }
    let inner = interpreter.scope(in: scope, frame: definition.frame)
    let line = interpreter.line
    try bindSpecial(arguments, inner, interpreter)
    try bindParameters(arguments, inner, interpreter)
    let text = try interpreter.nested { try interpreter.captured { try interpreter.execute(definition.body, inner) } }
    // Not when it throws: an error in the macro has the macro's line.
    interpreter.line = line
    return .string(text)
  }

  /// Parameters are given by place, by name or by their defaults, which may read the parameters before them.
  private func bindParameters(_ arguments: Arguments, _ inner: Scope, _ interpreter: Interpreter) throws {
    for (index, parameter) in definition.parameters.enumerated() {
      let value: JinjaValue
      if index < arguments.positional.count {
        value = arguments.positional[index]
      } else if let named = arguments.named(parameter.name) {
        value = named
      } else if let fallback = parameter.fallback {
        value = try interpreter.evaluate(fallback, inner)
      } else {
        value = Undefined.hint("parameter '\(parameter.name)' was not provided")
      }
      inner.set(parameter.variable, value)
    }
  }

  /// `caller`, `kwargs` and `varargs`, where the body reads them.
  private func bindSpecial(_ arguments: Arguments, _ inner: Scope, _ interpreter: Interpreter) throws {
    let unfilled = definition.parameters.dropFirst(arguments.positional.count).map(\.name)
    var rest = arguments.named.filter { !unfilled.contains($0.name) }
    if definition.readsCaller {
      let caller = rest.first { $0.name == "caller" }?.value
      rest.removeAll { $0.name == "caller" }
      let isMissing = caller?.isNone ?? true
      set("caller", isMissing ? Undefined.hint("No caller defined") : caller ?? JinjaValue.none, inner, interpreter)
    }
    if definition.readsNamed { set("kwargs", .dict(rest), inner, interpreter) } else { try refuse(rest) }
    let extra = Array(arguments.positional.dropFirst(definition.parameters.count))
    if definition.readsPositional {
      set("varargs", .tuple(extra), inner, interpreter)
    } else if !extra.isEmpty {
      throw JinjaError(
        .runtime, "macro \(printedName) takes not more than \(definition.parameters.count) argument(s)")
    }
  }

  private func set(_ name: String, _ value: JinjaValue, _ inner: Scope, _ interpreter: Interpreter) {
    if let number = interpreter.template.names.firstIndex(of: name) { inner.set(number, value) }
  }

  private func refuse(_ rest: [(name: String, value: JinjaValue)]) throws {
    guard let first = rest.first else { return }
    if rest.contains(where: { $0.name == "caller" }) {
      throw JinjaError(
        .runtime,
        "macro \(printedName) was invoked with two values for the special caller argument. This is most likely a bug.")
    }
    throw JinjaError(.runtime, "macro \(printedName) takes no keyword argument '\(first.name)'")
  }

  private var printedName: String { definition.name.map { "'\($0)'" } ?? "None" }
}

extension Interpreter {
  func macro(_ definition: MacroDefinition, _ scope: Scope) -> Macro {
    let macro = Macro(definition, scope)
    keep(macro)
    return macro
  }
}
