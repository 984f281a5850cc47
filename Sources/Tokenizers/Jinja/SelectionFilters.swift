/// Filters that go through elements by a test or another filter.
enum SelectionFilters {
  static let table: [String: JinjaFilter] = [
    "map": .variadic(map),
    "select": .variadic({ try choose($0, $1, $2, keeps: true, byAttribute: false) }),
    "reject": .variadic({ try choose($0, $1, $2, keeps: false, byAttribute: false) }),
    "selectattr": .variadic({ try choose($0, $1, $2, keeps: true, byAttribute: true) }),
    "rejectattr": .variadic({ try choose($0, $1, $2, keeps: false, byAttribute: true) }),
  ]

  @Sendable private static func map(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter
  ) throws -> JinjaValue {
    var given = arguments.all
    guard value.isTrue else { return .object(Generator(ValueIterator([]))) }
    if given.positional.isEmpty, let attribute = given.named("attribute") {
      if let unknown = given.named.first(where: { $0.name != "attribute" && $0.name != "default" }) {
        throw JinjaError(.runtime, "Unexpected keyword argument '\(unknown.name)'")
      }
      let fallback = given.named("default").flatMap { $0.isNone ? nil : $0 }
      let path = try AttributePath(attribute, interpreter, fallback: fallback)
      return try interpreter.generator(over: value) { try path.value(of: $0) }
    }
    guard let name = given.positional.first else { throw JinjaError(.runtime, "map requires a filter argument") }
    given.positional.removeFirst()
    let rest = given
    return try interpreter.generator(over: value) { [unowned interpreter] item in
      try interpreter.filter(named: try interpreter.printed(name).string, item, rest)
    }
  }

  private static func choose(
    _ value: JinjaValue, _ arguments: BoundArguments, _ interpreter: Interpreter, keeps: Bool, byAttribute: Bool
  ) throws -> JinjaValue {
    var given = arguments.all
    guard value.isTrue else { return .object(Generator(ValueIterator([]))) }
    var path: AttributePath?
    if byAttribute {
      guard !given.positional.isEmpty else { throw JinjaError(.runtime, "Missing parameter for attribute name") }
      path = try AttributePath(given.positional.removeFirst(), interpreter)
    }
    let name = given.positional.isEmpty ? nil : given.positional.removeFirst()
    let rest = given
    return try interpreter.generator(over: value) { [unowned interpreter] item in
      let subject = try path?.value(of: item) ?? item
      guard let name else { return subject.isTrue == keeps ? item : nil }
      let passes = try interpreter.test(named: try interpreter.printed(name).string, subject, rest)
      return passes == keeps ? item : nil
    }
  }
}
