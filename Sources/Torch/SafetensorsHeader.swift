import Foundation
import Foundations

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

  /// The one name of a header that is no tensor's.
  static let metadataName = "__metadata__"

  init(_ bytes: UnsafeRawBufferPointer, file: String) throws(TelltaleError) {
    let refusal = Refusal(file: file)
    let json = try Self.headerText(bytes, refusal)
    let decoded: Decoded
    do { decoded = try JSONDecoder().decode(Decoded.self, from: json) } catch {
      throw refusal("its header is not the JSON of a safetensors file")
    }
    guard Self.memberCount(json) == decoded.memberCount else { throw refusal("its header names a tensor twice") }
    let data = 8 + json.count..<bytes.count
    metadata = decoded.metadata
    entries = [:]
    for (name, raw) in decoded.tensors { entries[name] = try Self.entry(raw, name, data, refusal) }
    try Self.checkCoverage(entries, data: data, refusal)
  }

  /// Makes the error for a file that is not what it should be.
  private struct Refusal {
    var file: String

    func callAsFunction(_ reason: String, _ item: String? = nil) -> TelltaleError {
      TelltaleError(
        .badInput, "\(reason); the file is damaged or no safetensors file, fetch or write it again",
        at: InputLocation(file: file, item: item.map { SafeText.quoted($0) }))
    }
  }

  private static func headerText(_ bytes: UnsafeRawBufferPointer, _ refusal: Refusal) throws(TelltaleError) -> Data {
    guard bytes.count >= 8 else { throw refusal("is too short for a safetensors header") }
    let declared = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard declared <= UInt64(min(largestHeader, bytes.count - 8)) else {
      throw refusal("claims a header of \(declared) bytes, more than the file or the format can hold")
    }
    let json = Data(bytes[8..<8 + Int(declared)])
    // The decoder would also take UTF-16 and UTF-32, which always contain zeros here.
    guard json.first == UInt8(ascii: "{"), !json.contains(0) else {
      throw refusal("its header does not begin as a safetensors header does")
    }
    return json
  }

  /// The names at the top level of valid JSON, counted without a dictionary, in which equal ones would merge.
  private static func memberCount(_ json: Data) -> Int {
    var (count, depth, inString, escaped) = (0, 0, false, false)
    for byte in json {
      switch byte {
      case _ where escaped: escaped = false
      case UInt8(ascii: "\\"): escaped = inString
      case UInt8(ascii: "\""): inString.toggle()
      case _ where inString: break
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ":"): count += depth == 1 ? 1 : 0
      default: break
      }
    }
    return count
  }

  private static func entry(
    _ raw: RawEntry, _ name: String, _ data: Range<Int>, _ refusal: Refusal
  ) throws(TelltaleError) -> Entry {
    guard let size = byteCount(raw) else { throw refusal("has an impossible shape", name) }
    guard raw.offsets.count == 2, let low = raw.offsets.first, let high = raw.offsets.last,
      low >= 0, high >= low, high <= data.count
    else { throw refusal("has offsets outside of the file's data", name) }
    guard size == nil || size == high - low else {
      throw refusal("has \(high - low) bytes where its type and shape need \(size ?? 0)", name)
    }
    return Entry(
      dtypeName: raw.dtype, shape: raw.shape, range: data.lowerBound + low..<data.lowerBound + high)
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
    _ entries: [String: Entry], data: Range<Int>, _ refusal: Refusal
  ) throws(TelltaleError) {
    var end = data.lowerBound
    let inOrder = entries.sorted { a, b in
      (a.value.range.lowerBound, a.value.range.upperBound) < (b.value.range.lowerBound, b.value.range.upperBound)
    }
    for (name, entry) in inOrder {
      guard entry.range.lowerBound >= end else { throw refusal("overlaps another tensor", name) }
      guard entry.range.lowerBound == end else { throw refusal("leaves a gap before its data", name) }
      end = entry.range.upperBound
    }
    guard end == data.upperBound else {
      throw refusal("has \(data.upperBound - end) bytes after its last tensor")
    }
  }

  private struct RawEntry: Decodable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  /// The JSON object, whose keys are the tensors' names and, once, `__metadata__`.
  private struct Decoded: Decodable {
    var tensors: [String: RawEntry] = [:]
    var metadata: [String: String] = [:]
    var memberCount = 0

    private struct Name: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      memberCount = container.allKeys.count
      for key in container.allKeys {
        if key.stringValue == SafetensorsHeader.metadataName {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          tensors[key.stringValue] = try container.decode(RawEntry.self, forKey: key)
        }
      }
    }
  }
}
