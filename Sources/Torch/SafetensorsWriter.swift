import Foundation
import Foundations

extension SafetensorsFile {
  /// Writes tensors and metadata as a safetensors file: aside, flushed to the disk, then renamed, so that no
  /// half-written file is ever seen under `url`.
  public static func write(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to url: URL
  ) throws(TelltaleError) {
    let names = ordered(tensors)
    let header = try headerBytes(names, tensors, metadata, file: url.path)
    try AtomicFile.write(to: url) { handle in
      try handle.write(contentsOf: header)
      for name in names {
        guard let tensor = tensors[name] else { continue }
        try tensor.withBytes { try write($0, to: handle) }
      }
    }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to handle: FileHandle) throws {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    let start = UnsafeMutableRawPointer(mutating: base)
    try handle.write(contentsOf: Data(bytesNoCopy: start, count: bytes.count, deallocator: .none))
  }

  /// Widest elements first, then by name, as the reference implementation writes: every tensor is aligned.
  private static func ordered(_ tensors: [String: Tensor]) -> [String] {
    tensors.keys.sorted { a, b in
      let (left, right) = (tensors[a]?.dtype.size ?? 0, tensors[b]?.dtype.size ?? 0)
      return left != right ? left > right : a < b
    }
  }

  private struct Entry: Encodable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  private static func headerBytes(
    _ names: [String], _ tensors: [String: Tensor], _ metadata: [String: String], file: String
  ) throws(TelltaleError) -> Data {
    let place = InputLocation(file: file)
    let entries = try entries(names, tensors, place)
    var json: Data
    do { json = try encoded(entries, metadata) } catch {
      throw TelltaleError(.failed, "the header cannot be encoded: \(error)", at: place)
    }
    json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    guard json.count <= SafetensorsHeader.largestHeader else {
      throw TelltaleError(
        .invalidArgument, "needs a header of \(json.count) bytes, more than the format allows", at: place)
    }
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
  }

  /// One entry a tensor, their data one after the other.
  private static func entries(
    _ names: [String], _ tensors: [String: Tensor], _ place: InputLocation
  ) throws(TelltaleError) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    var offset = 0
    for name in names {
      guard let tensor = tensors[name] else { continue }
      guard name != SafetensorsHeader.metadataName else {
        throw TelltaleError(
          .invalidArgument, "cannot hold a tensor named \(name), a name the format reserves", at: place)
      }
      let (size, tooLarge) = tensor.count.multipliedReportingOverflow(by: tensor.dtype.size)
      let (end, tooFar) = offset.addingReportingOverflow(size)
      guard !tooLarge, !tooFar else {
        throw TelltaleError(.outOfMemory, "would be larger than any file can be", at: place)
      }
      let dtype = tensor.dtype.safetensorsName
      entries[name] = Entry(dtype: dtype, shape: tensor.shape, offsets: [offset, end])
      offset = end
    }
    return entries
  }

  /// The metadata object goes first, by hand: its values are of another type than the entries.
  private static func encoded(_ entries: [String: Entry], _ metadata: [String: String]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = try encoder.encode(entries)
    if metadata.isEmpty { return body }
    var json = Data("{\"\(SafetensorsHeader.metadataName)\":".utf8)
    json.append(try encoder.encode(metadata))
    json.append(Data((entries.isEmpty ? "}" : ",").utf8))
    if !entries.isEmpty { json.append(body.dropFirst()) }
    return json
  }
}
