import Foundations

/// Values from JSON: messages, tools and variables.
extension JinjaValue {
  /// - Parameter bytes: what the JSON was read from: 1 and 1.0 are one number of JSON and two values of Python.
  package init(_ json: JSONValue, in bytes: [UInt8]) {
    switch json.content {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .number(let value): self = Self.number(value, at: json.position, in: bytes)
    case .string(let text): self = .string(PythonString(text.scalars))
    case .array(let items): self = .list(items.map { JinjaValue($0, in: bytes) })
    case .object(let members):
      var dict = PythonDict.Builder()
      for member in members {
        let key = PythonString(member.key.scalars)
        dict.set(.string(key), .string(key), JinjaValue(member.value, in: bytes))
      }
      self = .dict(dict.built)
    }
  }

  private static func number(_ value: Double, at position: Int, in bytes: [UInt8]) -> JinjaValue {
    let literal = bytes[min(position, bytes.count)...].prefix { "+-.0123456789eE".utf8.contains($0) }
    return Int(String(decoding: literal, as: UTF8.self)).map { .int($0) } ?? .float(value)
  }

  /// Reads one JSON value.
  ///
  /// - Throws: `JSONParser.Failure`.
  package init(json text: String) throws(JSONParser.Failure) {
    let bytes = Array(text.utf8)
    self.init(try JSONParser.parse(bytes), in: bytes)
  }

  /// The value of an option `name=value`: JSON where it is JSON, else the text itself.
  package init(option text: String) {
    self = (try? JinjaValue(json: text)) ?? .string(text)
  }
}
