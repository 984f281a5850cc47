/// A JSON document as it stands in the file: object keys keep their order and are compared byte by byte.
///
/// Foundation's decoders hand out objects as dictionaries keyed by `String`, which merge canonically equivalent keys;
/// Llama's vocabulary has such keys ("ί" as U+03AF and as U+1F77), and would lose tokens.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(UTF8Text)
  case array([JSONValue])
  case object([JSONMember])
}

package struct JSONMember: Sendable {
  package let key: UTF8Text
  package let value: JSONValue
}

extension JSONValue {
  /// The value of the last member with this key, nil for other kinds of value and absent keys.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    let key = UTF8Text(key)
    return members.last { $0.key == key }?.value
  }

  /// The member's value, nil also when it is `null`: the formats here do not tell the two apart.
  func present(_ key: String) -> JSONValue? {
    guard let value = self[key], !value.isNull else { return nil }
    return value
  }

  var isNull: Bool {
    if case .null = self { true } else { false }
  }

  var text: UTF8Text? {
    if case .string(let text) = self { text } else { nil }
  }

  var string: String? { text?.string }

  var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  var array: [JSONValue]? {
    if case .array(let values) = self { values } else { nil }
  }

  var object: [JSONMember]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// The number if it is a whole one that fits, nil otherwise.
  var integer: Int? {
    if case .number(let value) = self { Int(exactly: value) } else { nil }
  }
}
