import Foundation

/// A strict JSON reader (RFC 8259) over bytes that are known to be UTF-8.
///
/// Nesting is limited, so that a hostile file cannot exhaust the stack.
struct JSONParser {
  /// What is wrong, and the byte at which it was noticed.
  struct Failure: Error {
    let message: String
    let position: Int
  }

  private static let maximumDepth = 64

  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Reads a whole document.
  ///
  /// - Throws: `ModelError` with the file's name and the line.
  static func parse(_ bytes: [UInt8], file: String) throws(ModelError) -> JSONValue {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw ModelError(.badInput, "is not UTF-8 text; fetch the file again", at: .init(file: file))
    }
    var parser = JSONParser(bytes)
    do throws(Failure) {
      return try parser.document()
    } catch {
      let line = bytes.prefix(error.position).count { $0 == UInt8(ascii: "\n") } + 1
      let message = "is not valid JSON: \(error.message); fetch the file again"
      throw ModelError(.badInput, message, at: .init(file: file, line: line))
    }
  }

  private mutating func document() throws(Failure) -> JSONValue {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw failure("there is text after the document's end") }
    return value
  }

  private mutating func value() throws(Failure) -> JSONValue {
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"): return try nested { parser throws(Failure) in .object(try parser.members()) }
    case UInt8(ascii: "["): return try nested { parser throws(Failure) in .array(try parser.elements()) }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw failure("it ends too early")
    default: return .number(try number())
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(Failure) -> JSONValue
  ) throws(Failure) -> JSONValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else { throw failure("it nests more than \(Self.maximumDepth) levels deep") }
    return try body(&self)
  }

  private mutating func members() throws(Failure) -> [JSONMember] {
    var members: [JSONMember] = []
    position += 1
    if skip(UInt8(ascii: "}")) { return members }
    repeat {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw failure("a key was expected") }
      let key = try string()
      guard skip(UInt8(ascii: ":")) else { throw failure("a colon was expected") }
      members.append(JSONMember(key: key, value: try value()))
    } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "}")) else { throw failure("a comma or a closing brace was expected") }
    return members
  }

  private mutating func elements() throws(Failure) -> [JSONValue] {
    var elements: [JSONValue] = []
    position += 1
    if skip(UInt8(ascii: "]")) { return elements }
    repeat {
      elements.append(try value())
    } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "]")) else { throw failure("a comma or a closing bracket was expected") }
    return elements
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
    let expected = word.description.utf8
    guard bytes[position...].starts(with: expected) else { throw failure("an unknown word stands there") }
    position += expected.count
    return value
  }

  private mutating func number() throws(Failure) -> Double {
    let start = position
    while let byte = peek, isNumberByte(byte) { position += 1 }
    let digits = bytes[start..<position]
    if digits.count <= 15, let integer = plainInteger(digits) { return Double(integer) }
    guard let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else {
      position = start
      throw failure("a value was expected")
    }
    return value
  }

  private func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// The common case, token ids, without the detour over a string; nil for anything but digits.
  private func plainInteger(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty else { return nil }
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
      guard byte >= 0x20 else { throw failure("a string holds a bare control character") }
      position += 1
      if byte == UInt8(ascii: "\\") { text.append(try escape()) } else { text.append(byte) }
    }
    guard peek != nil else { throw failure("a string does not end") }
    position += 1
    return UTF8Text(bytes: text)
  }

  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard let byte = peek else { throw failure("a string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try escapedScalar()
    default: throw failure("a string holds an unknown escape")
    }
  }

  /// The four digits after `\u`, or the two halves of a surrogate pair.
  private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else {
      throw failure("a string holds half of a surrogate pair")
    }
    position += 2
    let second = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw failure("a string holds half of a surrogate pair") }
    return scalar
  }

  private mutating func hexadecimal() throws(Failure) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("a string holds an unknown escape")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}

// MARK: - Bytes

extension JSONParser {
  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

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
