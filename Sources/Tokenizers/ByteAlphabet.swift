/// GPT-2's alphabet: one printable scalar for each byte, so that a byte-level vocabulary can be written as text.
///
/// Printable Latin-1 bytes stand for themselves, the other 68 bytes are given U+0100 onwards, in order.
enum ByteAlphabet {
  /// The scalar of each byte.
  static let scalars: [Unicode.Scalar] = makeScalars()

  /// The byte of each scalar of the alphabet, indexed by the scalar's value.
  private static let bytes: [UInt8?] = makeBytes()

  static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    scalar.value < bytes.count ? bytes[Int(scalar.value)] : nil
  }

  private static func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
  }

  private static func makeScalars() -> [Unicode.Scalar] {
    var next: UInt16 = 0x100
    return (0...255).map { (byte: UInt8) in
      if isPrintable(byte) { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
    }
  }

  private static func makeBytes() -> [UInt8?] {
    var bytes = [UInt8?](repeating: nil, count: 0x100 + 68)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
    return bytes
  }
}
