import Foundation
import Foundations

/// A safetensors file, memory-mapped: opening reads the header only, and a tensor lies in the file's own pages.
///
/// Every size and offset of the header is checked when the file is opened, so that a file that lies is refused with a
/// sentence and never read out of bounds.
public struct SafetensorsFile: Sendable {
  public let url: URL
  public let metadata: [String: String]
  private let entries: [String: SafetensorsHeader.Entry]
  private let file: MappedFile

  public init(_ url: URL) throws(TelltaleError) {
    self.url = url
    file = try MappedFile(url)
    let header = try SafetensorsHeader(file.bytes, file: url.path)
    metadata = header.metadata
    entries = header.entries
  }

  /// Names of the tensors, sorted.
  public var names: [String] { entries.keys.sorted() }

  public func contains(_ name: String) -> Bool { entries[name] != nil }

  public func shape(of name: String) throws(TelltaleError) -> [Int] { try entry(name).shape }

  /// Fails for the element types that Telltale has no arithmetic for.
  public func dtype(of name: String) throws(TelltaleError) -> DType {
    let entry = try entry(name)
    guard let dtype = DType(safetensorsName: entry.dtypeName) else {
      throw TelltaleError(
        .badInput,
        "has the element type \(SafeText.quoted(entry.dtypeName)), which Telltale does not read; convert the file to F32, F16 or BF16",
        at: InputLocation(file: url.path, item: SafeText.quoted(name)))
    }
    return dtype
  }

  /// The tensor in its stored dtype, without a copy (it keeps the mapping alive), unless its data is not aligned.
  public func tensor(_ name: String) throws(TelltaleError) -> Tensor {
    let entry = try entry(name)
    let dtype = try dtype(of: name)
    let place = InputLocation(file: url.path, item: SafeText.quoted(name))
    if dtype == .bool, file.bytes[entry.range].contains(where: { $0 > 1 }) {
      throw TelltaleError(.badInput, "holds a truth value that is neither 0 nor 1; write the file again", at: place)
    }
    do throws(TelltaleError) { return try file.tensor(entry.range, shape: entry.shape, dtype: dtype) } catch {
      throw TelltaleError(error.code, error.message, at: place)
    }
  }

  /// The name of a tensor's element type in the header, also of one that Telltale has no arithmetic for: "F8_E4M3".
  package func typeName(of name: String) throws(TelltaleError) -> String { try entry(name).dtypeName }

  /// The bytes of a tensor as uint8, of which the last dimension has those of all its elements: for packed numbers and for
  /// 8-bit floats, which have no dtype here.
  package func bytes(of name: String) throws(TelltaleError) -> Tensor {
    let entry = try entry(name)
    var shape = entry.shape
    let size = DType(safetensorsName: entry.dtypeName)?.size ?? 1
    if let last = shape.indices.last { shape[last] *= size } else { shape = [size] }
    guard Tensor.elementCount(shape) == entry.range.count else {
      throw TelltaleError(
        .badInput, "has \(entry.range.count) bytes, not those of elements of shape \(entry.shape)",
        at: InputLocation(file: url.path, item: SafeText.quoted(name)))
    }
    return try file.tensor(entry.range, shape: shape, dtype: .uint8)
  }

  /// Gives back the memory that a tensor's pages take, where nobody wrote to them: they are read from the file again when
  /// they are needed.
  package func forgetPages(of name: String) {
    guard let range = entries[name]?.range else { return }
    file.forget(range)
  }

  private func entry(_ name: String) throws(TelltaleError) -> SafetensorsHeader.Entry {
    guard let entry = entries[name] else {
      throw TelltaleError(
        .badInput,
        "holds no tensor \"\(SafeText.quoted(name))\"; it is not the file that was meant, or it is incomplete",
        at: InputLocation(file: url.path))
    }
    return entry
  }
}
