import Foundations

/// Reads the part of Python's regular expressions that patterns of modules use: literals, classes, groups, alternatives,
/// repetitions and the two ends; what else there is, is refused by name.
struct ModuleExpressionParser {
  typealias Node = ModuleExpression.Node
  typealias Failure = ModuleExpression.Failure

  private static let deepest = 32
  private static let mostTimes = 1000
  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private mutating func take() throws(Failure) -> Unicode.Scalar {
    guard let next else { throw Failure(message: "ends too early for a regular expression") }
    place += 1
    return next
  }

  private mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    place += 1
    return true
  }

  mutating func expression() throws(Failure) -> Node {
    let node = try alternatives()
    guard next == nil else { throw Failure(message: "closes a group that it did not open") }
    return node
  }

  private mutating func alternatives() throws(Failure) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepest else { throw Failure(message: "is nested too deeply") }
    var branches = [try sequence()]
    while takes("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .either(branches)
  }

  private mutating func sequence() throws(Failure) -> Node {
    var nodes: [Node] = []
    while let next, next != "|", next != ")" { nodes.append(try repeated(try atom())) }
    return .sequence(nodes)
  }

  private mutating func atom() throws(Failure) -> Node {
    switch try take() {
    case ".": return .scalar { $0 != "\n" }
    case "^": return .start
    case "$": return .end
    case "(": return try group()
    case "[": return .scalar(try set())
    case "\\": return try escape()
    case "*", "+", "?": throw Failure(message: "repeats nothing")
    case let scalar: return .scalar { $0 == scalar }
    }
  }

  private mutating func group() throws(Failure) -> Node {
    if takes("?"), !takes(":") { throw Failure(message: "uses a group of the kind (?...), which is not supported") }
    let node = try alternatives()
    guard takes(")") else { throw Failure(message: "does not close a group") }
    return node
  }

  private mutating func escape() throws(Failure) -> Node {
    let scalar = try take()
    if let members = Self.kind(scalar) { return .scalar(members) }
    if scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
      throw Failure(message: "uses \\\(scalar), which is not supported")
    }
    return .scalar { $0 == scalar }
  }

  private static func kind(_ scalar: Unicode.Scalar) -> ((Unicode.Scalar) -> Bool)? {
    let digit: (Unicode.Scalar) -> Bool = { $0.properties.generalCategory == .decimalNumber }
    let word: (Unicode.Scalar) -> Bool = { $0 == "_" || $0.properties.isAlphabetic || $0.properties.numericType != nil }
    let space: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
    switch scalar {
    case "d": return digit
    case "D": return { !digit($0) }
    case "w": return word
    case "W": return { !word($0) }
    case "s": return space
    case "S": return { !space($0) }
    default: return nil
    }
  }

  private mutating func set() throws(Failure) -> (Unicode.Scalar) -> Bool {
    let isNegated = takes("^")
    var members: [(Unicode.Scalar) -> Bool] = []
    var isFirst = true
    while isFirst || next != "]" {
      isFirst = false
      members.append(try member())
    }
    place += 1
    return { scalar in members.contains { $0(scalar) } != isNegated }
  }

  private mutating func member() throws(Failure) -> (Unicode.Scalar) -> Bool {
    let low = try take()
    if low == "\\" {
      let escaped = try take()
      return Self.kind(escaped) ?? { $0 == escaped }
    }
    guard next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else { return { $0 == low } }
    place += 1
    let high = try take()
    guard high != "\\", low <= high else { throw Failure(message: "has a range whose end is before its beginning") }
    return { (low...high).contains($0) }
  }

  private mutating func repeated(_ node: Node) throws(Failure) -> Node {
    guard let counts = takenCounts() else { return node }
    // Whether it takes few or many first does not change whether the whole name matches.
    _ = takes("?")
    if let next, "*+?{".unicodeScalars.contains(next) { throw Failure(message: "repeats a repetition") }
    return .times(node, counts)
  }

  private mutating func takenCounts() -> ClosedRange<Int>? {
    if takes("*") { return 0...Self.mostTimes }
    if takes("+") { return 1...Self.mostTimes }
    if takes("?") { return 0...1 }
    return next == "{" ? braces() : nil
  }

  /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; nil, and nothing taken, where the brace stands for itself.
  private mutating func braces() -> ClosedRange<Int>? {
    guard let end = scalars[place...].firstIndex(of: "}") else { return nil }
    let text = String(String.UnicodeScalarView(scalars[(place + 1)..<end]))
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= 2, text.utf8.count < 12, text != "", text != "," else { return nil }
    guard let low = parts[0].isEmpty ? 0 : Int(parts[0]) else { return nil }
    guard let high = parts.count == 1 ? low : parts[1].isEmpty ? Self.mostTimes : Int(parts[1]) else { return nil }
    guard low >= 0, low <= high, high <= Self.mostTimes else { return nil }
    place = end + 1
    return low...high
  }
}
