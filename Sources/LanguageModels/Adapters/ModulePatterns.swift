import Foundations

/// Values for modules whose names match a pattern, in the order of the file: the first that matches counts, as in PEFT
/// (`get_pattern_key`). A pattern is a regular expression of Python's for the whole name or its end from a dot on.
public struct ModulePatterns<Value: Sendable & Equatable>: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  struct Entry: Sendable, Equatable {
    var key: String
    var value: Value
  }

  private(set) var entries: [Entry] = []

  public init() {}

  public init(dictionaryLiteral elements: (String, Value)...) {
    for (key, value) in elements { set(key, value) }
  }

  /// A key that is there already keeps its place, as in a dictionary of Python's.
  mutating func set(_ key: String, _ value: Value) {
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index].value = value
    } else {
      entries.append(Entry(key: key, value: value))
    }
  }

  var keys: [String] { entries.map(\.key) }
  var values: [Value] { entries.map(\.value) }

  /// The value of the first pattern that matches a module's name.
  func value(for name: String) -> Value? { entries.first { Self.matches($0.key, name) }?.value }

  /// The patterns that match none of the names.
  func unmatched(_ names: [String]) -> [String] {
    keys.filter { key in !names.contains { Self.matches(key, $0) } }
  }

  private static func matches(_ key: String, _ name: String) -> Bool {
    guard let pattern = try? ModuleExpression(key) else { return false }
    return pattern.matches(name)
  }

  /// Refuses patterns that are no regular expressions, or use more of them than is read here.
  func check(_ name: String) throws(TelltaleError) {
    for key in keys {
      do throws(ModuleExpression.Failure) { _ = try ModuleExpression(key) } catch {
        throw TelltaleError(
          .badInput, "\"\(SafeText.quoted(key))\" in \(name) \(error.message); name the modules instead")
      }
    }
  }
}

/// A regular expression of a file, matched with a bounded number of steps: what makes Python's run for years only fails to
/// match here.
struct ModuleExpression {
  struct Failure: Error { let message: String }

  indirect enum Node {
    case scalar((Unicode.Scalar) -> Bool)
    case start
    case end
    case sequence([Node])
    case either([Node])
    case times(Node, ClosedRange<Int>)
  }

  private static let longest = 1024
  private static let steps = 200_000
  private let root: Node

  init(_ pattern: String) throws(Failure) {
    guard pattern.utf8.count <= Self.longest else { throw Failure(message: "is too long") }
    var parser = ModuleExpressionParser(pattern)
    root = try parser.expression()
  }

  /// Whether the name, or its end from a dot on, matches: `(.*\.)?(pattern)$` from the beginning.
  func matches(_ name: String) -> Bool {
    let scalars = Array(name.unicodeScalars)
    let starts = [0] + scalars.indices.filter { scalars[$0] == "." }.map { $0 + 1 }
    var budget = Self.steps
    return starts.contains { start in
      Self.match(root, scalars, start, &budget) { place, _ in place == scalars.count }
    }
  }

  private typealias Rest = (Int, inout Int) -> Bool

  private static func match(_ node: Node, _ text: [Unicode.Scalar], _ place: Int, _ budget: inout Int, _ rest: Rest)
    -> Bool
  {
    budget -= 1
    guard budget > 0 else { return false }
    switch node {
    case .scalar(let belongs): return place < text.count && belongs(text[place]) && rest(place + 1, &budget)
    case .start: return place == 0 && rest(place, &budget)
    case .end: return place == text.count && rest(place, &budget)
    case .sequence(let nodes): return match(nodes[...], text, place, &budget, rest)
    case .either(let nodes): return nodes.contains { match($0, text, place, &budget, rest) }
    case .times(let node, let counts): return match(node, counts, 0, text, place, &budget, rest)
    }
  }

  private static func match(
    _ nodes: ArraySlice<Node>, _ text: [Unicode.Scalar], _ place: Int, _ budget: inout Int, _ rest: Rest
  ) -> Bool {
    guard let first = nodes.first else { return rest(place, &budget) }
    return match(first, text, place, &budget) { match(nodes.dropFirst(), text, $0, &$1, rest) }
  }

  private static func match(
    _ node: Node, _ counts: ClosedRange<Int>, _ done: Int, _ text: [Unicode.Scalar], _ place: Int,
    _ budget: inout Int, _ rest: Rest
  ) -> Bool {
    if done < counts.upperBound {
      let more = match(node, text, place, &budget) { next, budget in
        // A repetition that takes nothing would go on for ever.
        (next > place || done < counts.lowerBound)
          && match(node, counts, done + 1, text, next, &budget, rest)
      }
      if more { return true }
    }
    return done >= counts.lowerBound && rest(place, &budget)
  }
}
