/// A strict JSON reader (RFC 8259) over bytes that are known to be UTF-8.
///
/// Nesting is limited, so that a hostile file cannot exhaust the stack.
package struct JSONParser {
  /// What is wrong, and the byte at which it was noticed. Callers say it in their own sentence, with the line.
  package struct Failure: Error {
    package let message: String
    package let position: Int
  }

  private static let maximumDepth = 64

  private let bytes: [UInt8]
  private let end: Int
  private var position: Int
  private var depth = 0
  /// The key whose value is being read, for messages.
  private var key: UTF8Text?

  /// Reads exactly one value in `range` of `bytes` (all of them when nil).
  package static func parse(_ bytes: [UInt8], range: Range<Int>? = nil) throws(Failure) -> JSONValue {
    let range = range ?? 0..<bytes.count
    var parser = JSONParser(bytes: bytes, end: range.upperBound, position: range.lowerBound)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.position == parser.end else { throw parser.failure("text after the end of the value") }
    return value
  }

  private mutating func value() throws(Failure) -> JSONValue {
    skipSpace()
    let start = position
    return JSONValue(position: start, content: try content())
  }

  private mutating func content() throws(Failure) -> JSONValue.Content {
    switch peek {
    case UInt8(ascii: "{"): return try nested { parser throws(Failure) in .object(try parser.members()) }
    case UInt8(ascii: "["): return try nested { parser throws(Failure) in .array(try parser.elements()) }
    case .quote: return .string(try string())
    case nil: throw failure("the text ends where a value should be")
    default: return try literal()
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(Failure) -> JSONValue.Content
  ) throws(Failure) -> JSONValue.Content {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
    return try body(&self)
  }

  private mutating func members() throws(Failure) -> [JSONMember] {
    var members: [JSONMember] = []
    position += 1
    if skip(UInt8(ascii: "}")) { return members }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw failure("a key in double quotes is missing") }
      let key = try string()
      guard skip(UInt8(ascii: ":")) else {
        throw failure("a colon is missing after the key \"\(SafeText.quoted(key.string))\"")
      }
      self.key = key
      members.append(JSONMember(key: key, value: try value()))
    } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "}")) else { throw failure("an object is not closed") }
    return members
  }

  private mutating func elements() throws(Failure) -> [JSONValue] {
    var elements: [JSONValue] = []
    position += 1
    if skip(UInt8(ascii: "]")) { return elements }
    repeat {
      elements.append(try value())
    } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "]")) else { throw failure("a list is not closed") }
    return elements
  }

  /// A word or a number: all that stands up to the next separator.
  private mutating func literal() throws(Failure) -> JSONValue.Content {
    let start = position
    while let byte = peek, !isSeparator(byte) { position += 1 }
    let written = bytes[start..<position]
    if written.count <= 15, let integer = plainInteger(written) { return .number(Double(integer)) }
    let word = String(decoding: written, as: UTF8.self)
    switch word {
    case "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      guard Self.isNumber(written), let number = Double(word), number.isFinite else {
        position = start
        throw failure(complaint(about: word))
      }
      return .number(number)
    }
  }

  /// A number by the standard's grammar: no leading zeros or plus, digits on both sides of a point.
  private static func isNumber(_ written: ArraySlice<UInt8>) -> Bool {
    var rest = written
    func digits() -> Int {
      let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
      rest = rest.dropFirst(count)
      return count
    }
    func takes(_ bytes: String) -> Bool {
      guard let byte = rest.first, bytes.utf8.contains(byte) else { return false }
      rest = rest.dropFirst()
      return true
    }
    _ = takes("-")
    let isZero = rest.first == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !isZero || whole == 1 else { return false }
    if takes("."), digits() == 0 { return false }
    if takes("eE") {
      _ = takes("+-")
      if digits() == 0 { return false }
    }
    return rest.isEmpty
  }

  /// Python writes NaN and the infinities, which JSON does not have.
  private func complaint(about word: String) -> String {
    let place = key.map { " of the key \"\(SafeText.quoted($0.string))\"" } ?? ""
    guard ["NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"].contains(word) else {
      return "\"\(SafeText.quoted(word.prefix(40)))\"\(place) is not a value"
    }
    return "the value\(place) is \(word), which JSON does not have (write null)"
  }

  private func isSeparator(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x20, 0x09, .newline, .carriageReturn, .comma, .quote, UInt8(ascii: ":"): true
    case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"): true
    default: false
    }
  }

  /// The common case, token ids, without the detour over a string; nil for anything but digits.
  private func plainInteger(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
    var value = 0
    for byte in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
}

// MARK: - Strings

extension JSONParser {
  private mutating func string() throws(Failure) -> UTF8Text {
    position += 1
    let start = position
    while let byte = peek, byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte >= 0x20 { position += 1 }
    var text = Array(bytes[start..<position])
    while let byte = peek, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw failure("a string holds a line break or control character") }
      position += 1
      if byte == UInt8(ascii: "\\") { text.append(try escape()) } else { text.append(byte) }
    }
    guard peek != nil else { throw failure("a string is not closed") }
    position += 1
    return UTF8Text(bytes: text)
  }

  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard let byte = peek else { throw failure("a string is not closed") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try escapedScalar()
    default: throw failure("an unknown escape after a backslash")
    }
  }

  /// The four digits after `\u`, or the two halves of a surrogate pair.
  private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, bytes[position..<end].starts(with: "\\u".utf8) else {
      throw failure("half of a surrogate pair")
    }
    position += 2
    let second = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw failure("half of a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("\\u needs four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

// MARK: - Bytes

extension JSONParser {
  private var peek: UInt8? { position < end ? bytes[position] : nil }

  private func failure(_ message: String) -> Failure { Failure(message: message, position: position) }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  /// Steps over white space and then over the byte if it comes next.
  private mutating func skip(_ byte: UInt8) -> Bool {
    skipSpace()
    guard peek == byte else { return false }
    position += 1
    return true
  }
}
