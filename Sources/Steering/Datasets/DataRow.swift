/// One JSON object of a data file, and where it stands, so that every complaint names the place.
package struct DataRow: Sendable {
  package let file: InputFile
  /// Counted from 0.
  package let row: Int
  package let line: Int
  private let members: [JSONMember]

  /// The objects of a file: the elements of its one list, or else one to a line.
  package static func rows(in file: InputFile) throws(SteeringError) -> [DataRow] {
    let isList = file.bytes.first { $0 > 0x20 } == UInt8(ascii: "[")
    let nodes = try isList ? elements(of: file) : linesOfJSON(in: file)
    var rows: [DataRow] = []
    rows.reserveCapacity(nodes.count)
    for (row, node) in nodes.enumerated() {
      guard case .object(let members) = node.value else {
        throw file.error("the row is \(node.kind) and should be an object", line: node.line, item: "row \(row)")
      }
      rows.append(DataRow(file: file, row: row, line: node.line, members: members))
    }
    return rows
  }

  private static func elements(of file: InputFile) throws(SteeringError) -> [JSONNode] {
    let document = try JSONParser.parse(file)
    guard case .array(let nodes) = document.value else { return [document] }
    return nodes
  }

  private static func linesOfJSON(in file: InputFile) throws(SteeringError) -> [JSONNode] {
    var nodes: [JSONNode] = []
    for (index, range) in file.lines.enumerated() where file.bytes[range].contains(where: { $0 > 0x20 }) {
      guard range.count <= InputFile.maximumLineBytes else {
        let message = "the line is longer than \(InputFile.maximumLineBytes) bytes; put one JSON object on each line"
        throw file.error(message, line: index + 1)
      }
      nodes.append(try JSONParser.parse(file, range: range, line: index + 1))
    }
    return nodes
  }

  package func error(_ message: String, line: Int? = nil) -> SteeringError {
    file.error(message, line: line ?? self.line, item: "row \(row)")
  }

  package func has(_ key: String) -> Bool { members.contains { $0.key == key } }

  /// The value of `key`; the last one counts when it is repeated, as in most JSON readers.
  package func node(_ key: String) throws(SteeringError) -> JSONNode {
    guard let node = members.last(where: { $0.key == key })?.node else {
      throw error("the row has no field \"\(key)\"; add it")
    }
    return node
  }

  /// A text that is not blank.
  package func string(_ key: String) throws(SteeringError) -> String {
    let node = try node(key)
    guard case .string(let text) = node.value else { throw wrongType(key, node, expected: "a string") }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw error("the field \"\(key)\" is blank; fill it in or remove the row", line: node.line)
    }
    return text
  }

  /// A text, or nil when the field is absent, null or blank.
  package func optionalString(_ key: String) throws(SteeringError) -> String? {
    guard has(key), try node(key).value != .null else { return nil }
    return try string(key)
  }

  /// A text, or a list of at least one text.
  package func strings(_ key: String) throws(SteeringError) -> [String] {
    let node = try node(key)
    guard case .array(let elements) = node.value else {
      guard case .string = node.value else { throw wrongType(key, node, expected: "a string or a list of strings") }
      return [try string(key)]
    }
    let texts = elements.compactMap { if case .string(let text) = $0.value { text } else { nil } }
    guard texts.count == elements.count, !texts.isEmpty, !texts.contains("") else {
      throw error("the field \"\(key)\" should be a list of one or more strings", line: node.line)
    }
    return texts
  }

  /// An object of choices to 0 or 1, in the order of the file.
  package func targets(_ key: String) throws(SteeringError) -> [References.Target] {
    let node = try node(key)
    guard case .object(let members) = node.value else { throw wrongType(key, node, expected: "an object") }
    var targets: [References.Target] = []
    for member in members {
      guard case .number(let value) = member.node.value, value == 0 || value == 1 else {
        throw error("in \"\(key)\" the value of \"\(member.key)\" should be 0 or 1", line: member.node.line)
      }
      targets.append(.init(text: member.key, isTrue: value == 1))
    }
    return targets
  }

  private func wrongType(_ key: String, _ node: JSONNode, expected: String) -> SteeringError {
    error("the field \"\(key)\" is \(node.kind) and should be \(expected)", line: node.line)
  }
}
