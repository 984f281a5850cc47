import Foundation
import Foundations
import Torch

/// The uncompressed files of a zip archive, as `torch.save` writes them.
///
/// Source: PKWARE's APPNOTE 6.3.9, sections 4.3.7, 4.3.12 and 4.3.16. Compressed entries and archives beyond 4 GiB are
/// refused; nothing is ever written to the disk.
struct ZipArchive {
  /// Contents by name.
  private(set) var entries: [String: ArraySlice<UInt8>] = [:]

  private static let endSize = 22
  private static let longestComment = 65_535

  init(_ bytes: [UInt8], file: String) throws(TelltaleError) {
    let end = try Self.end(bytes, file)
    var reader = ByteReader(bytes[...], file: file, at: end)
    _ = try reader.take(10)
    let count = Int(try reader.integer(UInt16.self))
    _ = try reader.take(4)
    var directory = ByteReader(bytes[...], file: file, at: Int(try reader.integer(UInt32.self)))
    for _ in 0..<count {
      let (name, contents) = try Self.entry(&directory, bytes)
      guard entries.updateValue(contents, forKey: name) == nil else {
        throw reader.error("holds two entries of one name; it is damaged", item: name)
      }
    }
  }

  /// Where the record that ends the archive begins.
  private static func end(_ bytes: [UInt8], _ file: String) throws(TelltaleError) -> Int {
    let signature: [UInt8] = [0x50, 0x4B, 5, 6]
    let earliest = max(0, bytes.count - endSize - longestComment)
    let found = stride(from: bytes.count - endSize, through: earliest, by: -1).first { start in
      start >= 0 && bytes[start..<start + 4].elementsEqual(signature)
    }
    guard let found else {
      throw ByteReader(bytes[...], file: file).error(
        "is not in the format of torch.save since PyTorch 1.6; load it with torch.load(weights_only=True) and save it again"
      )
    }
    return found
  }

  /// The next entry of the central directory.
  private static func entry(
    _ reader: inout ByteReader, _ bytes: [UInt8]
  ) throws(TelltaleError) -> (String, ArraySlice<UInt8>) {
    guard try reader.integer(UInt32.self) == 0x0201_4B50 else { throw reader.error("has a damaged list of entries") }
    _ = try reader.take(4)
    let flags = try reader.integer(UInt16.self)
    let method = try reader.integer(UInt16.self)
    _ = try reader.take(8)
    let stored = Int(try reader.integer(UInt32.self))
    let size = Int(try reader.integer(UInt32.self))
    let nameLength = Int(try reader.integer(UInt16.self))
    let extraLength = Int(try reader.integer(UInt16.self))
    let commentLength = Int(try reader.integer(UInt16.self))
    _ = try reader.take(8)
    let start = Int(try reader.integer(UInt32.self))
    let name = String(decoding: try reader.take(nameLength), as: UTF8.self)
    _ = try reader.take(extraLength + commentLength)
    guard method == 0, flags & 1 == 0, stored == size else {
      throw reader.error("is compressed or encrypted, which torch.save never does", item: name)
    }
    var local = ByteReader(bytes[...], file: reader.file, at: start)
    guard try local.integer(UInt32.self) == 0x0403_4B50 else {
      throw reader.error("lies outside of the archive; it is damaged", item: name)
    }
    _ = try local.take(22)
    let skipped = Int(try local.integer(UInt16.self)) + Int(try local.integer(UInt16.self))
    _ = try local.take(skipped)
    return (name, try local.take(size))
  }
}
