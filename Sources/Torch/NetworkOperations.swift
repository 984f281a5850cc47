internal import CTorch
import Foundations

/// The operations that language models are made of.
extension Tensor {
  public func matmul(_ other: Tensor) throws(TelltaleError) -> Tensor {
    try with(self, other) { ct_matmul($0, $1, $2) }
  }

  /// `self` [..., in] times `weight` [out, in] transposed, plus `bias` [out]: [..., out].
  public func linear(_ weight: Tensor, bias: Tensor? = nil) throws(TelltaleError) -> Tensor {
    guard let bias else { return try with(self, weight) { ct_linear($0, $1, nil, $2) } }
    return try with(self, weight, bias) { ct_linear($0, $1, $2, $3) }
  }

  /// The products of `self` [..., in] with several weights [out, in], each with its bias where it has one: the same
  /// numbers as one by one, in less time where there are few rows.
  package func linears(_ weights: [Tensor], biases: [Tensor?]) throws(TelltaleError) -> [Tensor] {
    precondition(weights.count == biases.count, "one bias or nil a weight")
    var error = ct_error()
    var outs = [ct_tensor?](repeating: nil, count: weights.count)
    withExtendedLifetime((storage, weights, biases)) {
      ct_linears(
        storage.ref, weights.map(\.storage.ref), biases.map { $0?.storage.ref }, Int64(weights.count), &outs, &error)
    }
    if error.code != 0 { throw TelltaleError(taking: &error) }
    return outs.compactMap { $0.map(Tensor.init(owning:)) }
  }

  /// The same, computed in blocks of `rowBlock` rows, the last one filled up: a row is bit by bit the same
  /// regardless of the rows computed with it, which one product over all rows does not promise. No gradients. `nil` computes
  /// all rows at once, with gradients.
  public func linear(_ weight: Tensor, bias: Tensor? = nil, rowBlock: Int?) throws(TelltaleError) -> Tensor {
    guard let rowBlock else { return try linear(weight, bias: bias) }
    let block = Int64(rowBlock)
    guard let bias else { return try with(self, weight) { ct_linear_blocks($0, $1, nil, block, $2) } }
    return try with(self, weight, bias) { ct_linear_blocks($0, $1, $2, block, $3) }
  }

  /// The rows `ids` (int64) of an embedding matrix [vocabulary, hidden].
  public func embedding(_ ids: Tensor) throws(TelltaleError) -> Tensor {
    try with(self, ids) { ct_embedding($0, $1, $2) }
  }

  /// Root-mean-square normalisation over the last dimension, in float32, scaled by `weight` (Zhang & Sennrich 2019):
  /// rounded, then scaled, as transformers' LlamaRMSNorm does; where `weight` is float32 and this is narrower, scaled, then
  /// rounded, as its Gemma2RMSNorm does.
  public func rmsNorm(_ weight: Tensor, epsilon: Double) throws(TelltaleError) -> Tensor {
    try with(self, weight) { ct_rms_norm($0, $1, epsilon, $2) }
  }

  /// Normalisation to zero mean and unit variance over the last dimension, scaled by `weight` and moved by `bias` (Ba et
  /// al. 2016), in float32 and rounded once.
  public func layerNorm(_ weight: Tensor, bias: Tensor, epsilon: Double) throws(TelltaleError) -> Tensor {
    try with(self, weight, bias) { ct_layer_norm($0, $1, $2, epsilon, $3) }
  }

  /// Rotary position embedding of [tokens, heads, dim] by cosines and sines [tokens, turned] (halves rotated, as in
  /// transformers' Llama); the numbers of a head beyond `turned` stay.
  public func rotated(cosines: Tensor, sines: Tensor) throws(TelltaleError) -> Tensor {
    try with(self, cosines, sines) { ct_rotate($0, $1, $2, $3) }
  }

  /// silu(self) * up
  public func gatedSilu(_ up: Tensor) throws(TelltaleError) -> Tensor {
    try with(self, up) { ct_gated_silu($0, $1, $2) }
  }

