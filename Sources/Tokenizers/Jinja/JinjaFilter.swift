/// A filter: what `value | name(arguments)` does.
///
/// To add one, add a line to the table of its kind: `TextFilters`, `SequenceFilters` or `ValueFilters`.
struct JinjaFilter {
  typealias Body = @Sendable (JinjaValue, BoundArguments, Interpreter) throws -> JinjaValue

  let signature: Signature
  let body: Body

  /// - Parameters:
  ///   - parameters: the names of Jinja's parameters, after the value.
  ///   - required: how many of them must be given.
  init(_ parameters: String..., required: Int = 0, body: @escaping Body) {
    signature = Signature(parameters, required: required)
    self.body = body
  }

  /// A filter that takes any arguments.
  static func variadic(_ body: @escaping Body) -> JinjaFilter { JinjaFilter(signature: .any, body: body) }

  private init(signature: Signature, body: @escaping Body) {
    self.signature = signature
    self.body = body
  }

  /// A filter of one text, which leaves what is marked as safe so.
  static func ofText(_ change: @escaping @Sendable (PythonString) -> PythonString) -> JinjaFilter {
    JinjaFilter { value, _, interpreter in
      let text = try interpreter.printed(value)
      try interpreter.budget.make(text.count)
      if case .markup = value { return .markup(change(text)) }
      return .string(change(text))
    }
  }

  static let named: [String: JinjaFilter] = TextFilters.table
    .merging(SequenceFilters.table) { first, _ in first }
    .merging(SelectionFilters.table) { first, _ in first }
    .merging(ValueFilters.table) { first, _ in first }
}
