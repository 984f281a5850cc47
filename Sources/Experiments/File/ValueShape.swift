import Foundation
import Foundations

/// What a key of an experiment file may hold. Its check, its sentences and its JSON Schema (draft 2020-12) are one thing.
indirect enum ValueShape: Sendable {
  case text
  /// A text of a form: the schema's pattern, and why a text is none; nil for one that is.
  case form(pattern: String, problem: @Sendable (String) -> String?)
  /// One of some names, or of what earlier versions called them; `numbered` is a name that stands before a number, as in
  /// `turn:1`.
  case choice([String], former: [String] = [], numbered: String? = nil)
  /// The name of something that the file has elsewhere: a data set or a vector.
  case name(of: String)
  case whole(from: Int, to: Int? = nil)
  /// A whole number of 64 bits.
  case seed
  /// Between two numbers, both of which are too much.
  case number(above: Double? = nil, below: Double? = nil)
  case flag
  case list(ValueShape, atLeast: Int = 0)
  /// By names of the writer's own.
  case map(ValueShape, names: ValueShape)
  case section([KeyShape])

  /// Names that tables and files bear.
  static let newName = ValueShape.form(pattern: "^[A-Za-z0-9_-]{1,80}$") { name in
    let isName = name.range(of: "^[A-Za-z0-9_-]{1,80}$", options: .regularExpression) == name.startIndex..<name.endIndex
    return isName ? nil : "\"\(SafeText.quoted(name))\" is no name for files; use letters, digits and -"
  }
}

/// A key of a section, as the check, the schema and the table of all keys show it.
struct KeyShape: Sendable {
  var name: String
  var about: String
  var shape: ValueShape
  var isRequired: Bool
  var former: String?
  var byDefault: (any Encodable & Sendable)?
}

// MARK: The check

extension ValueShape {
  /// Refuses a value of another shape.
  ///
  /// - Parameter known: the names of data sets and vectors, as far as they are known yet.
  func check(_ node: FileNode, _ known: [String: [String]]) throws(TelltaleError) {
    switch self {
    case .text: if node.text == nil { throw wrong(node, "a text") }
    case .form(_, let problem):
      guard let text = node.text else { throw wrong(node, "a text") }
      if let problem = problem(text) { throw node.refuse(problem) }
    case .choice(let names, let former, let numbered):
      let choices = names + (numbered.map { ["\($0):1"] } ?? [])
      guard let text = node.text else { throw wrong(node, "one of \(choices.joined(separator: ", "))") }
      if !names.contains(text), !former.contains(text), !Self.isNumbered(text, numbered) {
        throw node.refuse("\(node.key) \(node.shown) is unknown; \(hint(text, choices))")
      }
    case .name(let kind):
      guard let text = node.text else { throw wrong(node, "the name of a \(kind)") }
      if let names = known[kind], !names.contains(text) {
        throw node.refuse("there is no \(kind) \(node.shown); there are \(names.prefix(20).joined(separator: ", "))")
      }
    case .whole(let least, let most):
      guard let number = node.node.int else { throw wrong(node, "a whole number") }
      if number < least { throw node.refuse("\(node.key) must be at least \(least), not \(number)") }
      if let most, number > most { throw node.refuse("\(node.key) must be at most \(most), not \(number)") }
    case .seed: if node.seed == nil { throw wrong(node, "a whole number from 0 to \(UInt64.max)") }
    case .number(let least, let most):
      guard let number = node.node.float else { throw wrong(node, "a number") }
      if let least, let most, !(number > least && number < most) {
        throw node.refuse("\(node.key) must be between \(least.shortest) and \(most.shortest), not \(number.shortest)")
      }
    case .flag: if node.node.bool == nil { throw wrong(node, "true or false") }
    case .list(let item, let least):
      guard let entries = node.entries else { throw wrong(node, "a list, such as [a, b]") }
      if entries.count < least {
        throw node.refuse("\(node.key) has \(entries.count) entries; at least \(least) are meant")
      }
      for entry in entries { try item.check(entry, known) }
    case .map(let value, let names):
      guard let members = node.members else { throw wrong(node, "names with values") }
      for (name, member) in members {
        if case .form(_, let problem) = names, let problem = problem(name) { throw member.refuse(problem) }
        try value.check(member, known)
      }
    case .section(let keys): try check(node, keys, known)
    }
  }

  private func check(_ node: FileNode, _ keys: [KeyShape], _ known: [String: [String]]) throws(TelltaleError) {
    guard let members = node.members else { throw wrong(node, "keys with values, such as {\(keys[0].name): ...}") }
    for (name, member) in members {
      guard let key = keys.first(where: { $0.name == name || $0.former == name }) else {
        throw member.refuse("the key \"\(SafeText.quoted(name))\" is unknown; \(hint(name, keys.map(\.name)))")
      }
      if !member.isNothing { try key.shape.check(member, known) }
    }
    for key in keys
    where key.isRequired
      && !members.contains(where: { [key.name, key.former].contains($0.key) && !$0.value.isNothing })
    {
      throw node.refuse("the key \"\(key.name)\" is missing")
    }
  }

  /// Whether the text is the name and a whole number from 1 to 1,000.
  private static func isNumbered(_ text: String, _ name: String?) -> Bool {
    guard let name, text.hasPrefix("\(name):") else { return false }
    let number = text.dropFirst(name.count + 1)
    return Int(number).map { (1...1_000).contains($0) && number == "\($0)" } ?? false
  }

  private func wrong(_ node: FileNode, _ meant: String) -> TelltaleError {
    node.refuse("\(node.key) must be \(meant), not \(node.shown)")
  }

  private func hint(_ given: String, _ known: [String]) -> String {
    nearest(given, among: known).map { "did you mean \"\($0)\"?" } ?? "known are \(known.joined(separator: ", "))"
  }
}

extension Double {
  fileprivate var shortest: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