  public func silu() throws(TelltaleError) -> Tensor { try unary(CT_SILU) }

  /// x times the normal distribution function of x (Hendrycks & Gimpel 2016).
  public func gelu() throws(TelltaleError) -> Tensor { try unary(CT_GELU) }

  /// The same by its approximation with a hyperbolic tangent.
  public func geluTanh() throws(TelltaleError) -> Tensor { try unary(CT_GELU_TANH) }

  public func hyperbolicTangent() throws(TelltaleError) -> Tensor { try unary(CT_TANH) }

  /// Scaled dot-product attention of queries `self` [n, heads, a, dim] over `keys` and `values` [n, heads, b, dim].
  ///
  /// `mask` is additive (0 or minus infinity), of the queries' dtype, broadcastable to [n, heads, a, b]; `causal` is for
  /// a == b without a mask. A query whose keys are all masked gives zeros.
  public func attention(
    _ keys: Tensor, _ values: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double
  ) throws(TelltaleError) -> Tensor {
    guard let mask else {
      return try with(self, keys, values) { ct_attention($0, $1, $2, nil, causal, scale, $3) }
    }
    return try withExtendedLifetime(mask.storage) { () throws(TelltaleError) in
      try with(self, keys, values) { ct_attention($0, $1, $2, mask.storage.ref, causal, scale, $3) }
    }
  }

  /// The same attention with `scores` of another shape: for what no kernel knows, composed in float32.
  ///
  /// - Parameter sinks: one more score a query, broadcastable to [n, heads, a, 1].
  public func attention(
    _ keys: Tensor, _ values: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Double, cap: Double?,
    sinks: Tensor?
  ) throws(TelltaleError) -> Tensor {
    try withExtendedLifetime((mask, sinks)) { () throws(TelltaleError) in
      try with(self, keys, values) {
        ct_shaped_attention($0, $1, $2, mask?.storage.ref, causal, scale, cap ?? 0, sinks?.storage.ref, $3)
      }
    }
  }

  /// Attention of new tokens, each over its own past: queries `self` [n, heads, queries, dim] over the first `lengths[i]` of
  /// `keys` and `values` [n, heads, longest, dim], of which `window` leaves the last ones. Float32,
  /// bfloat16 or float16 on the CPU.
  ///
  /// Sums are in a fixed order, so that a sequence is the same bit by bit regardless of the other sequences and of
  /// the number of threads.
  ///
  /// - Parameters:
  ///   - cap: scores s become cap tanh(s / cap).
  ///   - sinks: float32 [heads * queries] on the CPU, one more score for each, without a value.
  public func attentionByLength(
    _ keys: Tensor, _ values: Tensor, lengths: [Int], window: Int? = nil, scale: Double, cap: Double? = nil,
    sinks: Tensor? = nil
  ) throws(TelltaleError) -> Tensor {
    guard rank == 4, lengths.count == size(0) else {
      throw TelltaleError(.invalidArgument, "one length a sequence is meant, and queries [n, heads, queries, dim]")
    }
    let own = lengths.map(Int64.init)
    return try withExtendedLifetime(sinks) { () throws(TelltaleError) in
      try with(self, keys, values) {
        let scores = ct_scores(scale: scale, cap: cap ?? 0, sinks: sinks?.storage.ref)
        return ct_decode_attention($0, $1, $2, own, Int64(window ?? 0), scores, $3)
      }
    }
  }

  /// Causal attention of sequences that lie side by side: queries `self` [queries, heads, dim] over `keys` and `values`
  /// [keys, key-value heads, dim] gives [queries, heads, dim].
  ///
  /// - Parameters:
  ///   - queryStarts: int32 [n + 1] on the queries' device: where the queries of each sequence begin, and their number.
  ///   - keyStarts: the same of the keys. A sequence's last query is at its last key.
  ///   - longest: the most queries and keys of a sequence.
  ///   - window: how many keys, its own included, a query sees.
  public func varlenAttention(
    _ keys: Tensor, _ values: Tensor, queryStarts: Tensor, keyStarts: Tensor, longest: (queries: Int, keys: Int),
    window: Int? = nil, scale: Double
  ) throws(TelltaleError) -> Tensor {
    try withExtendedLifetime((queryStarts.storage, keyStarts.storage)) { () throws(TelltaleError) in
      try with(self, keys, values) {
        ct_varlen_attention(
          $0, $1, $2, queryStarts.storage.ref, keyStarts.storage.ref, Int64(longest.queries), Int64(longest.keys),
          Int64(window ?? 0), scale, $3)
      }
    }
  }

