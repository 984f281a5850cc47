import Foundations
import Tokenizers

/// One JSON object of a data file, and where it stands, so that every complaint names the place.
package struct DataRow: Sendable {
  package let file: InputFile
  /// Counted from 0.
  package let row: Int
  private let value: JSONValue
  /// The line of a table's row; nil for JSON, whose values know where they stand.
  private var line: Int?

  /// The objects of a file: the elements of its one list, or else one to a line.
  package static func rows(in file: InputFile) throws(TelltaleError) -> [DataRow] {
    let isList = file.bytes.first { $0 > 0x20 } == UInt8(ascii: "[")
    let values = try isList ? elements(of: file) : linesOfJSON(in: file)
    var rows: [DataRow] = []
    rows.reserveCapacity(values.count)
    for (row, value) in values.enumerated() {
      let data = DataRow(file: file, row: row, value: value)
      guard value.object != nil else { throw data.error("the row is \(value.kind) and should be an object") }
      rows.append(data)
    }
    return rows
  }

  /// The rows of a table as objects of texts; empty fields are left out.
  package static func rows(of table: CSVTable, in file: InputFile) -> [DataRow] {
    table.rows.enumerated().map { row, fields in
      let members = zip(table.header, fields.fields).filter { !$0.1.isEmpty }.map { name, field in
        JSONMember(key: UTF8Text(name), value: JSONValue(position: 0, content: .string(UTF8Text(field))))
      }
      return DataRow(
        file: file, row: row, value: JSONValue(position: 0, content: .object(members)), line: fields.line)
    }
  }

  private static func elements(of file: InputFile) throws(TelltaleError) -> [JSONValue] {
    let document = try file.json()
    return document.array ?? [document]
  }

  private static func linesOfJSON(in file: InputFile) throws(TelltaleError) -> [JSONValue] {
    var values: [JSONValue] = []
    for (index, range) in file.lines.enumerated() where file.bytes[range].contains(where: { $0 > 0x20 }) {
      guard range.count <= InputFile.maximumLineBytes else {
        let message = "the line is longer than \(InputFile.maximumLineBytes) bytes; put one JSON object on each line"
        throw file.error(message, line: index + 1)
      }
      values.append(try file.json(range))
    }
    return values
  }

  /// A complaint about the row, or about one of its values.
  package func error(_ message: String, at value: JSONValue? = nil) -> TelltaleError {
    file.error(message, line: line ?? file.line(at: (value ?? self.value).position), item: "row \(row)")
  }

  package func has(_ key: String) -> Bool { value[key] != nil }

  /// The value of `key`; the last one counts when it is repeated, as in most JSON readers.
  private func member(_ key: String) throws(TelltaleError) -> JSONValue {
    guard let member = value[key] else { throw error("the row has no field \"\(key)\"; add it") }
    return member
  }

  /// A text that is not blank.
  package func string(_ key: String) throws(TelltaleError) -> String {
    let member = try member(key)
    guard let text = member.string else { throw wrongType(key, member, expected: "a string") }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw error("the field \"\(key)\" is blank; fill it in or remove the row", at: member)
    }
    return text
  }

  /// A text, or nil when the field is absent, null or blank.
  package func optionalString(_ key: String) throws(TelltaleError) -> String? {
    guard value.present(key) != nil else { return nil }
    return try string(key)
  }

  /// A text that is not blank or a number, as text; nil for anything else.
  package func name(_ key: String) -> String? { value.present(key).flatMap(Self.name) }

  /// The members of an object that are such texts or numbers; empty for anything else.
  package func names(_ key: String) -> [String: String] {
    let members = value.present(key)?.object ?? []
    return members.reduce(into: [:]) { names, member in names[member.key.string] = Self.name(member.value) }
  }

  private static func name(_ member: JSONValue) -> String? {
    if let number = member.number { return Int(exactly: number).map(String.init) ?? "\(number)" }
    return member.string.flatMap { text in text.contains { !$0.isWhitespace } ? text : nil }
  }

  /// A text, or a list of at least one text.
  package func strings(_ key: String) throws(TelltaleError) -> [String] {
    let member = try member(key)
    guard let elements = member.array else {
      guard member.string != nil else { throw wrongType(key, member, expected: "a string or a list of strings") }
      return [try string(key)]
    }
    let texts = elements.compactMap(\.string)
    guard texts.count == elements.count, !texts.isEmpty, !texts.contains("") else {
      throw error("the field \"\(key)\" should be a list of one or more strings", at: member)
    }
    return texts
  }

  /// A list of messages, each with a role and a content.
  package func messages(_ key: String) throws(TelltaleError) -> [ChatMessage] {
    let member = try member(key)
    guard let elements = member.array else { throw wrongType(key, member, expected: "a list of messages") }
    var messages: [ChatMessage] = []
    for element in elements {
      guard let role = element["role"]?.string.flatMap(ChatMessage.Role.init), let content = element["content"]?.string
      else {
        throw error(
          "a message in \"\(key)\" should have a \"role\" (system, user or assistant) and a \"content\"", at: element)
      }
      messages.append(ChatMessage(role: role, content: content))
    }
    return messages
  }

  /// The object under a key, as a separate row at the same place.
  package func object(_ key: String) throws(TelltaleError) -> DataRow {
    let member = try member(key)
    guard member.object != nil else { throw wrongType(key, member, expected: "an object") }
    return DataRow(file: file, row: row, value: member)
  }

  /// A list of messages as sycophancy-eval writes them, each with a `type` (`human`, `ai` or `system`) and a `content`.
  package func typedMessages(_ key: String) throws(TelltaleError) -> [ChatMessage] {
    let member = try member(key)
    guard let elements = member.array else { throw wrongType(key, member, expected: "a list of messages") }
    let roles: [String: ChatMessage.Role] = ["human": .user, "ai": .assistant, "system": .system]
    var messages: [ChatMessage] = []
    for element in elements {
      guard let role = element["type"]?.string.flatMap({ roles[$0] }), let content = element["content"]?.string else {
        throw error(
          "a message in \"\(key)\" should have a \"type\" (human, ai or system) and a \"content\"", at: element)
      }
      messages.append(ChatMessage(role: role, content: content))
    }
    return messages
  }

  /// An object of choices to 0 or 1, in the order of the file.
  package func targets(_ key: String) throws(TelltaleError) -> [References.Target] {
    let object = try member(key)
    guard let members = object.object else { throw wrongType(key, object, expected: "an object") }
    var targets: [References.Target] = []
    for member in members {
      guard let value = member.value.number, value == 0 || value == 1 else {
        throw error(
          "in \"\(key)\" the value of \"\(SafeText.quoted(member.key.string))\" should be 0 or 1", at: member.value)
      }
      targets.append(.init(text: member.key.string, isTrue: value == 1))
    }
    return targets
  }

  private func wrongType(_ key: String, _ value: JSONValue, expected: String) -> TelltaleError {
    error("the field \"\(key)\" is \(value.kind) and should be \(expected)", at: value)
  }
}
