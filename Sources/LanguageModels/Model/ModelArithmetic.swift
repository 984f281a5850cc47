import Foundations
import Torch

/// How a checkpoint's numbers are held and multiplied, apart from the dtype that everything else is computed in.
public enum WeightFormat: String, Sendable, Codable, CaseIterable {
  /// As floating-point numbers of the model's dtype.
  case dense
  /// The projections of all blocks and a separate output head as int8, one scale an output. Embeddings (and a head
  /// that is tied to them), norms and biases stay dense.
  case int8
  /// The same as 4 bits, one scale for each group of 32 inputs, where a matrix's width is a multiple of that.
  case int4
  /// As the file has them: a GGUF file's blocks stay blocks, of the embedding too, and are unpacked inside of the
  /// products on the CPU. Everything else is dense.
  case stored

  /// Whether a weight is rounded to fewer bits. A tied head is never asked for.
  func rounds(_ weight: NamedShape) -> Bool {
    guard weight.name.isProjection, let width = weight.shape.last else { return false }
    return self == .int8 || (self == .int4 && width % BlockMatrix.group == 0)
  }

  /// Bytes of a weight that is `dtype` where it is dense; of int8 and int4 without scales' padding.
  func byteCount(_ weight: NamedShape, _ dtype: DType) -> Int {
    let count = weight.shape.reduce(1, *)
    guard rounds(weight) else { return count * dtype.size }
    return self == .int8 ? count : count / BlockMatrix.group * GGMLType.q40.blockBytes
  }
}

extension LanguageModel {
  public var hasInt8Weights: Bool { weightFormat == .int8 }

  /// Whether all weights are floats, which training and merging an adapter need.
  package var hasDenseWeights: Bool { packedWeights.isEmpty }

  /// Numbers in all weights.
  public var parameterCount: Int {
    weights.values.reduce(0) { $0 + $1.count } + packedWeights.values.reduce(0) { $0 + $1.count }
  }

  /// Bytes of all weights.
  public var weightBytes: Int {
    weights.values.reduce(0) { $0 + $1.count * $1.dtype.size } + packedWeights.values.reduce(0) { $0 + $1.byteCount }
  }

  /// What the model computes in and what its weights were rounded to before, for people and for the record: `bfloat16`,
  /// `bfloat16, int8 weights`, `float32, weights from GGUF Q4_1, Q8_0`, the same with `, kept as blocks`.
  public var arithmetic: String {
    dtype.rawValue + (quantisation.map { ", weights from \($0)" } ?? "") + held
      + (roundsSharedTokens ? ", int8 shared tokens" : "")
  }

  private var held: String {
    switch weightFormat {
    case .dense: ""
    case .int8, .int4: ", \(weightFormat.rawValue) weights"
    case .stored: ", kept as blocks"
    }
  }

  /// The same model with int8 weights, multiplied with 8 bits of every token that several sequences of a pack share and
  /// with 16 of the others. What this rounds is the same for all who share it, so that it hardly shows in their difference.
  public func roundingSharedTokens() throws(TelltaleError) -> LanguageModel {
    guard hasInt8Weights, Int8Matrix.hasOwnProducts, isOnCPU else {
      throw TelltaleError(
        .badInput,
        "int8 arithmetic needs int8 weights, the CPU and its VNNI instructions; see telltale doctor")
    }
    var model = self
    model.roundsSharedTokens = true
    return model
  }
}
