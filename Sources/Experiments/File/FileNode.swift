import Foundations
import Yams

/// A value of an experiment file with where it stands: everything that is wrong with it is said in the file's terms.
struct FileNode {
  let node: Node
  let file: String
  /// The keys and, from 0, numbers of entries that lead to it.
  var path: [String] = []
  /// Of the key, where it has one.
  var line: Int?

  init(_ node: Node, file: String) {
    (self.node, self.file, line) = (node, file, node.mark?.line)
  }

  /// The text of a file; its mistakes as YAML are told with their line.
  init(parsing text: String, file: String) throws(TelltaleError) {
    let place = InputLocation(file: file)
    do {
      guard let node = try Yams.compose(yaml: text) else {
        throw TelltaleError(.badInput, "is empty; write keys with values, such as name: demo", at: place)
      }
      self.init(node, file: file)
    } catch let error as TelltaleError { throw error } catch {
      let (line, problem) =
        (error as? YamlError)?.place ?? (nil, "\(error)".split(separator: "\n").first.map(String.init))
      throw TelltaleError(
        .badInput, "is not valid YAML: \(problem ?? "it cannot be read")", at: InputLocation(file: file, line: line))
    }
  }

  /// What is wrong, with the place.
  func refuse(_ sentence: String) -> TelltaleError {
    let item = path.isEmpty ? nil : path.joined(separator: ".")
    return TelltaleError(.badInput, sentence, at: InputLocation(file: file, line: line, item: item))
  }

  /// The key that says what it is; of an entry of a list, the list's.
  var key: String { path.last { Int($0) == nil } ?? "the file" }

  /// The text of a scalar.
  var text: String? { node.scalar?.string }

  /// A whole number of 64 bits.
  var seed: UInt64? { node.int.flatMap { UInt64(exactly: $0) } ?? text.flatMap { UInt64($0) } }

  var isNothing: Bool { node.null != nil && node.scalar?.style == .plain }

  /// What it says, for a sentence.
  var shown: String {
    switch node {
    case .scalar(let scalar): "\"\(SafeText.quoted(String(scalar.string.prefix(60))))\""
    case .sequence: "a list"
    case .mapping, .alias: "keys with values"
    }
  }

  /// The entries of a list; nil where it is not one.
  var entries: [FileNode]? {
    node.sequence?.enumerated().map { step($0.element, "\($0.offset)", line: $0.element.mark?.line) }
  }

  /// The keys with their values; nil where it is no mapping.
  var members: [(key: String, value: FileNode)]? {
    node.mapping?.map { pair in
      let key = pair.key.string ?? ""
      return (key, step(pair.value, key, line: pair.key.mark?.line))
    }
  }

  private func step(_ node: Node, _ name: String, line: Int?) -> FileNode {
    var next = FileNode(node, file: file)
    (next.path, next.line) = (path + [name], line ?? self.line)
    return next
  }

  /// The value at a path, as far as it leads.
  func at(_ path: [String]) -> FileNode {
    guard let first = path.first else { return self }
    let next =
      members?.first { $0.key == first }?.value
      ?? Int(first).flatMap { index in
        entries.flatMap { $0.indices.contains(index) ? $0[index] : nil }
      }
    guard let next else {
      var missing = self
      missing.path += path
      return missing
    }
    return next.at(Array(path.dropFirst()))
  }
}

extension YamlError {
  /// The line of a mistake and what it is.
  fileprivate var place: (line: Int?, problem: String?) {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (mark.line, problem)
    case .duplicatedKeysInMapping(let names, let context):
      (context.mark.line, "the key \(names.map { "\"\(SafeText.quoted($0))\"" }.joined(separator: ", ")) stands twice")
    case .reader(let problem, _, _, _): (nil, problem)
    default: (nil, nil)
    }
  }
}
