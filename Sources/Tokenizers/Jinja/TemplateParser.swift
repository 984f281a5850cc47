/// Reads the tokens of a template as statements: the part that all of it needs.
struct TemplateParser {
  private let tokens: [TemplateToken]
  private var index = 0
  private(set) var names: [String] = []
  private var numbers: [String: Int] = [:]
  var sawGenerationBlock = false
  /// How many frames there are; the template itself is the first.
  private(set) var frameCount = 1

  /// How deeply what is being read is nested; a stranger's template must not overflow the stack.
  private var depth = 0
  /// The tags that are open, for messages.
  var openTags: [String] = []
  /// What the open blocks may end with, for messages.
  var endTags: [[String]] = []
  /// Loops around the present place within the same macro.
  var loopDepth = 0
  /// All loops around the present place.
  var outerLoops = 0
  /// Inside `if`, an unknown filter is an error only when it is used.
  var allowsUnknown = false
  /// The unknown filters and tests outside of conditions.
  var unknownNames: [JinjaError] = []
  /// The reads and writes of `caller`, `kwargs` and `varargs`, in their order.
  var specialUses: [(name: String, isRead: Bool)] = []

  private static let maximumDepth = 200

  init(_ tokens: [TemplateToken]) { self.tokens = tokens }

  var current: TemplateToken { tokens[index] }
  var next: TemplateToken { tokens[min(index + 1, tokens.count - 1)] }

  @discardableResult
  mutating func advance() -> TemplateToken {
    defer { if index < tokens.count - 1 { index += 1 } }
    return tokens[index]
  }

  func isSymbol(_ symbol: String) -> Bool { current.kind == .symbol(symbol) }

  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  mutating func skip(symbol: String) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  @discardableResult
  mutating func expect(_ kind: TemplateToken.Kind) throws -> TemplateToken {
    guard current.kind == kind else { throw unexpected(TemplateToken(kind: kind, line: 0).described) }
    return advance()
  }

  mutating func expectName() throws -> String {
    guard case .name(let name) = current.kind else { throw unexpected("name") }
    advance()
    return name
  }

  private func unexpected(_ expected: String) -> JinjaError {
    if case .end = current.kind { return fails("unexpected end of template, expected '\(expected)'.") }
    return fails("expected token '\(expected)', got '\(current.described)'")
  }

  func fails(_ message: String, line: Int? = nil) -> JinjaError {
    JinjaError(.syntax, message, line: line ?? current.line)
  }

  /// The number of a variable.
  mutating func variable(_ name: String) -> Int {
    if let number = numbers[name] { return number }
    numbers[name] = names.count
    names.append(name)
    return names.count - 1
  }

  /// The number of a variable that was named before.
  func number(of name: String) -> Int? { numbers[name] }

  mutating func newFrame() -> Int {
    frameCount += 1
    return frameCount - 1
  }

  mutating func read(_ name: String) -> Int {
    noteUse(of: name, isRead: true)
    return variable(name)
  }

  mutating func written(_ name: String) throws -> Int {
    if ["true", "false", "none", "True", "False", "None"].contains(name) { throw fails("can't assign to 'const'") }
    if name == "loop", outerLoops > 0 { throw fails("Can't assign to special loop variable in for-loop target") }
    noteUse(of: name, isRead: false)
    return variable(name)
  }

  /// Notes a filter or test that does not exist here.
  mutating func noteUnknown(_ kind: String, _ name: String, _ line: Int) {
    guard !allowsUnknown else { return }
    unknownNames.append(JinjaError(.unsupported, "the \(kind) '\(name)' is not known", line: line))
  }

  private mutating func noteUse(of name: String, isRead: Bool) {
    if name == "caller" || name == "kwargs" || name == "varargs" { specialUses.append((name, isRead)) }
  }

  /// Reads something that lies one level deeper.
  mutating func nested<Result>(_ read: (inout TemplateParser) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw JinjaError(.limit, "more than \(Self.maximumDepth) levels of nesting", line: current.line)
    }
    return try read(&self)
  }

  /// Counts a link of a chain such as `a + b + c`, which nests too; `unlink` takes the links back.
  mutating func link(_ links: inout Int) throws {
    links += 1
    depth += 1
    guard depth <= Self.maximumDepth else {
      throw JinjaError(.limit, "an expression with more than \(Self.maximumDepth) parts", line: current.line)
    }
  }

  mutating func unlink(_ links: Int) { depth -= links }
}
