import Foundation
import Foundations
import Torch

/// A GGUF file (llama.cpp's format, versions 2 and 3, little-endian): metadata and float32 tensors.
///
/// Source: `docs/gguf.md` of the ggml project. Every count and offset is checked against the file's size.
struct GGUFFile {
  enum Value: Equatable {
    case unsigned(UInt64)
    case signed(Int64)
    case real(Double)
    case truth(Bool)
    case text(String)
    /// Arrays are skipped: no control vector has one.
    case array

    /// As a sentence says it; nil for arrays.
    var described: String? {
      switch self {
      case .unsigned(let number): "\(number)"
      case .signed(let number): "\(number)"
      case .real(let number): "\(number)"
      case .truth(let truth): "\(truth)"
      case .text(let text): text
      case .array: nil
      }
    }
  }

  struct Entry {
    var name: String
    /// Outermost first, unlike in the file.
    var shape: [Int]
    var type: UInt32
    var offset: Int
  }

  private(set) var metadata: [String: Value] = [:]
  private(set) var entries: [Entry] = []
  private let file: String
  private let bytes: [UInt8]
  private var dataStart = 0

  private static let float32: UInt32 = 0
  private static let magic = Array("GGUF".utf8)
  private static let deepestArray = 4

  init(_ url: URL) throws(TelltaleError) { try self.init(bytes: ForeignFile.bytes(url), file: url.path) }

  init(bytes: [UInt8], file: String) throws(TelltaleError) {
    self.bytes = bytes
    self.file = file
    var reader = ByteReader(bytes[...], file: file)
    guard bytes.starts(with: Self.magic) else { throw reader.error("is no GGUF file; give one that llama.cpp reads") }
    _ = try reader.take(Self.magic.count)
    let version = try reader.integer(UInt32.self)
    guard version == 2 || version == 3 else {
      throw reader.error("has GGUF version \(version), of which 2 and 3 are read (little-endian); convert it")
    }
    let tensorCount = try reader.count(unit: 24)
    let valueCount = try reader.count(unit: 13)
    for _ in 0..<valueCount {
      let key = try Self.text(&reader)
      guard metadata.updateValue(try Self.value(&reader), forKey: key) == nil else {
        throw reader.error("states the same key twice; it is damaged", item: key)
      }
    }
    for _ in 0..<tensorCount { entries.append(try Self.entry(&reader)) }
    guard Set(entries.map(\.name)).count == entries.count else {
      throw reader.error("holds two tensors of one name; it is damaged")
    }
    dataStart = try Self.aligned(reader.offset, to: alignment())
  }

  // MARK: Contents

  func text(_ key: String) -> String? {
    if case .text(let text)? = metadata[key] { text } else { nil }
  }

  /// The float32 tensor of an entry.
  func tensor(_ entry: Entry) throws(TelltaleError) -> ForeignTensor {
    var reader = ByteReader(bytes[...], file: file)
    guard entry.type == Self.float32 else {
      throw reader.error("is not float32, the one type that control vectors have; convert it", item: entry.name)
    }
    guard let count = ForeignFile.elementCount(entry.shape), entry.offset <= bytes.count,
      dataStart <= bytes.count - entry.offset, count * 4 <= bytes.count - dataStart - entry.offset
    else { throw reader.error("lies outside of the file; it is cut off or damaged", item: entry.name) }
    reader = ByteReader(bytes[...], file: file, at: dataStart + entry.offset)
    let raw = try reader.take(count * 4)
    return ForeignTensor(shape: entry.shape, values: (0..<count).map { ForeignNumber.float32.value(raw, $0) })
  }

  // MARK: Reading

  private func alignment() throws(TelltaleError) -> Int {
    guard let stated = metadata["general.alignment"] else { return 32 }
    guard case .unsigned(let alignment) = stated, alignment > 0, alignment % 8 == 0, alignment <= 1 << 16 else {
      throw ByteReader(bytes[...], file: file).error("states an impossible alignment; it is damaged")
    }
    return Int(alignment)
  }

  static func aligned(_ offset: Int, to alignment: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

  private static func text(_ reader: inout ByteReader) throws(TelltaleError) -> String {
    let count = try reader.count(unit: 1)
    guard count <= 1 << 20, let text = String(validating: try reader.take(count), as: UTF8.self) else {
      throw reader.error("holds a text that is not UTF-8 or longer than 1 MiB; it is damaged")
    }
    return text
  }

  private static func entry(_ reader: inout ByteReader) throws(TelltaleError) -> Entry {
    let name = try text(&reader)
    let rank = try reader.integer(UInt32.self)
    guard (1...4).contains(rank) else { throw reader.error("has \(rank) dimensions; it is damaged", item: name) }
    var shape: [Int] = []
    for _ in 0..<rank {
      guard let size = Int(exactly: try reader.integer(UInt64.self)) else {
        throw reader.error("has an impossible shape; it is damaged", item: name)
      }
      shape.insert(size, at: 0)
    }
    let type = try reader.integer(UInt32.self)
    guard let offset = Int(exactly: try reader.integer(UInt64.self)) else {
      throw reader.error("lies outside of the file; it is damaged", item: name)
    }
    return Entry(name: name, shape: shape, type: type, offset: offset)
  }

  private static func value(_ reader: inout ByteReader) throws(TelltaleError) -> Value {
    let type = try reader.integer(UInt32.self)
    return try value(&reader, type: type, depth: 0)
  }

  /// The types are numbered by the format: 0 to 12.
  private static func value(
    _ reader: inout ByteReader, type: UInt32, depth: Int
  ) throws(TelltaleError) -> Value {
    switch type {
    case 0: return .unsigned(UInt64(try reader.byte()))
    case 1: return .signed(Int64(try reader.integer(Int8.self)))
    case 2: return .unsigned(UInt64(try reader.integer(UInt16.self)))
    case 3: return .signed(Int64(try reader.integer(Int16.self)))
    case 4: return .unsigned(UInt64(try reader.integer(UInt32.self)))
    case 5: return .signed(Int64(try reader.integer(Int32.self)))
    case 6: return .real(Double(Float(bitPattern: try reader.integer(UInt32.self))))
    case 7: return .truth(try reader.byte() != 0)
    case 8: return .text(try text(&reader))
    case 9: return try skipArray(&reader, depth: depth)
    case 10: return .unsigned(try reader.integer(UInt64.self))
    case 11: return .signed(try reader.integer(Int64.self))
    case 12: return .real(Double(bitPattern: try reader.integer(UInt64.self)))
    default: throw reader.error("holds a value of unknown type \(type); it is damaged")
    }
  }

  private static func skipArray(_ reader: inout ByteReader, depth: Int) throws(TelltaleError) -> Value {
    guard depth < deepestArray else { throw reader.error("holds arrays nested too deeply; it is damaged") }
    let type = try reader.integer(UInt32.self)
    for _ in 0..<(try reader.count(unit: 1)) { _ = try value(&reader, type: type, depth: depth + 1) }
    return .array
  }
}
