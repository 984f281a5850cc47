/// Runs a template once.
final class Interpreter {
  let template: JinjaTemplate
  let budget: Budget
  /// What `strftime_now` reads; nil where nobody has said what time it is.
  let date: TemplateDate?
  /// What the caller gives, and the functions that templates may call.
  let root: Scope
  /// The variables of the template itself.
  let topScope: Scope

  /// What was written since the innermost capture began.
  private(set) var output: [Unicode.Scalar] = []
  /// How many captures are open: the text of a macro, of a set or a filter block is a value first.
  private(set) var captures = 0
  /// Where in the output the generation blocks are, in characters.
  private(set) var generationRanges: [Range<Int>] = []
  /// The line of the statement that runs.
  var line = 1

  private var depth = 0
  /// What could point at itself, to be let go at the end.
  private var namespaces: [Namespace] = []
  private var macros: [Macro] = []

  init(_ template: JinjaTemplate, date: TemplateDate?) {
    self.template = template
    self.date = date
    budget = Budget(template.limits)
    root = Scope(variableCount: template.names.count)
    topScope = Scope(variableCount: template.names.count, in: root)
  }

  /// The text of the template with these variables.
  func run(_ variables: [(name: String, value: JinjaValue)]) throws(JinjaError) -> PythonString {
    defer { release() }
    do {
      setGlobals()
      let numbers = Dictionary(uniqueKeysWithValues: template.names.enumerated().map { ($1, $0) })
      for (name, value) in variables {
        if let number = numbers[name] { root.set(number, value) }
      }
      hide(0, topScope)
      try execute(template.body, topScope)
      return PythonString(output)
    } catch let error as JinjaError {
      throw error.at(line)
    } catch {
      throw JinjaError(.runtime, "\(error)", line: line)
    }
  }

  private func setGlobals() {
    for (number, name) in template.names.enumerated() {
      if let function = Globals.function(named: name) { root.set(number, function) }
    }
  }

  /// A scope for a frame inside another.
  func scope(in parent: Scope, frame: Int) -> Scope {
    let scope = Scope(in: parent)
    hide(frame, scope)
    return scope
  }

  private func hide(_ frame: Int, _ scope: Scope) {
    for number in template.hidden[frame] { scope.set(number, Undefined.name(template.names[number])) }
  }

  func keep(_ namespace: Namespace) { namespaces.append(namespace) }

  func keep(_ macro: Macro) { macros.append(macro) }

  private func release() {
    for namespace in namespaces { namespace.clear() }
    for macro in macros { macro.release() }
  }

  /// Does something one level deeper.
  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= budget.limits.depth else {
      throw JinjaError(.limit, "more than \(budget.limits.depth) levels of macros, statements and expressions")
    }
    return try body()
  }

  /// Writes to the output.
  func write(_ text: PythonString) throws {
    try budget.make(text.count)
    output.append(contentsOf: text.scalars)
  }

  /// What is written while `body` runs.
  func captured(_ body: () throws -> Void) throws -> PythonString {
    let outer = output
    output = []
    captures += 1
    defer {
      output = outer
      captures -= 1
    }
    try body()
    return PythonString(output)
  }

  func noteGeneration(length: Int) {
    guard captures == 0 else { return }
    generationRanges.append(output.count..<output.count + length)
  }
}
