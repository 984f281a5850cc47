/// What a template can have other than plain data: namespaces, macros, ranges, iterators, methods taken as values.
package class TemplateObject {
  /// Python's name of the type.
  var typeName: String { "object" }
  /// The name with its module, as Jinja's messages have it.
  var qualifiedTypeName: String { typeName }
  /// How many containers lie inside one another, this one included.
  var nesting: Int { 1 }
  /// Python's `len`, nil where it has none.
  var count: Int? { nil }
  var isTrue: Bool { count.map { $0 > 0 } ?? true }
  var isCallable: Bool { false }
  /// How Python prints it.
  func printed(_ printer: PythonPrinter) throws -> PythonString { PythonString("<\(qualifiedTypeName) object>") }

  func attribute(_ name: String) throws -> JinjaValue? { nil }

  /// An element, nil where there is none.
  func item(_ key: JinjaValue) throws -> JinjaValue? { nil }

  /// A new pass over the elements, nil for what cannot be iterated.
  func iterator() -> ValueIterator? { nil }

  func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    throw JinjaError(.runtime, "'\(typeName)' object is not callable")
  }
}

/// Gives values one at a time; a pass that has ended stays so.
final class ValueIterator {
  private var produce: (() throws -> JinjaValue?)?
  /// How deeply passes over passes are stacked.
  let nesting: Int

  init(nesting: Int = 1, _ produce: @escaping () throws -> JinjaValue?) {
    self.produce = produce
    self.nesting = nesting
  }

  convenience init(_ items: [JinjaValue]) {
    var index = 0
    self.init(nesting: JinjaValue.nesting(around: items)) {
      guard index < items.count else { return nil }
      index += 1
      return items[index - 1]
    }
  }

  func next() throws -> JinjaValue? {
    guard let produce else { return nil }
    if let value = try produce() { return value }
    self.produce = nil
    return nil
  }
}

/// What filters such as `map` and `select` give: it can be gone through once.
final class Generator: TemplateObject {
  private let source: ValueIterator

  init(_ source: ValueIterator) { self.source = source }

  override var typeName: String { "generator" }
  override var nesting: Int { source.nesting + 1 }
  override func iterator() -> ValueIterator? { source }
}

/// `range(start, stop, step)`.
final class PythonRange: TemplateObject {
  let start: Int
  let stop: Int
  let step: Int
  private let length: Int

  init(start: Int, stop: Int, step: Int) throws {
    self.start = start
    self.stop = stop
    self.step = step
    let span = step > 0 ? stop.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(stop)
    guard !span.overflow, step != .min else { throw JinjaError(.runtime, "the range is too large") }
    length = span.partialValue <= 0 ? 0 : (span.partialValue - 1) / abs(step) + 1
    guard length <= 100_000 else {
      throw JinjaError(
        .runtime, "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).")
    }
  }

  override var typeName: String { "range" }
  override var count: Int? { length }
  var items: [JinjaValue] { (0..<length).map { .int(start + $0 * step) } }

  override func item(_ key: JinjaValue) -> JinjaValue? {
    guard let index = key.integer else { return nil }
    let place = index < 0 ? index + length : index
    return (0..<length).contains(place) ? .int(start + place * step) : nil
  }

  override func iterator() -> ValueIterator? { ValueIterator(items) }

  override func printed(_ printer: PythonPrinter) -> PythonString {
    PythonString("range(\(start), \(stop)\(step == 1 ? "" : ", \(step)"))")
  }
}

/// What `dict.keys()`, `values()` and `items()` give.
final class DictView: TemplateObject {
  enum Part: String {
    case keys, values, items
  }

  let part: Part
  let dict: PythonDict

  init(_ part: Part, of dict: PythonDict) {
    self.part = part
    self.dict = dict
  }

  override var typeName: String { "dict_" + part.rawValue }
  override var nesting: Int { dict.nesting + 2 }
  override var count: Int? { dict.count }

  var items: [JinjaValue] {
    switch part {
    case .keys: dict.keys
    case .values: dict.values
    case .items: zip(dict.keys, dict.values).map { .tuple([$0, $1]) }
    }
  }

  override func iterator() -> ValueIterator? { ValueIterator(items) }

  override func printed(_ printer: PythonPrinter) throws -> PythonString {
    try "\(typeName)(" + printer.representation(.list(items)) + ")"
  }
}

/// A method that was taken from its value without being called, or a function of the environment.
final class Function: TemplateObject {
  typealias Body = (Arguments, Interpreter) throws -> JinjaValue

  private let name: String
  private let owner: JinjaValue
  private let body: Body

  init(_ name: String, of owner: JinjaValue = .none, _ body: @escaping Body) {
    self.name = name
    self.owner = owner
    self.body = body
  }

  override var typeName: String { owner.isNone ? "function" : "builtin_function_or_method" }
  override var nesting: Int { owner.nesting + 1 }
  override var isCallable: Bool { true }
  override func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    try body(arguments, interpreter)
  }
}
