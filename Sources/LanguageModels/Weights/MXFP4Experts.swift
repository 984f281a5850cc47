import Foundations
import Torch

/// The experts of gpt-oss: 4-bit floats in groups of 32 that share a power of two (OCP Microscaling Formats, MXFP4).
///
/// `*_blocks` uint8 [experts, outputs, groups, 16], the lower half of a byte first; `*_scales` uint8 [experts, outputs,
/// groups], exponents with bias 127. Published as [experts, inputs, outputs].
struct MXFP4Experts: PackedFormat {
  static let method = "mxfp4"

  init(_ settings: QuantisationSettings) throws(TelltaleError) {}

  var description: String { "MXFP4" }

  func packed(_ stored: Set<String>) -> [String: [String]] {
    let names = stored.stems("_blocks").filter { stored.contains("\($0)_scales") }
    return Dictionary(uniqueKeysWithValues: names.map { ($0, ["\($0)_blocks", "\($0)_scales"]) })
  }

  func shape(of name: String, _ stored: any StoredTensors) throws -> [Int] {
    let shape = try blockShape(PackedLayer(prefix: name, stored: stored))
    return [shape[0], shape[2] * 32, shape[1]]
  }

  private func blockShape(_ layer: PackedLayer) throws -> [Int] {
    let shape = try layer.shape("_blocks", rank: 4)
    guard shape[3] == 16 else { throw layer.failure("_blocks", "has \(shape[3]) bytes in a group where 16 are meant") }
    return shape
  }

  func unpacked(_ name: String, at index: Int?, _ stored: any StoredTensors) throws -> Tensor {
    let layer = PackedLayer(prefix: name, stored: stored)
    let shape = try blockShape(layer)
    var blocks = try layer.bytes("_blocks", shape)
    var scales = try layer.bytes("_scales", Array(shape.dropLast()))
    if let index {
      guard (0..<shape[0]).contains(index) else {
        throw layer.failure("_blocks", "holds \(shape[0]) experts, of which none is number \(index)")
      }
      (blocks, scales) = (try blocks[index], try scales[index])
    }
    let exponents = try scales.lookedUp(in: Self.powers).unsqueezed(-1)
    let numbers = try blocks.lookedUp(in: Self.numbers) * exponents
    let rows = Array(numbers.shape.dropLast(2)) + [shape[2] * 32]
    return try numbers.reshaped(rows).transposed(-2, -1)
  }

  private static let magnitudes: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
  static let numbers: [Float] = magnitudes + magnitudes.map { -$0 }

  /// 2^(code - 127); the last code is no number.
  static let powers: [Float] = (0..<255).map { Float(sign: .plus, exponent: $0 - 127, significand: 1) } + [.nan]
}
