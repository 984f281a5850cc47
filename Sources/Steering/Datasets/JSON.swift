/// A JSON value that remembers the line it began on and the order of its members.
///
/// Foundation's parser keeps neither, and both matter here: errors name the line, and the order of TruthfulQA's
/// multiple-choice targets is part of the data.
package struct JSONNode: Sendable, Equatable {
  package enum Value: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object([JSONMember])
  }

  /// Counted from 1.
  package let line: Int
  package let value: Value

  package init(line: Int, value: Value) {
    self.line = line
    self.value = value
  }

  /// What a person calls this kind of value, for error messages.
  package var kind: String {
    switch value {
    case .null: "null"
    case .bool: "true or false"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// One `"key": value` of an object.
package struct JSONMember: Sendable, Equatable {
  package let key: String
  package let node: JSONNode
}

/// A strict recursive-descent parser (RFC 8259) over a range of a file's bytes.
package struct JSONParser {
  /// Deeper documents are refused, so that a hostile file cannot exhaust the stack.
  private static let maximumDepth = 64

  private let file: InputFile
  private let end: Int
  private var index: Int
  private var line: Int

  /// Parses exactly one value in `range` (the whole file when nil), which begins on `line`.
  package static func parse(
    _ file: InputFile, range: Range<Int>? = nil, line: Int = 1
  ) throws(SteeringError) -> JSONNode {
    let range = range ?? 0..<file.bytes.count
    var parser = JSONParser(file: file, end: range.upperBound, index: range.lowerBound, line: line)
    let node = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.index == parser.end else { throw parser.invalid("text after the end of the value") }
    return node
  }

  private func invalid(_ what: String) -> SteeringError {
    file.error("invalid JSON, \(what); mend this line", line: line)
  }

  private var byte: UInt8? { index < end ? file.bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte, byte == 0x20 || byte == 0x09 || byte == .newline || byte == .carriageReturn {
      if byte == .newline { line += 1 }
      index += 1
    }
  }

  private mutating func take(_ expected: UInt8) -> Bool {
    skipSpace()
    guard byte == expected else { return false }
    index += 1
    return true
  }

  private mutating func value(depth: Int) throws(SteeringError) -> JSONNode {
    guard depth < Self.maximumDepth else { throw invalid("nested deeper than \(Self.maximumDepth) levels") }
    skipSpace()
    let start = line
    switch byte {
    case UInt8(ascii: "{"): return JSONNode(line: start, value: .object(try object(depth: depth)))
    case UInt8(ascii: "["): return JSONNode(line: start, value: .array(try array(depth: depth)))
    case .quote: return JSONNode(line: start, value: .string(try string()))
    case nil: throw invalid("the text ends where a value should be")
    default: return JSONNode(line: start, value: try literal())
    }
  }

  private mutating func object(depth: Int) throws(SteeringError) -> [JSONMember] {
    index += 1
    var members: [JSONMember] = []
    if take(UInt8(ascii: "}")) { return members }
    repeat {
      skipSpace()
      guard byte == .quote else { throw invalid("a key in double quotes is missing") }
      let key = try string()
      guard take(UInt8(ascii: ":")) else { throw invalid("a colon is missing after the key \"\(key)\"") }
      members.append(JSONMember(key: key, node: try value(depth: depth + 1)))
    } while take(.comma)
    guard take(UInt8(ascii: "}")) else { throw invalid("an object is not closed") }
    return members
  }

  private mutating func array(depth: Int) throws(SteeringError) -> [JSONNode] {
    index += 1
    var elements: [JSONNode] = []
    if take(UInt8(ascii: "]")) { return elements }
    repeat { elements.append(try value(depth: depth + 1)) } while take(.comma)
    guard take(UInt8(ascii: "]")) else { throw invalid("a list is not closed") }
    return elements
  }

  private mutating func literal() throws(SteeringError) -> JSONNode.Value {
    let start = index
    while let byte, !" \t\r\n,]}:\"{[".utf8.contains(byte) { index += 1 }
    let word = String(decoding: file.bytes[start..<index], as: UTF8.self)
    switch word {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default: break
    }
    let isDecimal = word.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } && word.first != "+"
    guard isDecimal, let number = Double(word), number.isFinite else {
      throw invalid("\"\(word.prefix(40))\" is not a value")
    }
    return .number(number)
  }

  private mutating func string() throws(SteeringError) -> String {
    index += 1
    var text = ""
    var start = index
    while let byte {
      switch byte {
      case .quote:
        text += String(decoding: file.bytes[start..<index], as: UTF8.self)
        index += 1
        return text
      case .backslash:
        text += String(decoding: file.bytes[start..<index], as: UTF8.self)
        text.unicodeScalars.append(try escape())
        start = index
      case 0..<0x20: throw invalid("a string holds a line break or control character")
      default: index += 1
      }
    }
    throw invalid("a string is not closed")
  }

  private mutating func escape() throws(SteeringError) -> Unicode.Scalar {
    index += 1
    defer { index += 1 }
    switch byte {
    case .quote: return "\""
    case .backslash: return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw invalid("an unknown escape after a backslash")
    }
  }

  /// The scalar of `\u` and four digits, or of a surrogate pair of two; stops on the last hexadecimal digit.
  private mutating func unicodeEscape() throws(SteeringError) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let isPair = index + 2 < end && file.bytes[index + 1] == .backslash && file.bytes[index + 2] == UInt8(ascii: "u")
    guard isPair, first < 0xDC00 else { throw invalid("half of a surrogate pair") }
    index += 2
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw invalid("half of a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimal() throws(SteeringError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      index += 1
      guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw invalid("\\u needs four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
