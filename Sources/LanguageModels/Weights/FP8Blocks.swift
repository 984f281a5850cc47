import Foundations
import Torch

/// 8-bit floats (e4m3) with one scale for each block of 128 x 128, as DeepSeek-V3 and Qwen3 publish: weight x
/// `weight_scale_inv`, despite its name.
struct FP8Blocks: PackedFormat {
  static let method = "fp8"
  private let block: (rows: Int, columns: Int)

  init(_ settings: QuantisationSettings) throws(TelltaleError) {
    let sizes = settings.integers("weight_block_size") ?? []
    guard sizes.count == 2, sizes.allSatisfy({ (1...65536).contains($0) }) else {
      throw settings.failure(
        "is missing or not two block sizes; FP8 is supported with a scale for each block, as [128, 128]",
        "weight_block_size")
    }
    block = (sizes[0], sizes[1])
  }

  var description: String { "FP8 \(block.rows)x\(block.columns)" }

  func packed(_ stored: Set<String>) -> [String: [String]] {
    let names = stored.stems("_scale_inv").filter { $0.hasSuffix(".weight") && stored.contains($0) }
    return Dictionary(uniqueKeysWithValues: names.map { ($0, [$0, "\($0)_scale_inv"]) })
  }

  func shape(of name: String, _ stored: any StoredTensors) throws -> [Int] { try stored.shape(of: name) }

  func unpacked(_ name: String, at index: Int?, _ stored: any StoredTensors) throws -> Tensor {
    let layer = PackedLayer(prefix: name, stored: stored)
    let shape = try layer.shape("", rank: 2)
    try layer.requireType("", "F8_E4M3")
    let counts = [(shape[0] + block.rows - 1) / block.rows, (shape[1] + block.columns - 1) / block.columns]
    let scales = try layer.floats("_scale_inv", counts)
      .selected(0, (0..<shape[0]).map { $0 / block.rows }).selected(1, (0..<shape[1]).map { $0 / block.columns })
    let whole = try layer.bytes("", shape).lookedUp(in: Self.numbers) * scales
    return try index.map { try whole[$0] } ?? whole
  }

  /// What each code of float8 e4m3fn means: one bit of sign, four of exponent (bias 7), three of fraction, no infinities.
  static let numbers: [Float] = (0..<256).map { code in
    let sign: Float = code & 128 == 0 ? 1 : -1
    let (exponent, fraction) = (code >> 3 & 15, Float(code & 7) / 8)
    if code & 127 == 127 { return .nan }
    return exponent == 0
      ? sign * fraction * 0x1p-6 : sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
  }
}
