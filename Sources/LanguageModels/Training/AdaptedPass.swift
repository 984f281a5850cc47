import Foundations
import Torch

/// The loss of one pack and its gradients by the adapter's matrices.
///
/// The base weights are frozen: blocks below the first adapted one are run without a graph, the head only on the
/// predicted tokens and in pieces, and the last block's output only where it is read. The graph of the last blocks is
/// held, of as many as memory allows: the others keep their input alone and are run again in the backward pass, one at a
/// time, up to their last projection, whose output nothing needs.
struct AdaptedPass {
  /// Adapted by leaves of the autograd graph.
  let model: LanguageModel
  /// The leaves of each layer; the gradients come in the order of the layers and of these.
  let leaves: [[Tensor]]
  /// Blocks at the end whose graph is held; the last one's always is.
  let keptBlocks: Int

  /// Rows of logits [rows, vocabulary] in float32 that the head computes at a time.
  private static let headRows = 256

  struct Result {
    /// The summed loss of the predicted tokens in nats.
    var loss: Double
    /// Gradients of the loss divided by `total`.
    var gradients: [Tensor]
  }

  /// - Parameter total: predicted tokens of the whole optimiser step.
  func callAsFunction(_ pack: TrainingPack, total: Int) throws -> Result {
    let blocks = try BlockPass(model, pack)
    let first = leaves.firstIndex { !$0.isEmpty } ?? 0
    let kept = max(first, leaves.count - max(1, keptBlocks))..<leaves.count
    let spans = (first..<kept.lowerBound).map { $0..<$0 + 1 } + [kept]
    var x = try model.embedding.embedding(Tensor(pack.batch.tokens).moved(to: model.device))  // [tokens, hidden]
    x = try blocks(0..<first, x)
    var inputs: [Tensor] = []
    for span in spans {
      inputs.append(x)
      if span.upperBound < leaves.count { x = try blocks(span, x) }
    }
    var loss = 0.0
    var gradient: Tensor?  // by the output of a span
    var found: [[Tensor]] = []
    for (span, input) in zip(spans, inputs).reversed() {
      let ownLeaves = leaves[span].flatMap { $0 }
      let start = span.lowerBound == first ? input : try input.requiringGradient()
      let wanted = span.lowerBound == first ? ownLeaves : [start] + ownLeaves
      var gradients: [Tensor]
      if let gradient {
        gradients = try blocks.gradients(span, start, by: wanted, given: gradient, isFirst: span.lowerBound == first)
      } else {
        let output = try recordingGradients { try blocks(span, start) }
        let (sum, byRows) = try head(blocks.predicted(output.detached()), pack.targets, total)
        loss = sum
        gradients = try output.gradients(by: wanted, given: blocks.spread(byRows))
      }
      if span.lowerBound != first { gradient = gradients.removeFirst() }
      found.append(gradients)
    }
    return Result(loss: loss, gradients: found.reversed().flatMap { $0 })
  }

  /// The summed loss of the predicted tokens, whose stream after the last block is `rows` [predicted, hidden], and the
  /// gradient of it / `total` by those rows.
  private func head(_ rows: Tensor, _ targets: [Int], _ total: Int) throws -> (loss: Double, gradient: Tensor) {
    var loss = 0.0
    var gradients: [Tensor] = []
    for start in stride(from: 0, to: targets.count, by: Self.headRows) {
      let range = start..<min(start + Self.headRows, targets.count)
      let piece = try rows.narrowed(0, range).requiringGradient()
      let (mean, share) = try recordingGradients {
        let normed = try piece.rmsNorm(model.finalNorm, epsilon: model.configuration.normEpsilon)  // [rows, hidden]
        let logits = try normed.linear(model.head.numbers())  // [rows, vocabulary]
        let mean = try logits.crossEntropy(Tensor(Array(targets[range])).moved(to: model.device))
        return (mean, try mean * (Double(range.count) / Double(total)))
      }
      loss += try mean.scalar() * Double(range.count)
      gradients.append(try share.gradients(by: [piece])[0])
    }
    return (loss, try .concatenated(gradients))
  }
}

/// The blocks of a model on one pack.
struct BlockPass {
  private let layers: [DecoderLayer]
  private let attention: AttentionContext
  private let cosines, sines: Tensor
  private let kept: KeptTokens
  /// Where the predicted rows lie in the last block's output, and how many rows that has.
  private let rows: [Int]
  private let rowCount: Int

  init(_ model: LanguageModel, _ pack: TrainingPack) throws {
    layers = model.layers
    let plan = try PackedAttention(pack.batch, for: model, withGradients: true)
    attention = .packed(plan, cache: nil, slots: 0..<0)
    (cosines, sines) = try model.rope.tables(
      positions: pack.batch.positions, lengths: pack.batch.sequenceLengths, dtype: model.dtype, device: model.device)
    kept = KeptTokens(of: pack.batch.tokens.count, for: [.tokens(pack.places)])
    if case .tokens(let places) = kept.places(of: .tokens(pack.places)) { rows = places } else { rows = pack.places }
    let isPartial = pack.places.count < pack.batch.tokens.count
    rowCount = isPartial ? pack.places.count : pack.batch.tokens.count
  }

  /// x [tokens, hidden] after the blocks of `span`; the last block gives the rows before predicted tokens only.
  func callAsFunction(_ span: Range<Int>, _ x: Tensor) throws -> Tensor {
    var x = x
    for layer in layers[span] {
      let isLast = layer.index == layers.count - 1
      x = try layer.attention(x, cosines, sines, attention, keeping: isLast ? kept : .all)  // [kept tokens, hidden]
      x = try layer.feedForward(x)  // [kept tokens, hidden]
    }
    return x
  }

  /// Gradients by `wanted` of what comes after a span other than the last, given its gradient by the span's output.
  ///
  /// - Parameter isFirst: whether x depends on no adapter.
  func gradients(
    _ span: Range<Int>, _ x: Tensor, by wanted: [Tensor], given gradient: Tensor, isFirst: Bool
  ) throws -> [Tensor] {
    let layer = layers[span.lowerBound]
    guard span.count == 1, layer.down.update == nil, !isFirst || layer.adaptsAttention else {
      return try recordingGradients { try self(span, x) }.gradients(by: wanted, given: gradient)
    }
    // The output is stream + down(gated): its gradient is the stream's too, and goes through `down` by hand.
    let (stream, gated) = try recordingGradients {
      let stream = try layer.attention(x, cosines, sines, attention)  // [tokens, hidden]
      return (stream, try layer.gated(stream))  // [tokens, hidden], [tokens, intermediate]
    }
    let byGated = try gradient.matmul(layer.down.weight.numbers())  // [tokens, intermediate]
    return try Tensor.gradients(of: [stream, gated], by: wanted, given: [gradient, byGated])
  }

  /// The rows [predicted, hidden] of the last block's output that logits are taken of.
  func predicted(_ output: Tensor) throws(TelltaleError) -> Tensor { try output.selected(0, rows) }

  /// The gradient by the predicted rows as one by the last block's whole output.
  func spread(_ gradient: Tensor) throws(TelltaleError) -> Tensor {
    let zeros = try Tensor.zeros([rowCount, gradient.size(1)], dtype: gradient.dtype, device: gradient.device)
    return try zeros.adding(0, Tensor(rows).moved(to: gradient.device), gradient)
  }
}