  /// Causal attention over a pack of segments on the CPU, where `Kernel.packAttention.isOwn`, and without
  /// gradients: queries `self` [queries, heads, dim] over `keys` and `values` [tokens, key-value heads, dim], dim even, gives
  /// [queries, heads, dim]. A query sees its own segment up to itself, and those it continues.
  ///
  /// - Parameters:
  ///   - starts: [segments + 1], where the tokens of each segment begin, and their number.
  ///   - parents: the earlier segment that each one continues; -1 for none.
  ///   - queryStarts: [segments + 1], where the queries of each segment begin, and their number.
  ///   - queryRows: the token that each query belongs to, ascending.
  ///   - window: how many keys, its own included, a query sees.
  ///   - cap: scores s become cap tanh(s / cap).
  ///   - sinks: float32 [heads] on the CPU, one more score for each, without a value.
  package func segmentAttention(
    _ keys: Tensor, _ values: Tensor, starts: [Int64], parents: [Int64], queryStarts: [Int64], queryRows: [Int64],
    window: Int? = nil, scale: Double, cap: Double? = nil, sinks: Tensor? = nil
  ) throws(TelltaleError) -> Tensor {
    guard starts.count == parents.count + 1, queryStarts.count == starts.count,
      queryRows.count == Int(queryStarts.last ?? 0)
    else {
      throw TelltaleError(.invalidArgument, "one start, parent and start of queries a segment are meant, and the ends")
    }
    return try with(self, keys, values) { q, k, v, error in
      let scores = ct_scores(scale: scale, cap: cap ?? 0, sinks: sinks?.storage.ref)
      return starts.withUnsafeBufferPointer { starts in
        parents.withUnsafeBufferPointer { parents in
          queryStarts.withUnsafeBufferPointer { queryStarts in
            queryRows.withUnsafeBufferPointer { queryRows in
              let segments = ct_segments(
                count: Int64(parents.count), starts: starts.baseAddress, parents: parents.baseAddress,
                query_starts: queryStarts.baseAddress, query_rows: queryRows.baseAddress)
              return withExtendedLifetime(sinks) {
                ct_segment_attention(q, k, v, segments, Int64(window ?? 0), scores, error)
              }
            }
          }
        }
      }
    }
  }

  /// Mean cross-entropy in nats of logits `self` [n, classes] against int64 targets [n], computed and returned in
  /// float32 (float64 for float64 logits). Rows whose target is `ignored` do not count; NaN where none counts.
  public func crossEntropy(_ targets: Tensor, ignored: Int = -100) throws(TelltaleError) -> Tensor {
    try with(self, targets) { ct_cross_entropy($0, $1, Int64(ignored), $2) }
  }

  /// `self` [n, out] + scale (x A^T) B^T for x [n, in], `a` [rank, in] and `b` [out, rank]: summed in the matrices' dtype and
  /// rounded once to this one's.
  public func addingLowRank(_ x: Tensor, a: Tensor, b: Tensor, scale: Double) throws(TelltaleError) -> Tensor {
    try withExtendedLifetime(b.storage) { () throws(TelltaleError) in
      try with(self, x, a) { ct_add_low_rank($0, $1, $2, b.storage.ref, scale, $3) }
    }
  }

  /// Zeroes each element with the given probability, in [0, 1), and divides the rest by 1 - probability.
  public func dropout(_ probability: Double, seed: UInt64) throws(TelltaleError) -> Tensor {
    probability == 0 ? self : try with(self) { ct_dropout($0, probability, seed, $1) }
  }
}
