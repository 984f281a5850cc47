/// Text that is compared byte by byte.
///
/// `String` treats canonically equivalent spellings as equal ("é" and "e" with a combining accent), but a vocabulary
/// gives them different ids, so that tokens and words are kept and looked up as their UTF-8 bytes.
package struct UTF8Text: Hashable, Sendable {
  package var bytes: [UInt8]

  package init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  package init(_ string: String) {
    bytes = Array(string.utf8)
  }

  package init(_ scalars: some Sequence<Unicode.Scalar>) {
    bytes = []
    for scalar in scalars { bytes.append(scalar) }
  }

  /// The text as a string; bytes that are not UTF-8 become U+FFFD.
  package var string: String { String(decoding: bytes, as: UTF8.self) }

  package var scalars: [Unicode.Scalar] { Array(string.unicodeScalars) }

  package func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

extension [UInt8] {
  /// Appends the UTF-8 encoding of a scalar.
  package mutating func append(_ scalar: Unicode.Scalar) {
    let value = scalar.value
    switch value {
    case 0..<0x80:
      append(UInt8(value))
    case 0x80..<0x800:
      append(UInt8(0xC0 | value >> 6))
      append(UInt8(0x80 | value & 0x3F))
    case 0x800..<0x10000:
      append(UInt8(0xE0 | value >> 12))
      append(UInt8(0x80 | value >> 6 & 0x3F))
      append(UInt8(0x80 | value & 0x3F))
    default:
      append(UInt8(0xF0 | value >> 18))
      append(UInt8(0x80 | value >> 12 & 0x3F))
      append(UInt8(0x80 | value >> 6 & 0x3F))
      append(UInt8(0x80 | value & 0x3F))
    }
  }
}
