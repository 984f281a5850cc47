/// A test: what `value is name(arguments)` asks.
///
/// To add one, add a line to the table.
struct JinjaTest {
  typealias Body = @Sendable (JinjaValue, BoundArguments, Interpreter) throws -> Bool

  let signature: Signature
  let body: Body

  init(_ parameters: String..., body: @escaping Body) {
    signature = Signature(parameters, required: parameters.count)
    self.body = body
  }

  static func comparison(_ symbol: ComparisonOperator) -> JinjaTest {
    JinjaTest("other") { try Comparison($2.budget).apply(symbol, $0, $1[0] ?? .none) }
  }

  static let named: [String: JinjaTest] = [
    "defined": JinjaTest { value, _, _ in !value.isUndefined },
    "undefined": JinjaTest { value, _, _ in value.isUndefined },
    "none": JinjaTest { value, _, _ in value.isNone },
    "boolean": JinjaTest { value, _, _ in value.isBool },
    "true": JinjaTest { value, _, _ in value.isBool && value.isTrue },
    "false": JinjaTest { value, _, _ in value.isBool && !value.isTrue },
    "integer": JinjaTest { value, _, _ in value.integer != nil && !value.isBool },
    "float": JinjaTest { value, _, _ in
      if case .float = value { true } else { false }
    },
    "number": JinjaTest { value, _, _ in value.number != nil },
    "string": JinjaTest { value, _, _ in value.text != nil },
    "mapping": JinjaTest { value, _, _ in
      if case .dict = value { true } else { false }
    },
    "sequence": JinjaTest { value, _, _ in value.isSequence },
    "iterable": JinjaTest { value, _, interpreter in try interpreter.isIterable(value) },
    "callable": JinjaTest { value, _, _ in
      if case .object(let object) = value { object.isCallable } else { value.isUndefined }
    },
    "escaped": JinjaTest { value, _, _ in
      if case .markup = value { true } else { false }
    },
    "odd": JinjaTest { value, _, interpreter in try remainder(value, .int(2), is: 1, interpreter) },
    "even": JinjaTest { value, _, interpreter in try remainder(value, .int(2), is: 0, interpreter) },
    "divisibleby": JinjaTest("num") { try remainder($0, $1[0] ?? .none, is: 0, $2) },
    "lower": JinjaTest { value, _, interpreter in try interpreter.printed(value).isLowercase },
    "upper": JinjaTest { value, _, interpreter in try interpreter.printed(value).isUppercase },
    "sameas": JinjaTest("other") { value, arguments, _ in value.isSame(as: arguments[0] ?? .none) },
    "filter": JinjaTest { value, _, _ in JinjaFilter.named[value.text?.string ?? ""] != nil },
    "test": JinjaTest { value, _, _ in value.text.map { isKnown($0.string) } ?? false },
    "in": JinjaTest("seq") { try Comparison($2.budget).apply(.contained, $0, $1[0] ?? .none) },
    "==": .comparison(.equal), "eq": .comparison(.equal), "equalto": .comparison(.equal),
    "!=": .comparison(.notEqual), "ne": .comparison(.notEqual),
    ">": .comparison(.greater), "gt": .comparison(.greater), "greaterthan": .comparison(.greater),
    ">=": .comparison(.greaterOrEqual), "ge": .comparison(.greaterOrEqual),
    "<": .comparison(.less), "lt": .comparison(.less), "lessthan": .comparison(.less),
    "<=": .comparison(.lessOrEqual), "le": .comparison(.lessOrEqual),
  ]

  private static func isKnown(_ name: String) -> Bool { named[name] != nil }

  private static func remainder(
    _ value: JinjaValue, _ divisor: JinjaValue, is wanted: Int, _ interpreter: Interpreter
  ) throws -> Bool {
    let remainder = try Arithmetic(interpreter.budget).apply(.modulo, value, divisor)
    return try Comparison(interpreter.budget).areEqual(remainder, .int(wanted))
  }
}

extension JinjaValue {
  var isBool: Bool {
    if case .bool = self { true } else { false }
  }

  /// What has a length and elements by index or key.
  var isSequence: Bool {
    switch self {
    case .undefined, .string, .markup, .list, .tuple, .dict: true
    case .object(let object): object is PythonRange
    default: false
    }
  }

  /// Python's `is`.
  func isSame(as other: JinjaValue) -> Bool {
    switch (self, other) {
    case (.undefined(let a), .undefined(let b)): a === b
    case (.none, .none): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.list(let a), .list(let b)): a === b
    case (.tuple(let a), .tuple(let b)): a === b || (a.items.isEmpty && b.items.isEmpty)
    case (.dict(let a), .dict(let b)): a === b
    case (.object(let a), .object(let b)): a === b
    default: false
    }
  }
}

extension Interpreter {
  func isIterable(_ value: JinjaValue) throws -> Bool { try iterator(of: value, orNil: true) != nil }
}
