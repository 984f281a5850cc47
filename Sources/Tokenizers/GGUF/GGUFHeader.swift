import Foundations

/// The header of a GGUF file (versions 2 and 3, little-endian): metadata, and where each tensor lies.
///
/// Source: `docs/gguf.md` of the GGML project. Every count, length and offset is checked against the file's size, so that
/// no later read can leave the file.
package struct GGUFHeader: Sendable {
  package struct Entry: Sendable, Equatable {
    package var name: String
    /// Outermost first, unlike in the file.
    package var shape: [Int]
    /// The GGML library's number of the element type.
    package var type: UInt32
    /// Bytes, counted from the beginning of the file; nil for a type whose size is not known.
    package var range: Range<Int>?
  }

  package private(set) var metadata = GGUFMetadata()
  package private(set) var entries: [Entry] = []
  /// Where the data begin, in bytes from the beginning of the file.
  package private(set) var dataStart = 0

  private static let magic: UInt32 = 0x4655_4747  // "GGUF"
  private static let largestRank = 4

  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - file: its path, for messages.
  ///   - blockSize: bytes and numbers of one block of an element type, nil for one that is not known.
  package init(
    _ bytes: UnsafeRawBufferPointer, file: String, blockSize: (UInt32) -> (bytes: Int, values: Int)?
  ) throws(TelltaleError) {
    var cursor = GGUFCursor(bytes, file: file)
    try Self.checkMagic(&cursor, bytes, file: file)
    let tensorCount = try cursor.count(of: "tensors", unit: 24)
    let valueCount = try cursor.count(of: "metadata values", unit: 13)
    for _ in 0..<valueCount {
      let key = try cursor.text()
      guard metadata.insert(try cursor.value(), for: key) else {
        throw cursor.failure("states the same key twice", item: key)
      }
    }
    for _ in 0..<tensorCount { entries.append(try Self.entry(&cursor)) }
    let alignment = try alignment(cursor)
    dataStart = Self.aligned(cursor.offset, to: alignment)
    try placeEntries(cursor, alignment: alignment, fileSize: bytes.count, blockSize)
  }

  private static func checkMagic(
    _ cursor: inout GGUFCursor, _ bytes: UnsafeRawBufferPointer, file: String
  ) throws(TelltaleError) {
    guard bytes.count >= 24, try cursor.integer(UInt32.self) == magic else {
      throw TelltaleError(.badInput, "is no GGUF file; give one that llama.cpp reads", at: InputLocation(file: file))
    }
    let version: UInt32 = try cursor.integer()
    guard version == 2 || version == 3 else {
      let stated = version.byteSwapped <= 3 ? "is big-endian GGUF" : "has GGUF version \(version)"
      throw TelltaleError(
        .badInput, "\(stated), of which versions 2 and 3, little-endian, are read; convert it with llama.cpp again",
        at: InputLocation(file: file))
    }
  }

  private static func entry(_ cursor: inout GGUFCursor) throws(TelltaleError) -> Entry {
    let name = try cursor.text()
    let rank: UInt32 = try cursor.integer()
    guard rank <= largestRank else {
      throw cursor.failure("has \(rank) dimensions, of which 4 are possible", item: name)
    }
    var shape: [Int] = []
    for _ in 0..<rank {
      guard let size = Int(exactly: try cursor.integer(UInt64.self)) else {
        throw cursor.failure("has an impossible shape", item: name)
      }
      shape.insert(size, at: 0)
    }
    let type: UInt32 = try cursor.integer()
    guard let offset = Int(exactly: try cursor.integer(UInt64.self)) else {
      throw cursor.failure("lies outside of the file", item: name)
    }
    return Entry(name: name, shape: shape, type: type, range: offset..<offset)
  }

  private func alignment(_ cursor: GGUFCursor) throws(TelltaleError) -> Int {
    guard metadata["general.alignment"] != nil else { return 32 }
    guard let alignment = metadata.integer("general.alignment"), alignment > 0, alignment % 8 == 0,
      alignment <= 1 << 16
    else { throw cursor.failure("is no alignment", item: "general.alignment") }
    return alignment
  }

  package static func aligned(_ offset: Int, to alignment: Int) -> Int {
    (offset + alignment - 1) / alignment * alignment
  }

  // MARK: Places

  /// Makes the ranges, which are offsets so far, into places of the file.
  private mutating func placeEntries(
    _ cursor: GGUFCursor, alignment: Int, fileSize: Int, _ blockSize: (UInt32) -> (bytes: Int, values: Int)?
  ) throws(TelltaleError) {
    var names = Set<String>()
    for index in entries.indices {
      let entry = entries[index]
      guard names.insert(entry.name).inserted else { throw cursor.failure("is there twice", item: entry.name) }
      let offset = entry.range?.lowerBound ?? 0
      guard offset % alignment == 0 else {
        throw cursor.failure("is not aligned to \(alignment) bytes", item: entry.name)
      }
      guard let block = blockSize(entry.type) else {
        entries[index].range = nil
        continue
      }
      guard let size = Self.byteCount(entry.shape, block) else {
        throw cursor.failure("has an impossible shape \(entry.shape)", item: entry.name)
      }
      guard dataStart <= fileSize, offset <= fileSize - dataStart, size <= fileSize - dataStart - offset else {
        throw cursor.failure("lies outside of the file", item: entry.name)
      }
      entries[index].range = dataStart + offset..<dataStart + offset + size
    }
    try refuseOverlaps(cursor)
  }

  private func refuseOverlaps(_ cursor: GGUFCursor) throws(TelltaleError) {
    var end = 0
    let placed = entries.compactMap { entry in entry.range.map { (entry.name, $0) } }
    for (name, range) in placed.sorted(by: { $0.1.lowerBound < $1.1.lowerBound }) where !range.isEmpty {
      guard range.lowerBound >= end else { throw cursor.failure("overlaps another tensor", item: name) }
      end = range.upperBound
    }
  }

  /// Bytes of a tensor; nil where its rows are no whole blocks or there are more than can be counted.
  private static func byteCount(_ shape: [Int], _ block: (bytes: Int, values: Int)) -> Int? {
    guard (shape.last ?? 1) % block.values == 0 else { return nil }
    var count = block.bytes
    for size in shape.dropLast() + [(shape.last ?? 1) / block.values] {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }
}
