import Foundations

/// Reads little-endian numbers and texts out of a GGUF file's bytes, never past their end.
///
/// Who makes one keeps the bytes alive.
struct GGUFCursor {
  private let bytes: UnsafeRawBufferPointer
  private let file: String
  /// Counted from the start of the file.
  private(set) var offset = 0

  /// No metadata text is longer: chat templates have some 10 kB.
  private static let longestText = 1 << 20

  init(_ bytes: UnsafeRawBufferPointer, file: String) {
    self.bytes = bytes
    self.file = file
  }

  var remaining: Int { bytes.count - offset }

  mutating func take(_ count: Int) throws(TelltaleError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw failure("ends in the middle of its header") }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type = Number.self
  ) throws(TelltaleError) -> Number {
    Number(littleEndian: try take(MemoryLayout<Number>.size).loadUnaligned(as: Number.self))
  }

  /// A 64-bit number of things of which each takes at least `unit` bytes of what is left.
  mutating func count(of things: String, unit: Int) throws(TelltaleError) -> Int {
    let stated: UInt64 = try integer()
    guard let count = Int(exactly: stated), count <= remaining / unit else {
      throw failure("states \(stated) \(things), more than the file can hold")
    }
    return count
  }

  /// A text as bytes, which need not be UTF-8: a tokenizer's may not be.
  mutating func rawText() throws(TelltaleError) -> UnsafeRawBufferPointer {
    let count = try count(of: "bytes of a text", unit: 1)
    guard count <= Self.longestText else { throw failure("holds a text of \(count) bytes, longer than any is") }
    return try take(count)
  }

  mutating func text() throws(TelltaleError) -> String {
    guard let text = String(validating: try rawText(), as: UTF8.self) else {
      throw failure("holds a text that is not UTF-8")
    }
    return text
  }

  /// The error for a file that is not what it should be.
  func failure(_ reason: String, item: String? = nil) -> TelltaleError {
    TelltaleError(
      .badInput, "\(reason); the file is damaged or cut off, fetch it again",
      at: InputLocation(file: file, item: item.map { SafeText.quoted($0) }))
  }
}
