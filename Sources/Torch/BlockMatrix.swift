internal import CTorch
import Foundations

/// A weight matrix [out, in] that stays quantised blocks of the GGML library and is unpacked inside of its products.
///
/// Products of few rows unpack some hundred numbers at a time and sum in float32, so that a row does not depend on those
/// next to it; those of many unpack some megabytes at a time to the dtype of the input.
package struct BlockMatrix: Sendable {
  /// uint8 [out, bytes of a row]
  let bytes: Tensor
  /// Whether the weights were finite that were rounded, and their scales are.
  package private(set) var isFinite = true
  package let type: GGMLType
  /// [out, in]
  package let shape: [Int]

  /// Numbers that share a scale where weights are rounded to 4 bits; widths are multiples of it.
  package static let group = GGMLType.q40.blockValues

  /// Rounds to 4 bits, symmetric, in groups of 32 inputs, each with a float16 scale: whole numbers from -8 to 7 times the
  /// weight of largest magnitude / -8, as the `gguf` package rounds to Q4_0.
  ///
  /// - Parameter weight: float32, float16 or bfloat16 [out, in] on the CPU, `in` a multiple of 32.
  package init(rounding weight: Tensor) throws(TelltaleError) {
    var isFinite = false
    let bytes = try with(weight) { ct_block_quantise($0, &isFinite, $1) }
    self.init(bytes: bytes, type: .q40, shape: weight.shape)
    self.isFinite = isFinite
  }

  /// - Parameter bytes: uint8 [out, bytes of a row], whole blocks.
  package init(bytes: Tensor, _ type: GGMLType) throws(TelltaleError) {
    guard bytes.dtype == .uint8, bytes.rank == 2, bytes.size(1) % type.blockBytes == 0 else {
      throw TelltaleError(.invalidArgument, "\(bytes.shape) bytes are no rows of \(type.name) blocks")
    }
    self.init(
      bytes: try bytes.contiguous(), type: type,
      shape: [bytes.size(0), bytes.size(1) / type.blockBytes * type.blockValues])
  }

  private init(bytes: Tensor, type: GGMLType, shape: [Int]) {
    (self.bytes, self.type, self.shape) = (bytes, type, shape)
  }

  /// The numbers [out, in], rounded once from float32; elsewhere than on the CPU of 4-bit groups alone.
  package func unpacked(_ dtype: DType = .float32) throws(TelltaleError) -> Tensor {
    try with(bytes) { ct_block_unpack($0, Int32(type.rawValue), Int64(shape[1]), dtype.code, $1) }
  }

  /// The numbers of some rows [ids, in]: of an embedding, those of its tokens.
  package func rows(_ ids: Tensor, _ dtype: DType) throws(TelltaleError) -> Tensor {
    try BlockMatrix(bytes: bytes.selected(0, ids), type: type, shape: [ids.count, shape[1]]).unpacked(dtype)
  }

  package func moved(to device: Device) throws(TelltaleError) -> BlockMatrix {
    BlockMatrix(bytes: try bytes.moved(to: device), type: type, shape: shape)
  }

  /// Numbers in the matrix.
  package var count: Int { shape[0] * shape[1] }

  package var byteCount: Int { bytes.count }
}

extension Tensor {
  /// `self` [..., in] times a matrix of blocks [out, in] transposed, plus `bias` [out]: [..., out] in the dtype of `self`.
  ///
  /// - Parameter alike: whether a row must not depend on the other rows, however many they are.
  package func linear(
    _ weight: BlockMatrix, bias: Tensor? = nil, alike: Bool = false
  ) throws(TelltaleError) -> Tensor {
    guard rank > 0, size(rank - 1) == weight.shape[1] else {
      throw TelltaleError(.invalidArgument, "\(shape) is not of the \(weight.shape[1]) inputs of the matrix of blocks")
    }
    return try withExtendedLifetime(bias) { () throws(TelltaleError) in
      try with(self, weight.bytes) {
        ct_block_linear($0, $1, Int32(weight.type.rawValue), bias?.storage.ref, alike, $2)
      }
    }
  }
}
