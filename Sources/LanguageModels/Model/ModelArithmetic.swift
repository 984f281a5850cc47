import Foundations
import Torch

/// How a checkpoint's numbers are held and multiplied, beside the dtype that everything else is computed in.
public enum WeightFormat: String, Sendable, Codable, CaseIterable {
  /// As floating-point numbers of the model's dtype.
  case dense
  /// The projections of all blocks and an output head of its own as int8, one scale an output. Embeddings (and a head
  /// that is tied to them), norms and biases stay dense.
  case int8

  /// Whether a weight of this name becomes int8. The name of a tied head is never asked for.
  func rounds(_ name: String) -> Bool { self == .int8 && (name.hasSuffix("_proj.weight") || name == "lm_head.weight") }
}

extension LanguageModel {
  public var hasInt8Weights: Bool { !int8Weights.isEmpty }

  /// Numbers in all weights.
  public var parameterCount: Int {
    weights.values.reduce(0) { $0 + $1.count } + int8Weights.values.reduce(0) { $0 + $1.count }
  }

  /// Bytes of all weights.
  public var weightBytes: Int {
    weights.values.reduce(0) { $0 + $1.count * $1.dtype.size } + int8Weights.values.reduce(0) { $0 + $1.byteCount }
  }

  /// What the model computes in, for people and for the record: `bfloat16`, `bfloat16, int8 weights`.
  public var arithmetic: String {
    dtype.rawValue + (hasInt8Weights ? ", int8 weights" : "") + (roundsSharedTokens ? ", int8 shared tokens" : "")
  }

  /// The same model with int8 weights, multiplied with 8 bits of every token that several sequences of a pack share and
  /// with 16 of the others. What this rounds is the same for all who share it, so that it hardly shows in their difference.
  public func roundingSharedTokens() throws(TelltaleError) -> LanguageModel {
    guard hasInt8Weights, Int8Matrix.hasOwnProducts, device == .cpu else {
      throw TelltaleError(
        .badInput,
        "int8 arithmetic needs int8 weights, the CPU and its VNNI instructions; see telltale doctor")
    }
    var model = self
    model.roundsSharedTokens = true
    return model
  }
}
