/// Reads the fields of a protocol buffer message, one after the other.
///
/// Source: the encoding page of the Protocol Buffers documentation. Groups, which are obsolete, are refused.
struct ProtobufReader {
  struct Failure: Error {}

  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The next field's number and value, nil at the end of the message.
  mutating func next() throws(Failure) -> (field: UInt64, value: Value)? {
    guard position < bytes.endIndex else { return nil }
    let tag = try varint()
    guard tag >> 3 > 0 else { throw Failure() }
    switch tag & 7 {
    case 0: return (tag >> 3, .varint(try varint()))
    case 1: return (tag >> 3, .fixed64(try littleEndian(8)))
    case 2:
      guard let count = Int(exactly: try varint()) else { throw Failure() }
      return (tag >> 3, .bytes(try take(count)))
    case 5: return (tag >> 3, .fixed32(UInt32(truncatingIfNeeded: try littleEndian(4))))
    default: throw Failure()
    }
  }

  /// Seven bits a byte, the lowest first; the high bit says that another byte follows.
  private mutating func varint() throws(Failure) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < bytes.endIndex else { throw Failure() }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else { throw Failure() }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw Failure()
  }

  private mutating func littleEndian(_ count: Int) throws(Failure) -> UInt64 {
    try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func take(_ count: Int) throws(Failure) -> ArraySlice<UInt8> {
    guard count <= bytes.endIndex - position else { throw Failure() }
    defer { position += count }
    return bytes[position..<position + count]
  }
}
