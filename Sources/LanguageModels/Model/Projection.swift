import Foundations
import Torch

/// A linear map: x [tokens, in] to [tokens, out].
struct Projection: Sendable {
  /// Rows computed together by a batch-invariant model. The matrix library goes through a block by 4, 6 or 8 rows,
  /// depending on the processor, and adds up what is left over in another order: 48 leaves nothing over. 48 rows cost a
  /// small model nothing, and a multiple of 64 bytes of every width keeps the blocks aligned alike.
  static let invariantBlock = 48

  let weight: WeightMatrix  // [out, in]
  let bias: Tensor?  // [out]
  /// Rows computed together; nil computes all at once.
  var rowBlock: Int?
  /// What an adapter adds to the output.
  var update: LowRankUpdate?

  /// - Parameter coarse: by token, whether an int8 matrix may be multiplied with 8 bits of it; nil: with none.
  func callAsFunction(_ x: Tensor, coarse: [Bool]? = nil) throws(TelltaleError) -> Tensor {
    let output = try product(x, coarse)  // [tokens, out]
    return try update?.added(to: output, x, rowBlock: rowBlock) ?? output
  }

  private func product(_ x: Tensor, _ coarse: [Bool]?) throws(TelltaleError) -> Tensor {
    switch weight {
    case .dense(let weight): try x.linear(weight, bias: bias, rowBlock: rowBlock)
    case .packed(.blocks(let weight)): try x.linear(weight, bias: bias, alike: rowBlock != nil)
    case .packed(.int8(let weight)):
      if rowBlock != nil, !Int8Matrix.hasOwnProducts {
        try x.linear(weight.unpacked().converted(to: x.dtype), bias: bias, rowBlock: rowBlock)
      } else {
        try x.linear(weight, bias: bias, coarse: coarse)
      }
    }
  }

  /// Several maps of the same x, in their order: in one call, so that threads wait for each other once.
  static func together(
    _ maps: [Projection], _ x: Tensor, coarse: [Bool]? = nil
  ) throws(TelltaleError) -> [Tensor] {
    let dense = maps.compactMap(\.plainWeight)
    if dense.count == maps.count { return try x.linears(dense, biases: maps.map(\.bias)) }
    var outputs: [Tensor] = []
    for map in maps { outputs.append(try map(x, coarse: coarse)) }
    return outputs
  }

  /// The weight, where the map is that of a dense one and nothing else.
  private var plainWeight: Tensor? {
    if case .dense(let weight) = weight, rowBlock == nil, update == nil { weight } else { nil }
  }
}
