import Foundation

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
