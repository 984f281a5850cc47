import Foundation
import Foundations
import Tokenizers
import Torch

/// A GGUF file, memory-mapped: opening reads the header, and blocks are unpacked when a tensor is asked for.
package struct GGUFFile: Sendable {
  package let url: URL
  package let header: GGUFHeader
  private let file: MappedFile

  package init(_ url: URL) throws(TelltaleError) {
    self.url = url
    file = try MappedFile(url)
    header = try GGUFHeader(file.bytes, file: url.path) { type in
      GGMLType(rawValue: type).map { ($0.blockBytes, $0.blockValues) }
    }
  }

  package var metadata: GGUFMetadata { header.metadata }

  /// The element type of an entry; fails for those that are not read.
  package func type(of entry: GGUFHeader.Entry) throws(TelltaleError) -> GGMLType {
    if let type = GGMLType(rawValue: entry.type) { return type }
    let read = GGMLType.allCases.map(\.name).joined(separator: ", ")
    let name = GGMLType.names[entry.type] ?? "unknown (\(entry.type))"
    throw TelltaleError(
      .badInput, "has the element type \(name), which is not read; use a file quantised as one of \(read)",
      at: place(entry))
  }

  /// The numbers of an entry.
  ///
  /// - Parameter dtype: what blocks are rounded to; floats are given as they are, in the file's own pages.
  package func tensor(_ entry: GGUFHeader.Entry, dtype: DType) throws(TelltaleError) -> Tensor {
    let type = try type(of: entry)
    guard let range = entry.range else { throw TelltaleError(.failed, "has no place in the file", at: place(entry)) }
    if let own = type.dtype { return try file.tensor(range, shape: entry.shape, dtype: own) }
    return try Tensor(
      dequantising: UnsafeRawBufferPointer(rebasing: file.bytes[range]), type, shape: entry.shape, dtype: dtype)
  }

  /// Slice `index` of an entry's first dimension: one expert of a stack.
  package func tensor(_ entry: GGUFHeader.Entry, at index: Int, dtype: DType) throws(TelltaleError) -> Tensor {
    try tensor(slice(entry, index), dtype: dtype)
  }

  /// The blocks of a matrix (or of one slice) in the file's own pages; nil for floats.
  package func blocks(_ entry: GGUFHeader.Entry, at index: Int?) throws(TelltaleError) -> StoredBlocks? {
    let type = try type(of: entry)
    let part = try index.map { index throws(TelltaleError) in try slice(entry, index) } ?? entry
    guard type.dtype == nil, part.shape.count == 2, part.shape[1] % type.blockValues == 0, let range = part.range else {
      return nil
    }
    let bytes = [part.shape[0], part.shape[1] / type.blockValues * type.blockBytes]
    return StoredBlocks(bytes: try file.tensor(range, shape: bytes, dtype: .uint8), type: type)
  }

  private func slice(_ entry: GGUFHeader.Entry, _ index: Int) throws(TelltaleError) -> GGUFHeader.Entry {
    guard let first = entry.shape.first, entry.shape.count > 1, (0..<first).contains(index), let range = entry.range
    else { throw TelltaleError(.badInput, "has no part \(index) in its shape \(entry.shape)", at: place(entry)) }
    var slice = entry
    slice.shape.removeFirst()
    let size = range.count / first
    slice.range = range.lowerBound + index * size..<range.lowerBound + (index + 1) * size
    return slice
  }

  /// The numbers of a small entry.
  func numbers(_ entry: GGUFHeader.Entry) throws(TelltaleError) -> [Double] {
    try tensor(entry, dtype: .float32).doubles()
  }

  /// Gives back the memory of an entry's pages: they are read from the file again when they are needed.
  package func forget(_ entry: GGUFHeader.Entry) {
    if let range = entry.range { file.forget(range) }
  }

  func place(_ entry: GGUFHeader.Entry) -> InputLocation {
    InputLocation(file: url.path, item: SafeText.quoted(entry.name))
  }
}
