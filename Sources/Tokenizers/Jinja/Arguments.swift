/// The arguments of a call, as the template gives them.
struct Arguments {
  var positional: [JinjaValue] = []
  var named: [(name: String, value: JinjaValue)] = []

  var count: Int { positional.count + named.count }

  func named(_ name: String) -> JinjaValue? { named.first { $0.name == name }?.value }

  /// The arguments by the places of a function's parameters.
  ///
  /// - Throws: what Python would of a missing, an unknown or a repeated argument.
  func bound(to signature: Signature, of function: String) throws -> BoundArguments {
    if signature.isVariadic { return BoundArguments(function: function, values: [], all: self) }
    let parameters = signature.parameters
    guard positional.count <= parameters.count else {
      throw Self.error(function, "takes at most \(parameters.count) argument(s) (\(positional.count) given)")
    }
    var values: [JinjaValue?] = positional
    values.append(contentsOf: Array(repeating: nil, count: parameters.count - positional.count))
    for (name, value) in named {
      guard let index = parameters.firstIndex(of: name) else {
        throw Self.error(function, "got an unexpected keyword argument '\(name)'")
      }
      guard values[index] == nil else { throw Self.error(function, "got multiple values for argument '\(name)'") }
      values[index] = value
    }
    if let missing = values.indices.first(where: { $0 < signature.required && values[$0] == nil }) {
      throw Self.error(function, "missing 1 required positional argument: '\(parameters[missing])'")
    }
    return BoundArguments(function: function, values: values, all: self)
  }

  private static func error(_ function: String, _ message: String) -> JinjaError {
    JinjaError(.runtime, "\(function)() \(message)")
  }
}

/// The parameters of a function: their names, and how many of them must be given.
struct Signature: Sendable {
  let parameters: [String]
  let required: Int
  private(set) var isVariadic = false

  /// Any arguments.
  static var any: Signature {
    var signature = Signature([])
    signature.isVariadic = true
    return signature
  }

  init(_ parameters: [String], required: Int = 0) {
    self.parameters = parameters
    self.required = required
  }
}

/// Arguments at the places of their parameters.
struct BoundArguments {
  let function: String
  let values: [JinjaValue?]
  /// The arguments as they were given.
  let all: Arguments

  subscript(index: Int) -> JinjaValue? { values[index] }

  /// A value that is neither left out nor None.
  func given(_ index: Int) -> JinjaValue? {
    guard let value = values[index], !value.isNone else { return nil }
    return value
  }

  func flag(_ index: Int, default fallback: Bool = false) -> Bool { values[index].map(\.isTrue) ?? fallback }

  /// An integer, the default where it is left out.
  func integer(_ index: Int, default fallback: Int) throws -> Int {
    guard let value = values[index] else { return fallback }
    guard let integer = value.integer else { throw wrongType(value, "an integer") }
    return integer
  }

  /// An integer, nil where it is left out or None.
  func optionalInteger(_ index: Int) throws -> Int? {
    guard let value = given(index) else { return nil }
    guard let integer = value.integer else { throw wrongType(value, "an integer") }
    return integer
  }

  /// A text that must be given.
  func text(_ index: Int) throws -> PythonString {
    guard let value = values[index] else { throw JinjaError(.runtime, "\(function)() misses an argument") }
    guard let text = value.text else { throw wrongType(value, "a string") }
    return text
  }

  /// A text, nil where it is left out or None.
  func optionalText(_ index: Int) throws -> PythonString? {
    guard let value = given(index) else { return nil }
    guard let text = value.text else { throw wrongType(value, "a string") }
    return text
  }

  private func wrongType(_ value: JinjaValue, _ wanted: String) -> JinjaError {
    if case .undefined(let undefined) = value { return undefined.error }
    return JinjaError(.runtime, "\(function)() needs \(wanted), not \(value.typeName)")
  }
}
