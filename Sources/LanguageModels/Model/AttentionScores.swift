import Foundations
import Torch

/// How a layer's attention makes scores of queries and keys, apart from which keys a query sees.
struct AttentionScores: Sendable {
  let window: Int?
  let scale: Double
  /// Scores s become cap tanh(s / cap).
  let cap: Double?
  /// One more score for each query head, which takes its share of the softmax and has no value: [heads], in the model's
  /// dtype, and in float32 on the CPU as own kernels read it.
  let sinks: (own: Tensor, wide: Tensor)?

  init(_ configuration: ModelConfiguration, _ layer: Int, _ table: WeightTable) throws(TelltaleError) {
    let design = configuration.layers[layer]
    (window, scale, cap) = (design.window, design.scale, configuration.scoreCap)
    guard configuration.hasSinks else {
      sinks = nil
      return
    }
    let own = try table(WeightName(layer: layer, module: "self_attn.sinks"))
    sinks = (own, try own.converted(to: .float32, device: .cpu).contiguous())
  }

  /// Whether a kernel that knows nothing but a scale will do.
  private var isPlain: Bool { cap == nil && sinks == nil }

  /// Attention of q [n, heads, a, dim] over k and v [n, heads, b, dim], the query heads of one key-value head either repeated
  /// (heads by heads) or as so many queries.
  func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, causal: Bool = false, queriesAreHeads: Bool = false
  ) throws(TelltaleError) -> Tensor {
    if isPlain { return try q.attention(k, v, mask: mask, causal: causal, scale: scale) }
    let shape = [1, q.size(1), queriesAreHeads ? q.size(2) : 1, 1]
    return try q.attention(
      k, v, mask: mask, causal: causal, scale: scale, cap: cap, sinks: sinks?.own.reshaped(shape))
  }
}

extension ModelConfiguration {
  /// Whether scores are made as libtorch's fused kernels know.
  var hasPlainScores: Bool { scoreCap == nil && !hasSinks }
}
