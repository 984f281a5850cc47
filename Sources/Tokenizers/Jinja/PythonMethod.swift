/// A method that Python has on a string, a list or another built-in type.
///
/// To add one, add a line to the table of its type in `StringMethods` or `ContainerMethods`.
struct PythonMethod {
  typealias Body = @Sendable (JinjaValue, BoundArguments, Interpreter) throws -> JinjaValue

  let signature: Signature
  private let body: Body

  /// - Parameters:
  ///   - parameters: the names by which arguments may be given; "" for what can be given by place only.
  ///   - required: how many must be given.
  init(_ parameters: String..., required: Int = 0, body: @escaping Body) {
    signature = Signature(parameters, required: required)
    self.body = body
  }

  static func variadic(_ body: @escaping Body) -> PythonMethod { PythonMethod(signature: .any, body: body) }

  private init(signature: Signature, body: @escaping Body) {
    self.signature = signature
    self.body = body
  }

  func call(
    _ name: String, on value: JinjaValue, _ arguments: Arguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    guard case .markup = value, !Self.plainOfMarkup.contains(name) else {
      return try body(value, try arguments.bound(to: signature, of: name), interpreter)
    }
    let escaped = try Self.escaped(arguments, of: name, interpreter)
    return try body(value, try escaped.bound(to: signature, of: name), interpreter).asMarkup
  }

  /// What markupsafe escapes before it goes into safe text.
  private static func escaped(
    _ arguments: Arguments, of name: String, _ interpreter: Interpreter
  ) throws -> Arguments {
    func escaped(_ value: JinjaValue) throws -> JinjaValue { .string(try Markup.escaped(value, interpreter)) }
    var arguments = arguments
    switch name {
    case "replace", "ljust", "rjust", "center":
      if arguments.positional.count > 1 { arguments.positional[1] = try escaped(arguments.positional[1]) }
    case "join":
      guard let items = arguments.positional.first else { break }
      arguments.positional[0] = .list(try interpreter.elements(of: items).map(escaped))
    case "format", "format_map":
      throw JinjaError(.unsupported, "formatting text that is marked as safe is not supported")
    default: break
    }
    return arguments
  }

  /// Methods that markupsafe leaves to `str`.
  private static let plainOfMarkup: Set<String> = [
    "count", "find", "rfind", "index", "rindex", "startswith", "endswith", "isalpha", "isdigit", "isspace",
  ]

  static func find(_ name: String, of value: JinjaValue) -> PythonMethod? {
    switch value {
    case .string, .markup: strings[name]
    case .list: ContainerMethods.lists[name]
    case .tuple: ContainerMethods.tuples[name]
    case .dict: ContainerMethods.dicts[name]
    case .float: ContainerMethods.floats[name]
    default: nil
    }
  }

  static let strings = StringMethods.table.merging(StringMethods.questions) { first, _ in first }

  /// Attributes that every Python object has and Jinja's sandbox hides.
  static let internals: Set<String> = [
    "__class__", "__dict__", "__doc__", "__init__", "__new__", "__repr__", "__str__", "__len__", "__getitem__",
    "__iter__", "__contains__", "__eq__", "__hash__", "__dir__", "__format__", "__getattribute__", "__reduce__",
    "__sizeof__", "__subclasshook__", "__setattr__", "__delattr__", "__module__", "__globals__", "__mro__",
  ]

  private static let listChanges: Set<String> = [
    "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove",
  ]
  private static let dictChanges: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]

  /// Whether a method would change a list or a dictionary, which Jinja's sandbox does not let happen.
  static func changes(_ name: String, _ owner: JinjaValue) -> Bool {
    switch owner {
    case .list: listChanges.contains(name)
    case .dict: dictChanges.contains(name)
    default: false
    }
  }

  /// Methods that Python has and that are not supported here.
  static func isUnsupported(_ name: String, _ owner: JinjaValue) -> Bool {
    switch owner {
    case .string, .markup: ["encode", "maketrans", "translate"].contains(name)
    case .dict: name == "fromkeys"
    case .int, .bool:
      ["bit_length", "to_bytes", "from_bytes", "real", "imag", "numerator", "denominator"].contains(name)
    default: false
    }
  }
}

extension JinjaValue {
  /// Texts as safe ones.
  fileprivate var asMarkup: JinjaValue {
    switch self {
    case .string(let text): .markup(text)
    case .list(let list): .list(list.items.map(\.asMarkup))
    case .tuple(let tuple): .tuple(tuple.items.map(\.asMarkup))
    default: self
    }
  }
}
