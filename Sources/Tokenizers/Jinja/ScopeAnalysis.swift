/// Which variables a frame hides although it has not written them yet.
///
/// Jinja decides at compile time where a name comes from. A frame (the template, a loop's pass, a macro) that writes a
/// name before it reads it takes the name for its own, and what lies inside the frame, a loop before the `set` say,
/// finds it undefined even where the caller gives it.
struct ScopeAnalysis {
  /// The hidden variables, by the number of the frame.
  private(set) var hidden: [[Int]]

  private enum Load {
    case given, outer, undefined
  }

  /// What is known of the names in a frame.
  private struct Symbols {
    let around: Set<Int>
    var loads: [Int: Load] = [:]
    var stores: Set<Int> = []

    /// All names that this frame or one around it has.
    var all: Set<Int> { around.union(loads.keys) }

    mutating func read(_ name: Int) {
      if loads[name] == nil, !around.contains(name) { loads[name] = .given }
    }

    mutating func write(_ name: Int) {
      stores.insert(name)
      if loads[name] == nil { loads[name] = around.contains(name) ? .outer : .undefined }
    }

    mutating func declare(_ name: Int) {
      stores.insert(name)
      loads[name] = .outer
    }

    /// Takes over what branches do, of which only one will run: a name that only they write comes from outside.
    mutating func merge(_ branches: [Symbols]) {
      let written = branches.reduce(Set<Int>()) { $0.union($1.stores) }.subtracting(stores)
      for branch in branches {
        loads.merge(branch.loads) { _, new in new }
        stores.formUnion(branch.stores)
      }
      for name in written { loads[name] = around.contains(name) ? .outer : .given }
    }
  }

  /// The frame of the template itself has the number 0.
  init(of body: [Statement], frameCount: Int) {
    hidden = Array(repeating: [], count: frameCount)
    analyze(body, frame: 0, Symbols(around: []))
  }

  private mutating func analyze(_ body: [Statement], frame: Int, _ symbols: Symbols) {
    var symbols = symbols
    visit(body, &symbols)
    hidden[frame] = symbols.loads.filter { $0.value == .undefined }.map(\.key).sorted()
    analyzeInner(body, symbols.all)
  }

  /// The statements of a frame, without the frames inside it.
  private func visit(_ body: [Statement], _ symbols: inout Symbols) {
    for statement in body { visit(statement.kind, &symbols) }
  }

  private func visit(_ statement: Statement.Kind, _ symbols: inout Symbols) {
    switch statement {
    case .output(let value): read(value, &symbols)
    case .condition(let branches, let otherwise): visit(branches, otherwise, &symbols)
    case .loop(let loop): read(loop.sequence, &symbols)
    case .set(let target, let value):
      read(value, &symbols)
      write(target, &symbols)
    case .setBlock(let target, _, _, _): write(target, &symbols)
    case .with(let values, _, _): for (_, value) in values { read(value, &symbols) }
    case .macro(let macro): symbols.write(macro.variable)
    case .callBlock(let call, _): read(call, &symbols)
    case .filterBlock(let filter, _, _): read(filter, &symbols)
    case .text, .breakLoop, .continueLoop, .generation, .block: break
    }
  }

  private func visit(
    _ branches: [(test: Expression, body: [Statement])], _ otherwise: [Statement], _ symbols: inout Symbols
  ) {
    guard let first = branches.first else { return }
    read(first.test, &symbols)
    var (then, others, last) = (symbols, symbols, symbols)
    visit(first.body, &then)
    for branch in branches.dropFirst() { visit([branch], [], &others) }
    visit(otherwise, &last)
    symbols.merge([then, others, last])
  }

  private func read(_ expression: Expression, _ symbols: inout Symbols) {
    expression.forEachVariable { symbols.read($0) }
  }

  private func write(_ target: Target, _ symbols: inout Symbols) {
    switch target {
    case .variable(let name): symbols.write(name)
    case .attribute(let name, _): symbols.read(name)
    case .tuple(let targets): for target in targets { write(target, &symbols) }
    }
  }

  private func declare(_ target: Target, _ symbols: inout Symbols) {
    switch target {
    case .variable(let name): symbols.declare(name)
    case .attribute: break
    case .tuple(let targets): for target in targets { declare(target, &symbols) }
    }
  }

  private mutating func analyzeInner(_ body: [Statement], _ around: Set<Int>) {
    for statement in body {
      switch statement.kind {
      case .condition(let branches, let otherwise):
        for branch in branches { analyzeInner(branch.body, around) }
        analyzeInner(otherwise, around)
      case .loop(let loop):
        var symbols = Symbols(around: around)
        if let variable = loop.loopVariable { symbols.declare(variable) }
        declare(loop.target, &symbols)
        analyze(loop.body, frame: loop.frame, symbols)
        analyze(loop.otherwise, frame: loop.elseFrame, Symbols(around: around))
      case .setBlock(_, _, let body, let frame), .generation(let body, let frame), .filterBlock(_, let body, let frame):
        analyze(body, frame: frame, Symbols(around: around))
      case .with(let values, let body, let frame):
        var symbols = Symbols(around: around)
        for (target, _) in values { declare(target, &symbols) }
        analyze(body, frame: frame, symbols)
      case .macro(let macro), .callBlock(_, let macro): analyze(macro, around)
      case .block(let body, let isScoped, let frame):
        analyze(body, frame: frame, Symbols(around: isScoped ? around : []))
      case .text, .output, .breakLoop, .continueLoop, .set: break
      }
    }
  }

  private mutating func analyze(_ macro: MacroDefinition, _ around: Set<Int>) {
    var symbols = Symbols(around: around)
    for parameter in macro.parameters { symbols.declare(parameter.variable) }
    for parameter in macro.parameters { if let fallback = parameter.fallback { read(fallback, &symbols) } }
    for special in macro.specialVariables { symbols.declare(special) }
    analyze(macro.body, frame: macro.frame, symbols)
  }
}

extension Expression {
  /// Calls `body` with each variable that the expression reads.
  func forEachVariable(_ body: (Int) -> Void) {
    if case .variable(let name) = self { return body(name) }
    for part in parts { part.forEachVariable(body) }
  }

  /// The expressions that this one is made of.
  private var parts: [Expression] {
    switch self {
    case .constant, .variable: []
    case .list(let items), .tuple(let items), .concatenation(let items): items
    case .dict(let entries): entries.flatMap { [$0.key, $0.value] }
    case .attribute(let owner, _), .negative(let owner), .positive(let owner), .not(let owner): [owner]
    case .item(let first, let second), .and(let first, let second), .or(let first, let second),
      .binary(_, let first, let second):
      [first, second]
    case .slice(let owner, let start, let stop, let step): [owner] + [start, stop, step].compactMap { $0 }
    case .call(let callee, let arguments): [callee] + arguments.expressions
    case .filter(let operand, _, let arguments): [operand].compactMap { $0 } + arguments.expressions
    case .test(let operand, _, let arguments): [operand] + arguments.expressions
    case .comparison(let first, let others): [first] + others.map(\.1)
    case .conditional(let test, let then, let otherwise): [test, then] + [otherwise].compactMap { $0 }
    }
  }
}

extension CallArguments {
  fileprivate var expressions: [Expression] {
    positional + named.map(\.value) + [list, dictionary].compactMap { $0 }
  }
}
