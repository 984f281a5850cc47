import Foundation
import Foundations
import Torch

/// NumPy's `.npy` files of floating-point numbers, versions 1 to 3. Pickled object arrays are refused.
///
/// Source: `numpy.lib.format`.
enum NumpyFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let largestHeader = 1 << 16

  static func read(_ url: URL) throws(TelltaleError) -> ForeignTensor {
    try read(bytes: ForeignFile.bytes(url), file: url.path)
  }

  static func read(bytes: [UInt8], file: String) throws(TelltaleError) -> ForeignTensor {
    var reader = ByteReader(bytes[...], file: file)
    guard bytes.starts(with: magic) else { throw reader.error("is no .npy file; write it with numpy.save") }
    _ = try reader.take(magic.count)
    let version = try reader.byte()
    _ = try reader.byte()
    guard (1...3).contains(version) else { throw reader.error("has .npy version \(version); write it with numpy.save") }
    let count = version == 1 ? Int(try reader.integer(UInt16.self)) : Int(try reader.integer(UInt32.self))
    guard count <= largestHeader else { throw reader.error("has a header of \(count) bytes; it is damaged") }
    let header = String(decoding: try reader.take(count), as: UTF8.self)
    let (number, isFortran, shape) = try parse(header, reader)
    guard let elements = ForeignFile.elementCount(shape), elements * number.size <= reader.remaining else {
      throw reader.error("is too short for its shape \(shape); it is cut off or damaged")
    }
    let raw = try reader.take(elements * number.size)
    let values = (0..<elements).map { number.value(raw, isFortran ? columnMajor($0, shape) : $0) }
    return ForeignTensor(shape: shape, values: values)
  }

  private static func parse(
    _ header: String, _ reader: ByteReader
  ) throws(TelltaleError) -> (ForeignNumber, Bool, [Int]) {
    guard let descr = header.firstMatch(of: #/'descr':\s*'([^']*)'/#)?.1,
      let order = header.firstMatch(of: #/'fortran_order':\s*(True|False)/#)?.1,
      let sizes = header.firstMatch(of: #/'shape':\s*\(([0-9, ]*)\)/#)?.1
    else { throw reader.error("is no plain array of numbers; save one with numpy.save") }
    guard let number = number(descr) else {
      let kind = descr.contains("O") ? "pickled objects, which are never read" : "the type \(SafeText.quoted(descr))"
      throw reader.error("holds \(kind); save an array of little-endian floats (float16, float32 or float64)")
    }
    let shape = sizes.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) ?? -1 }
    return (number, order == "True", shape)
  }

  private static func number(_ descr: some StringProtocol) -> ForeignNumber? {
    switch descr {
    case "<f2": .float16
    case "<f4": .float32
    case "<f8": .float64
    default: nil
    }
  }

  /// Where element `index` of row-major order lies in column-major order.
  private static func columnMajor(_ index: Int, _ shape: [Int]) -> Int {
    var (rest, place, stride) = (index, 0, shape.reduce(1, *))
    for size in shape.reversed() {
      stride /= size
      place += rest % size * stride
      rest /= size
    }
    return place
  }

  /// A version 1 file's bytes: float32, row-major.
  static func bytes(_ tensor: ForeignTensor) -> Data {
    let sizes = tensor.shape.map { "\($0)" }.joined(separator: ", ") + (tensor.shape.count == 1 ? "," : "")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
    let unpadded = magic.count + 4 + header.utf8.count + 1
    header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    var data = Data(magic + [1, 0])
    withUnsafeBytes(of: UInt16(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header.utf8)
    for value in tensor.values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
    return data
  }
}
