import Foundation
import Foundations
import Torch

/// Reads little-endian numbers of a file held in memory, never past its end.
struct ByteReader {
  let bytes: ArraySlice<UInt8>
  private(set) var position: Int
  let file: String

  init(_ bytes: ArraySlice<UInt8>, file: String, at offset: Int = 0) {
    self.bytes = bytes
    self.file = file
    position = bytes.startIndex + min(max(offset, 0), bytes.count)
  }

  var remaining: Int { bytes.endIndex - position }

  mutating func take(_ count: Int) throws(TelltaleError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw error("ends in the middle; it is cut off or damaged") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func byte() throws(TelltaleError) -> UInt8 {
    guard let byte = try take(1).first else { throw error("ends in the middle; it is cut off or damaged") }
    return byte
  }

  mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(TelltaleError) -> Number {
    let raw = try take(MemoryLayout<Number>.size)
    return raw.reversed().reduce(Number(0)) { ($0 << 8) | Number(truncatingIfNeeded: $1) }
  }

  func error(_ message: String, item: String? = nil) -> TelltaleError {
    TelltaleError(.badInput, message, at: InputLocation(file: file, item: item.map { SafeText.quoted($0) }))
  }
}

/// Vector files of other tools, read whole: they are small.
enum ForeignFile {
  /// Bytes of the largest file read.
  static let largest = 1 << 30
  /// Numbers of the largest tensor read: [positions, layers, hidden] of the largest models is below.
  static let largestTensor = 1 << 26

  /// Refuses what is no file of a size that vectors have.
  static func check(_ url: URL) throws(TelltaleError) {
    let place = InputLocation(file: url.path)
    let values = try? url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
    guard let values else { throw TelltaleError(.badInput, "there is no such file; check the path", at: place) }
    guard values.isRegularFile == true else {
      throw TelltaleError(.badInput, "is not a regular file; give a file with vectors", at: place)
    }
    guard values.fileSize ?? 0 <= largest else {
      throw TelltaleError(.badInput, "is larger than 1 GiB, which no file of vectors is", at: place)
    }
  }

  static func bytes(_ url: URL) throws(TelltaleError) -> [UInt8] {
    try check(url)
    guard let data = try? Data(contentsOf: url) else {
      throw TelltaleError(
        .badInput, "cannot be read; check its permissions", at: InputLocation(file: url.path))
    }
    return [UInt8](data)
  }

  /// The product of `shape`; nil beyond the largest tensor.
  static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product <= largestTensor else { return nil }
      count = product
    }
    return count
  }
}

/// The types of numbers that vector files hold.
enum ForeignNumber: Sendable {
  case float16, bfloat16, float32, float64

  var size: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    }
  }

  /// The number at `index` of little-endian `bytes`, which must hold it.
  func value(_ bytes: ArraySlice<UInt8>, _ index: Int) -> Float {
    let start = bytes.startIndex + index * size
    func bits<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
      bytes[start..<start + size].reversed().reduce(Number(0)) { ($0 << 8) | Number(truncatingIfNeeded: $1) }
    }
    switch self {
    case .float16: return Self.widened(bits(UInt16.self))
    case .bfloat16: return Float(bitPattern: UInt32(bits(UInt16.self)) << 16)
    case .float32: return Float(bitPattern: bits(UInt32.self))
    case .float64: return Float(Double(bitPattern: bits(UInt64.self)))
    }
  }

  /// IEEE half precision by hand: `Float16` is not there on every platform.
  private static func widened(_ half: UInt16) -> Float {
    let sign: Float = half >> 15 == 1 ? -1 : 1
    let exponent = Int(half >> 10 & 0x1F)
    let fraction = Float(half & 0x3FF) / 1024
    switch exponent {
    case 0: return sign * fraction * 0x1p-14
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}

/// A tensor of a foreign file, row-major.
struct ForeignTensor: Sendable, Equatable {
  var shape: [Int]
  var values: [Float]
}
