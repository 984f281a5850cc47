import Foundation

/// The header of a safetensors file, checked so that no later read can leave the file.
///
/// Format: https://github.com/huggingface/safetensors#format. Eight bytes, the header's length n as little-endian
/// integer; n bytes of JSON, name to {dtype, shape, data_offsets}; then the data. As in the reference implementation
/// the tensors must cover the data without a gap and without an overlap.
struct SafetensorsHeader {
  struct Entry: Equatable {
    var dtypeName: String
    var shape: [Int]
    /// Bytes, counted from the beginning of the file.
    var range: Range<Int>
  }

  var entries: [String: Entry]
  var metadata: [String: String]

  /// The reference implementation's bound.
  static let largestHeader = 100_000_000

  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(TorchError) {
    func refuse(_ reason: String, _ item: String? = nil) -> TorchError {
      TorchError(
        .badInput, "\(reason); the file is damaged or no safetensors file, fetch or write it anew",
        at: InputLocation(file: file, item: item))
    }
    guard bytes.count >= 8 else { throw refuse("is too short for a safetensors header") }
    let declared = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard declared <= UInt64(Self.largestHeader), Int(declared) <= bytes.count - 8 else {
      throw refuse("its header claims \(declared) bytes, more than the file can hold (\(bytes.count) in all)")
    }
    let start = 8 + Int(declared)
    let json = Data(bytes[8..<start])
    let decoded: Decoded
    do { decoded = try JSONDecoder().decode(Decoded.self, from: json) } catch {
      throw refuse("its header is not the JSON of a safetensors file")
    }
    metadata = decoded.metadata
    entries = [:]
    for (name, raw) in decoded.tensors {
      guard let size = Self.byteCount(raw) else { throw refuse("has an impossible shape \(raw.shape)", name) }
      guard raw.data_offsets.count == 2, let low = raw.data_offsets.first, let high = raw.data_offsets.last,
        low >= 0, high >= low, high <= bytes.count - start
      else { throw refuse("has offsets \(raw.data_offsets) outside of the file's data", name) }
      guard size == nil || size == high - low else {
        throw refuse("has \(high - low) bytes where \(raw.dtype) \(raw.shape) needs \(size ?? 0)", name)
      }
      entries[name] = Entry(dtypeName: raw.dtype, shape: raw.shape, range: start + low..<start + high)
    }
    try Self.checkCoverage(entries, data: start..<bytes.count, refuse)
  }

  /// The bytes that dtype and shape ask for. nil: impossible; .some(nil): a dtype whose size we do not know.
  private static func byteCount(_ raw: RawEntry) -> Int?? {
    guard raw.shape.allSatisfy({ $0 >= 0 }), raw.shape.count <= 64 else { return nil }
    guard let size = DType(safetensorsName: raw.dtype)?.size else { return .some(nil) }
    var total = size
    for dimension in raw.shape {
      let (product, overflow) = total.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      total = product
    }
    return .some(total)
  }

  private static func checkCoverage(
    _ entries: [String: Entry], data: Range<Int>, _ refuse: (String, String?) -> TorchError
  ) throws(TorchError) {
    var end = data.lowerBound
    for (name, entry) in entries.sorted(by: {
      ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound)
    }) {
      guard entry.range.lowerBound >= end else { throw refuse("overlaps another tensor", name) }
      guard entry.range.lowerBound == end else { throw refuse("leaves a gap before its data", name) }
      end = entry.range.upperBound
    }
    guard end == data.upperBound else {
      throw refuse("has \(data.upperBound - end) bytes after its last tensor", nil)
    }
  }

  private struct RawEntry: Decodable {
    var dtype: String
    var shape: [Int]
    var data_offsets: [Int]
  }

  /// The JSON object, whose keys are the tensors' names and, once, `__metadata__`.
  private struct Decoded: Decodable {
    var tensors: [String: RawEntry] = [:]
    var metadata: [String: String] = [:]

    private struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for key in container.allKeys {
        if key.stringValue == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          tensors[key.stringValue] = try container.decode(RawEntry.self, forKey: key)
        }
      }
    }
  }
}
