internal import CTorch
import Foundations

/// A weight matrix [out, in] rounded to int8: whole numbers from -127 to 127 times a scale for each output, which is
/// the largest magnitude of that output's weights / 127 (symmetric, per output channel).
///
/// Half the bytes of bfloat16. Products sum in 32-bit integers where the processor can (`hasOwnProducts`), which makes
/// a row of the result independent of the other rows, bit by bit; elsewhere the matrix is unpacked in every product.
public struct Int8Matrix: Sendable {
  /// uint8 [out / 32, in / 4, 128]: in the order in which products read it, 128 added.
  let packed: Tensor
  /// float32 [out]
  public let scales: Tensor
  /// [out, in]
  public let shape: [Int]

  /// Whether this processor multiplies bytes (AVX512-VNNI), and TELLTALE_INT8 is not `libtorch`.
  public static let hasOwnProducts = Kernel.int8Products.isOwn

  /// - Parameter weight: float32, float16 or bfloat16 [out, in] on the CPU. An output whose weights are not all finite
  ///   gets a scale that is not finite.
  public init(_ weight: Tensor) throws(TelltaleError) {
    var scales: ct_tensor?
    let packed = try with(weight) { ct_int8_quantise($0, &scales, $1) }
    guard let scales else { throw TelltaleError(.failed, "libtorch gave only one of two results") }
    self.init(packed: packed, scales: Tensor(owning: scales), shape: weight.shape)
  }

  private init(packed: Tensor, scales: Tensor, shape: [Int]) {
    (self.packed, self.scales, self.shape) = (packed, scales, shape)
  }

  /// What the rounded matrix stands for, float32 [out, in].
  public func unpacked() throws(TelltaleError) -> Tensor {
    try with(packed, scales) { ct_int8_unpack($0, $1, Int64(shape[1]), $2) }
  }

  public func moved(to device: Device) throws(TelltaleError) -> Int8Matrix {
    Int8Matrix(packed: try packed.moved(to: device), scales: try scales.moved(to: device), shape: shape)
  }

  /// Numbers in the matrix.
  public var count: Int { shape[0] * shape[1] }

  public var byteCount: Int { packed.count + 4 * scales.count }
}

extension Tensor {
  /// `self` [..., in] times an int8 matrix [out, in] transposed, plus `bias` [out]: [..., out] in the dtype of `self`.
  ///
  /// With own products every row of `self` is rounded to 16 bits times its own scale (largest magnitude / 32,512).
  ///
  /// - Parameters:
  ///   - coarse: by row, whether 8 bits (largest magnitude / 127) will do: half the work. Ignored without own products.
  ///   - ownProducts: false unpacks the matrix and leaves the product to libtorch.
  public func linear(
    _ weight: Int8Matrix, bias: Tensor? = nil, coarse: [Bool]? = nil, ownProducts: Bool = Int8Matrix.hasOwnProducts
  ) throws(TelltaleError) -> Tensor {
    guard rank > 0, size(rank - 1) == weight.shape[1] else {
      throw TelltaleError(.invalidArgument, "\(shape) is not of the \(weight.shape[1]) inputs of the int8 matrix")
    }
    guard coarse == nil || coarse?.count == count / weight.shape[1] else {
      throw TelltaleError(.invalidArgument, "one precision a row is meant")
    }
    return try withExtendedLifetime((bias, weight)) { () throws(TelltaleError) in
      try with(self, weight.packed, weight.scales) {
        ct_int8_linear($0, $1, $2, bias?.storage.ref, coarse, ownProducts, $3)
      }
    }
  }
}
