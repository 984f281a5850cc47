/// A JSON value as it stands in a file: it knows its place, and objects keep the order of their members, whose keys are
/// compared byte by byte.
///
/// Foundation's decoders hand out objects as dictionaries keyed by `String`, which merge canonically equivalent keys;
/// Llama's vocabulary has such keys ("ί" as U+03AF and as U+1F77), and would lose tokens.
package struct JSONValue: Sendable {
  package enum Content: Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(UTF8Text)
    case array([JSONValue])
    case object([JSONMember])
  }

  /// The byte of the file at which the value begins: errors name its line (`InputFile.line(at:)`).
  package let position: Int
  package let content: Content

  package init(position: Int, content: Content) {
    self.position = position
    self.content = content
  }
}

/// One `"key": value` of an object.
package struct JSONMember: Sendable {
  package let key: UTF8Text
  package let value: JSONValue
}

extension JSONValue {
  /// The value of the last member with this key, nil for other kinds of value and absent keys.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let members) = content else { return nil }
    let key = UTF8Text(key)
    return members.last { $0.key == key }?.value
  }

  /// The member's value, nil also when it is `null`: most formats do not tell the two apart.
  package func present(_ key: String) -> JSONValue? {
    guard let value = self[key], !value.isNull else { return nil }
    return value
  }

  package var isNull: Bool {
    if case .null = content { true } else { false }
  }

  package var text: UTF8Text? {
    if case .string(let text) = content { text } else { nil }
  }

  package var string: String? { text?.string }

  package var bool: Bool? {
    if case .bool(let value) = content { value } else { nil }
  }

  package var number: Double? {
    if case .number(let value) = content { value } else { nil }
  }

  package var array: [JSONValue]? {
    if case .array(let values) = content { values } else { nil }
  }

  package var object: [JSONMember]? {
    if case .object(let members) = content { members } else { nil }
  }

  /// The number if it is a whole one that fits, nil otherwise.
  package var integer: Int? { number.flatMap { Int(exactly: $0) } }

  /// What a person calls this kind of value, for error messages.
  package var kind: String {
    switch content {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}
