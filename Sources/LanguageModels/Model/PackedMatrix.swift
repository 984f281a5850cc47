import Foundations
import Torch

/// A weight matrix [out, in] that is kept otherwise than as floats.
package enum PackedMatrix: Sendable {
  /// Whole numbers of 8 bits, a scale for each output.
  case int8(Int8Matrix)
  /// Blocks with their own scales: of 4 bits, rounded while loading, or a GGUF file's own.
  case blocks(BlockMatrix)

  /// Rounds a weight as a format asks for; nil where it stays dense: all that is no projection, and in 4 bits a matrix
  /// whose width is no multiple of a group.
  init?(_ format: WeightFormat, _ named: NamedShape, rounding weight: () throws -> Tensor) throws {
    guard format.rounds(named) else { return nil }
    self = format == .int8 ? .int8(try Int8Matrix(weight())) : .blocks(try BlockMatrix(rounding: weight()))
  }

  var shape: [Int] {
    switch self {
    case .int8(let matrix): matrix.shape
    case .blocks(let matrix): matrix.shape
    }
  }

  /// Numbers in the matrix.
  var count: Int { shape[0] * shape[1] }

  var byteCount: Int {
    switch self {
    case .int8(let matrix): matrix.byteCount
    case .blocks(let matrix): matrix.byteCount
    }
  }

  /// What the matrix stands for, float32 [out, in].
  func unpacked() throws(TelltaleError) -> Tensor {
    switch self {
    case .int8(let matrix): try matrix.unpacked()
    case .blocks(let matrix): try matrix.unpacked()
    }
  }

  /// Whether the weights were finite that were rounded.
  func isFinite() throws(TelltaleError) -> Bool {
    switch self {
    case .int8(let matrix): try matrix.scales.isFinite().all()
    case .blocks(let matrix): matrix.isFinite
    }
  }

  func moved(to device: Device) throws(TelltaleError) -> PackedMatrix {
    switch self {
    case .int8(let matrix): .int8(try matrix.moved(to: device))
    case .blocks(let matrix): .blocks(try matrix.moved(to: device))
    }
  }
}

/// A weight matrix [out, in].
enum WeightMatrix: Sendable {
  case dense(Tensor)
  case packed(PackedMatrix)

  var shape: [Int] {
    switch self {
    case .dense(let tensor): tensor.shape
    case .packed(let matrix): matrix.shape
    }
  }

  /// The matrix as numbers; a packed one unpacked, in float32.
  func numbers() throws(TelltaleError) -> Tensor {
    switch self {
    case .dense(let tensor): tensor
    case .packed(let matrix): try matrix.unpacked()
    }
  }

  func moved(to device: Device) throws(TelltaleError) -> WeightMatrix {
    switch self {
    case .dense(let tensor): .dense(try tensor.moved(to: device))
    case .packed(let matrix): .packed(try matrix.moved(to: device))
    }
  }

  /// The rows of an embedding [ids, in], in `dtype`, on the matrix's device.
  func rows(_ ids: [Int], _ dtype: DType, _ device: Device) throws(TelltaleError) -> Tensor {
    let chosen = try Tensor(ids).moved(to: device)
    switch self {
    case .dense(let tensor): return try tensor.embedding(chosen)
    case .packed(.blocks(let matrix)): return try matrix.rows(chosen, dtype)
    case .packed(.int8(let matrix)): return try matrix.unpacked().embedding(chosen).converted(to: dtype)
    }
  }
}
