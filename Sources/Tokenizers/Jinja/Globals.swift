/// The functions that every template may call.
enum Globals {
  static func function(named name: String) -> JinjaValue? {
    switch name {
    case "range": wrap(name, range)
    case "dict": wrap(name, dict)
    case "namespace": wrap(name, namespace)
    case "cycler": wrap(name) { arguments, _ in .object(try Cycler(arguments.positional)) }
    case "joiner":
      wrap(name) { arguments, _ in
        let separator = try arguments.bound(to: Signature(["sep"]), of: "joiner")[0] ?? .string(", ")
        return .object(Joiner(separator))
      }
    case "raise_exception": wrap(name, raise)
    case "strftime_now": wrap(name, now)
    case "lipsum":
      wrap(name) { _, _ in throw JinjaError(.unsupported, "the function 'lipsum' is not supported: it is random") }
    default: nil
    }
  }

  private static func wrap(_ name: String, _ body: @escaping Function.Body) -> JinjaValue {
    .object(Function(name, body))
  }

  private static func range(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    let numbers = try arguments.positional.map { value in
      guard let integer = value.integer else {
        if case .undefined(let undefined) = value { throw undefined.error }
        throw JinjaError(.runtime, "'\(value.typeName)' object cannot be interpreted as an integer")
      }
      return integer
    }
    guard (1...3).contains(numbers.count), arguments.named.isEmpty else {
      throw JinjaError(.runtime, "range expected 1 to 3 arguments, got \(arguments.count)")
    }
    let step = numbers.count == 3 ? numbers[2] : 1
    guard step != 0 else { throw JinjaError(.runtime, "range() arg 3 must not be zero") }
    let (start, stop) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
    let range = try PythonRange(start: start, stop: stop, step: step)
    try interpreter.budget.make(range.count ?? 0)
    return .object(range)
  }

  private static func dict(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    .dict(try entries(arguments, interpreter))
  }

  private static func namespace(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    let namespace = Namespace(try entries(arguments, interpreter))
    interpreter.keep(namespace)
    return .object(namespace)
  }

  /// What Python's `dict(mapping or pairs, name=value)` has.
  private static func entries(_ arguments: Arguments, _ interpreter: Interpreter) throws -> PythonDict {
    guard arguments.positional.count <= 1 else {
      throw JinjaError(.runtime, "dict expected at most 1 argument, got \(arguments.positional.count)")
    }
    var builder = PythonDict.Builder()
    if case .dict(let dict)? = arguments.positional.first {
      builder.merge(dict)
    } else if case .undefined(let undefined)? = arguments.positional.first {
      throw undefined.error
    } else if let pairs = arguments.positional.first {
      for pair in try interpreter.elements(of: pairs) {
        let items = try interpreter.elements(of: pair)
        guard items.count == 2 else {
          throw JinjaError(
            .runtime, "dictionary update sequence element has length \(items.count); 2 is required")
        }
        builder.set(try items[0].key(interpreter.budget), items[0], items[1])
      }
    }
    for (name, value) in arguments.named { builder.set(name, value) }
    return builder.built
  }

  private static func raise(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    let message = try arguments.bound(to: Signature(["message"], required: 1), of: "raise_exception")[0] ?? .none
    throw JinjaError(.refused, try interpreter.printed(message).string)
  }

  private static func now(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    let format = try arguments.bound(to: Signature(["format"], required: 1), of: "strftime_now").text(0)
    guard let date = interpreter.date else {
      throw JinjaError(
        .unsupported, "the template reads the clock; say which date it shall read, so that a run can be repeated")
    }
    return .string(try date.formatted(format, interpreter.budget))
  }
}
