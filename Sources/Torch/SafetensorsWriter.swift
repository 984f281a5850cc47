import Foundation

extension SafetensorsFile {
  /// Writes tensors and metadata as a safetensors file: aside, flushed to the disk, then renamed, so that no
  /// half-written file is ever seen under `url`.
  public static func write(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to url: URL
  ) throws(TorchError) {
    let names = ordered(tensors)
    let header = try headerBytes(names, tensors, metadata, file: url.path)
    try AtomicFile.write(to: url) { handle in
      try handle.write(contentsOf: header)
      for name in names {
        guard let tensor = tensors[name] else { continue }
        try tensor.withBytes { bytes in
          if !bytes.isEmpty {
            try handle.write(
              contentsOf: Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: bytes.baseAddress!), count: bytes.count,
                deallocator: .none))
          }
        }
      }
    }
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
    var data_offsets: [Int]
  }

  private static func headerBytes(
    _ names: [String], _ tensors: [String: Tensor], _ metadata: [String: String], file: String
  ) throws(TorchError) -> Data {
    var entries: [String: Entry] = [:]
    var offset = 0
    for name in names {
      guard let tensor = tensors[name] else { continue }
      let size = tensor.count * tensor.dtype.size
      entries[name] = Entry(
        dtype: tensor.dtype.safetensorsName, shape: tensor.shape, data_offsets: [offset, offset + size])
      offset += size
    }
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      // The metadata object goes first by hand: its values are of another type than the entries.
      let body = try encoder.encode(entries)
      var json = Data()
      if metadata.isEmpty {
        json = body
      } else {
        json.append(Data("{\"__metadata__\":".utf8))
        json.append(try encoder.encode(metadata))
        json.append(Data((entries.isEmpty ? "}" : ",").utf8))
        if !entries.isEmpty { json.append(body.dropFirst()) }
      }
      json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
      return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
    } catch {
      throw TorchError(.failed, "the header cannot be encoded: \(error)", at: InputLocation(file: file))
    }
  }
}
