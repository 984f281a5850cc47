import Foundation

/// Texts of data sets and models on their way to a reader.
enum VisibleText {
  /// No text of a page is longer, in characters.
  static let longest = 12_000

  /// Control characters, and those that turn the direction of writing, as pictures of themselves; what is longer than
  /// `limit` characters is cut, with a note that says so.
  static func of(_ text: String, limit: Int = longest) -> String {
    guard text.utf8.count > limit || text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
    let start = text.prefix(limit)
    var scalars = String.UnicodeScalarView()
    for scalar in start.unicodeScalars { scalars.append(picture(of: scalar)) }
    guard start.endIndex < text.endIndex else { return String(scalars) }
    let left = text[start.endIndex...].count
    return String(scalars) + " [\(left) more characters are in telltale.sqlite]"
  }

  private static func picture(of scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x09, 0x0A: scalar
    case 0x00..<0x20: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
    case 0x7F: "\u{2421}"
    case 0x80..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: "\u{FFFD}"
    default: scalar
    }
  }
}

/// Values as JSON that may stand in a script element.
enum ScriptSafe {
  /// `<` could end the element or begin a comment, and U+2028 and U+2029 end a line of a script: all are escaped, which
  /// JSON allows as they occur in strings only.
  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: escaped(try encoder.encode(value)), as: UTF8.self)
  }

  private static func escaped(_ json: Data) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(json.count + 1_000)
    var two: (UInt8, UInt8) = (0, 0)
    for byte in json {
      if byte == UInt8(ascii: "<") {
        bytes += Array("\\u003c".utf8)
      } else if two == (0xE2, 0x80), byte == 0xA8 || byte == 0xA9 {
        bytes.removeLast(2)
        bytes += Array((byte == 0xA8 ? "\\u2028" : "\\u2029").utf8)
      } else {
        bytes.append(byte)
      }
      two = (two.1, byte)
    }
    return bytes
  }
}

enum Base64 {
  /// Hexadecimal digits as the base64 of their bytes.
  static func ofHexadecimal(_ digits: String) -> String {
    let values = digits.compactMap(\.hexDigitValue)
    let bytes = stride(from: 0, to: values.count - 1, by: 2).map { UInt8(values[$0] * 16 + values[$0 + 1]) }
    return Data(bytes).base64EncodedString()
  }

  /// Little-endian float32 numbers.
  static func ofFloats(_ numbers: [Float]) -> String {
    var data = Data(capacity: 4 * numbers.count)
    for number in numbers { withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    return data.base64EncodedString()
  }
}
