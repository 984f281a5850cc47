/// Loops.
extension Interpreter {
  func run(_ loop: ForLoop, _ scope: Scope) throws {
    let sequence = try evaluate(loop.sequence, scope)
    guard loop.isRecursive else { return try run(loop, over: sequence, scope, depth: 0) }
    // Jinja makes a function of a recursive loop: what it writes is a value first.
    try write(try captured { try run(loop, over: sequence, scope, depth: 0) })
  }

  private func run(_ loop: ForLoop, over sequence: JinjaValue, _ scope: Scope, depth: Int) throws {
    let context = LoopContext(try elements(of: sequence, loop, scope), length: length(sequence, loop), depth: depth)
    if loop.isRecursive {
      context.recurse = { [unowned self] inner in
        try nested { try captured { try run(loop, over: inner, scope, depth: depth + 1) } }
      }
    }
    // A closure that holds the context's own scope would keep both alive.
    defer { context.recurse = nil }
    // Jinja's quirk: a pass that is broken off does not count.
    var isEmpty = true
    while let item = try context.advance() {
      try budget.step()
      let inner = self.scope(in: scope, frame: loop.frame)
      if let number = loop.loopVariable { inner.set(number, .object(context)) }
      try assign(item, to: loop.target, inner)
      let flow = try execute(loop.body, inner)
      if flow == .breakLoop { break }
      if flow == .normal { isEmpty = false }
    }
    if isEmpty { try execute(loop.otherwise, self.scope(in: scope, frame: loop.elseFrame)) }
  }

  /// The length where it is known without going through.
  private func length(_ sequence: JinjaValue, _ loop: ForLoop) -> Int? {
    loop.condition == nil ? try? self.length(of: sequence) : nil
  }

  /// The elements that meet the loop's condition, which is looked at when an element's turn comes.
  private func elements(of sequence: JinjaValue, _ loop: ForLoop, _ scope: Scope) throws -> ValueIterator {
    guard let source = try iterator(of: sequence, orNil: true) else {
      throw JinjaError(.runtime, "'\(sequence.typeName)' object is not iterable")
    }
    guard let condition = loop.condition else { return source }
    return ValueIterator(nesting: source.nesting + 1) { [unowned self] in
      while let item = try source.next() {
        try budget.step()
        let inner = Scope(in: scope)
        try assign(item, to: loop.target, inner)
        if try evaluate(condition, inner).isTrue { return item }
      }
      return nil
    }
  }
}

/// The variable `loop`.
final class LoopContext: TemplateObject {
  private let source: ValueIterator
  private let depth: Int
  private var knownLength: Int?
  /// Elements that were read to look ahead.
  private var ahead: [JinjaValue] = []
  private var index = -1
  private var previous: JinjaValue?
  private var current: JinjaValue?
  private var lastSeen: JinjaValue?
  /// Runs the loop's body over the elements of another sequence, for recursive loops.
  var recurse: ((JinjaValue) throws -> PythonString)?

  init(_ source: ValueIterator, length: Int?, depth: Int) {
    self.source = source
    self.depth = depth
    knownLength = length
  }

  override var typeName: String { "LoopContext" }
  override var qualifiedTypeName: String { "jinja2.runtime.LoopContext" }
  override var nesting: Int { source.nesting + 1 }
  override var isCallable: Bool { true }
  override var isTrue: Bool { true }

  func advance() throws -> JinjaValue? {
    guard let item = ahead.isEmpty ? try source.next() : ahead.removeFirst() else { return nil }
    index += 1
    previous = current
    current = item
    return item
  }

  private func peek() throws -> JinjaValue? {
    if ahead.isEmpty, let item = try source.next() { ahead.append(item) }
    return ahead.first
  }

  private func length() throws -> Int {
    if let knownLength { return knownLength }
    while let item = try source.next() { ahead.append(item) }
    knownLength = index + 1 + ahead.count
    return index + 1 + ahead.count
  }

  override func attribute(_ name: String) throws -> JinjaValue? {
    switch name {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(try length() - index)
    case "revindex0": .int(try length() - index - 1)
    case "length": .int(try length())
    case "first": .bool(index == 0)
    case "last": .bool(try peek() == nil)
    case "previtem": index == 0 ? Undefined.hint("there is no previous item") : previous
    case "nextitem": try peek() ?? Undefined.hint("there is no next item")
    case "depth": .int(depth + 1)
    case "depth0": .int(depth)
    case "cycle": .object(Function("cycle", of: .object(self)) { [unowned self] in try cycle($0, $1) })
    case "changed": .object(Function("changed", of: .object(self)) { [unowned self] in try changed($0, $1) })
    default: nil
    }
  }

  private func cycle(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    guard !arguments.positional.isEmpty else { throw JinjaError(.runtime, "no items for cycling given") }
    return arguments.positional[index % arguments.positional.count]
  }

  private func changed(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    let value = JinjaValue.tuple(arguments.positional)
    if let lastSeen, try Comparison(interpreter.budget).areEqual(lastSeen, value) { return .bool(false) }
    lastSeen = value
    return .bool(true)
  }

  override func call(_ arguments: Arguments, _ interpreter: Interpreter) throws -> JinjaValue {
    guard let recurse else {
      throw JinjaError(.runtime, "The loop must have the 'recursive' marker to be called recursively.")
    }
    guard arguments.count == 1, let inner = arguments.positional.first ?? arguments.named("iterable") else {
      throw JinjaError(.runtime, "loop() takes one argument (\(arguments.count) given)")
    }
    let line = interpreter.line
    let text = try recurse(inner)
    interpreter.line = line
    return .string(text)
  }

  override func printed(_ printer: PythonPrinter) throws -> PythonString {
    PythonString("<LoopContext \(index + 1)/\(try length())>")
  }
}
