import Foundations
import Torch

/// How attention over a pack is computed.
enum AttentionKernel {
  /// libtorch's kernels, one call for segments that go together.
  case composed
  /// One variable-length kernel of a GPU: `VarlenAttention`.
  case varlen
  /// Telltale's own for bfloat16 and float16 on the CPU: `SegmentAttention`.
  case segments

  /// - Parameter withGradients: whether the pass may be recorded.
  init(_ batch: PackedBatch, for model: LanguageModel, withGradients: Bool) {
    let shape = model.configuration
    let isFused =
      shape.hasPlainScores && !model.layers.contains { $0.device == .cpu }
      && VarlenAttention.isFused(
        dtype: model.dtype, device: model.device, headDimension: shape.headDimension, windows: Set(shape.windows),
        longest: batch.leaves.indices.map(batch.length(of:)).max() ?? 0)
    self = isFused ? .varlen : !withGradients && SegmentAttention.isAvailable(for: model) ? .segments : .composed
  }
}

/// Attention over a pack by Telltale's own kernel: products of bfloat16 where the processor has them. What
/// several segments continue is laid out once, and queries of tokens that no one looks at need not be given.
struct SegmentAttention {
  private let starts, parents: [Int64]

  /// Whether this processor has the kernel, and it takes the model's numbers.
  static func isAvailable(for model: LanguageModel) -> Bool {
    let shape = model.configuration
    return [.bfloat16, .float16].contains(model.dtype) && model.isOnCPU && shape.headDimension % 2 == 0
      && shape.headCount / shape.keyValueHeadCount <= 48 && Kernel.packAttention.isOwn
  }

  init(_ batch: PackedBatch) {
    starts = batch.segments.map { Int64($0.range.lowerBound) } + [Int64(batch.tokens.count)]
    parents = batch.segments.map { Int64($0.parent ?? -1) }
  }

  /// Attention of the kept tokens: q [kept, heads, dim], k and v [tokens, key-value heads, dim] to [kept, heads * dim].
  func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, keeping kept: KeptTokens, _ scores: AttentionScores
  ) throws(TelltaleError) -> Tensor {
    let rows = kept.places(of: k.size(0)).map(Int64.init)
    var queryStarts: [Int64] = [0]
    for end in starts.dropFirst() {
      var next = Int(queryStarts[queryStarts.count - 1])
      while next < rows.count, rows[next] < end { next += 1 }
      queryStarts.append(Int64(next))
    }
    let mixed = try q.segmentAttention(
      k, v, starts: starts, parents: parents, queryStarts: queryStarts, queryRows: rows, window: scores.window,
      scale: scores.scale, cap: scores.cap, sinks: scores.sinks?.wide)
    return try mixed.reshaped([q.size(0), q.size(1) * q.size(2)])
  }
}
