import Foundation
import Foundations
import Torch

/// A language model of the Llama family: token ids in, residual streams and logits out.
///
/// The pass is written for measuring: many sequences packed without padding, shared prefixes computed once, nothing
/// computed above the last layer that anyone asked for, and logits only where they are wanted. What to record and what
/// to change are values passed to the call; the model itself never changes.
public struct LanguageModel: Sendable {
  public let configuration: ModelConfiguration
  public let dtype: DType
  public let device: Device
  let embedding: Tensor  // [vocabulary, hidden]
  var layers: [DecoderLayer]
  let finalNorm: Tensor  // [hidden]
  let head: WeightMatrix  // [vocabulary, hidden]
  let rope: RotaryEmbedding
  /// Whether a sequence comes out the same whatever is computed with it: see `batchInvariant`.
  public private(set) var isBatchInvariant = false
  /// How attention over packs is computed; nil: as is quickest.
  var attentionKernel: AttentionKernel?
  /// Whether tokens that several sequences share are multiplied with 8 bits: see `roundingSharedTokens`.
  public internal(set) var roundsSharedTokens = false
  /// Every dense weight by its checkpoint name, in the model's dtype.
  let weights: [String: Tensor]
  /// The others.
  let int8Weights: [String: Int8Matrix]

  /// Builds the model from weights by checkpoint name, already in one dtype and on one device.
  /// - Parameter int8: matrices of projections and of an output head that are not among `weights`.
  public init(
    _ configuration: ModelConfiguration, weights: [String: Tensor], int8: [String: Int8Matrix] = [:]
  ) throws(TelltaleError) {
    let source = WeightSource(weights, int8)
    self.configuration = configuration
    self.weights = weights
    int8Weights = int8
    embedding = try source("model.embed_tokens.weight", [configuration.vocabularySize, configuration.hiddenSize])
    finalNorm = try source("model.norm.weight", [configuration.hiddenSize])
    head =
      configuration.tiedEmbeddings
      ? .dense(embedding)
      : try source.matrix("lm_head.weight", [configuration.vocabularySize, configuration.hiddenSize])
    var layers: [DecoderLayer] = []
    for index in 0..<configuration.layerCount { layers.append(try DecoderLayer(configuration, index, source)) }
    self.layers = layers
    rope = RotaryEmbedding(configuration.rope)
    dtype = embedding.dtype
    device = embedding.device
  }

  /// The same model, computed so that a sequence's residual streams and logits are bit by bit the same whatever other
  /// sequences are computed with it (float32 on the CPU): matrix products in blocks of equally many rows, attention over
  /// each sequence's own length, nothing shared between the prompts of a generation. For inference; training knows no batch invariance.
  public func batchInvariant() -> LanguageModel {
    var model = self
    model.isBatchInvariant = true
    model.layers = layers.map { $0.batchInvariant() }
    return model
  }

  /// What a pass gives back.
  public struct Output: Sendable {
    /// By layer, float32 [chosen tokens, hidden].
    public var residuals: [Int: Tensor] = [:]
    /// float32 [chosen tokens, vocabulary], where logits were asked for.
    public var logits: Tensor?
    /// What each edit did, in the order of the edits.
    public var effects: [EditEffect] = []
    /// The sum of each of these tensors, which is finite where they are: made with them, so that a GPU can be asked
    /// later without waiting for what it was given since.
    fileprivate var sums: Tensor?

    fileprivate var tensors: [Tensor] { residuals.values + (logits.map { [$0] } ?? []) }

    fileprivate mutating func addSums() throws(TelltaleError) {
      var sums: [Tensor] = []
      for tensor in tensors { sums.append(try tensor.sum()) }
      self.sums = sums.isEmpty ? nil : try Tensor.stacked(sums)
    }
  }

  /// Runs whole sequences. With a cache, they take its next free slots and can be continued by `decode`.
  public func forward(
    _ batch: PackedBatch, taps: Taps = Taps(layers: []), edits: [Edit] = [], logits: TokenChoice? = nil,
    cache: KeyValueCache? = nil
  ) throws -> Output {
    let output = try launch(batch, taps: taps, edits: edits, logits: logits, cache: cache)
    try requireFinite(output)
    return output
  }

  /// `forward` without waiting for the device: what it gives must be held against `requireFinite` once the next work is
  /// under way.
  package func launch(
    _ batch: PackedBatch, taps: Taps = Taps(layers: []), edits: [Edit] = [], logits: TokenChoice? = nil,
    cache: KeyValueCache? = nil
  ) throws -> Output {
    try check(tokens: batch.tokens)
    let plan = try PackedAttention(batch, for: self)
    let slots = cache?.occupy(batch.leaves.indices.map(batch.length(of:))) ?? 0..<0
    return try run(
      batch.tokens, positions: batch.positions, lengths: batch.sequenceLengths,
      .packed(plan, cache: cache, slots: slots), taps, edits, logits, through: cache == nil ? nil : layers.count - 1)
  }

  /// Runs the blocks after `layer` from a residual stream [tokens, hidden] that was tapped there (and perhaps changed):
  /// the rest of the pass that gave it. Taps and edits must be of later layers.
  ///
  /// With gradients recorded, the stream of a tap is part of the graph, so that training can work on it in mid-pass.
  package func resume(
    _ batch: PackedBatch, from stream: Tensor, after layer: Int, taps: Taps = Taps(layers: []), edits: [Edit] = [],
    logits: TokenChoice? = nil
  ) throws -> Output {
    try check(layers: [layer])
    let plan = try PackedAttention(batch, for: self)
    let output = try run(
      batch.tokens, positions: batch.positions, lengths: batch.sequenceLengths,
      .packed(plan, cache: nil, slots: 0..<0), taps, edits, logits, from: (stream.converted(to: dtype), layer))
    try requireFinite(output)
    return output
  }

  /// Runs one new token for every active sequence of the cache, in the order of its slots.
  public func decode(
    _ tokens: [Int], cache: KeyValueCache, taps: Taps = Taps(layers: []), edits: [Edit] = [],
    logits: TokenChoice? = .all
  ) throws -> Output {
    precondition(tokens.count == cache.count, "one token a sequence")
    try check(tokens: tokens)
    let plan = try DecodingAttention(
      cache, windows: Set(configuration.windows), dtype: dtype, device: device, byLength: attendsByLength)
    let output = try run(
      tokens, positions: plan.positions, lengths: plan.positions.map { $0 + 1 }, .decoding(plan), taps, edits, logits)
    try requireFinite(output)
    return output
  }

  /// Whether a new token attends by the kernel that goes by its own sequence's length: for batch invariance, and where
  /// it is the quickest.
  private var attendsByLength: Bool {
    guard device == .cpu else { return false }
    return dtype == .float32
      ? isBatchInvariant
      : [.bfloat16, .float16].contains(dtype) && Kernel.decodeAttention.isOwn
  }

  private func run(
    _ tokens: [Int], positions: [Int], lengths: [Int], _ attention: AttentionContext, _ taps: Taps, _ edits: [Edit],
    _ logits: TokenChoice?, through cached: Int? = nil, from start: (stream: Tensor, layer: Int)? = nil
  ) throws -> Output {
    try check(layers: taps.layers + edits.map(\.layer) + edits.compactMap(\.gate?.condition.layer))
    var output = Output()
    let last = logits == nil ? max(taps.layers.max() ?? -1, cached ?? -1) : layers.count - 1
    guard last >= 0, !tokens.isEmpty else { return output }
    let angles = try rope.tables(positions: positions, lengths: lengths, dtype: dtype, device: device)
    var edits = EditPass(edits)
    try edits.check()
    let looked = (taps.layers.contains(last) ? [taps.tokens] : []) + (logits.map { [$0] } ?? [])
    // A pass resumed after its last layer has no block that could narrow the stream.
    let keepsAll = looked.isEmpty || start?.layer == last
    let lastKept = keepsAll ? .all : KeptTokens(of: tokens.count, for: looked + edits.tokens(neededAt: last))
    let tapped = try Rows(taps.tokens, device)
    var x = try start?.stream ?? embedding.embedding(Tensor(tokens).moved(to: device))  // [tokens, hidden]
    let coarse = attention.coarseTokens
    for layer in layers[0...last].dropFirst((start?.layer ?? -1) + 1) {
      let kept = layer.index == last ? lastKept : .all
      x = try edits.apply(at: layer.index, .blockInput, to: x)  // [tokens, hidden]
      x = try layer.attention(x, angles.cosines, angles.sines, attention, keeping: kept)  // [kept tokens, hidden]
      x = try edits.apply(at: layer.index, .afterAttention, to: x, kept: kept)  // [kept tokens, hidden]
      x = try layer.feedForward(x, coarse: coarse.map(kept.rows))  // [kept tokens, hidden]
      try edits.decide(at: layer.index, x, kept: kept)
      x = try edits.apply(at: layer.index, .blockOutput, to: x, kept: kept)  // [kept tokens, hidden]
      if taps.layers.contains(layer.index) {
        let rows = layer.index == last ? try Rows(kept.places(of: taps.tokens), device) : tapped
        output.residuals[layer.index] = try rows.of(x).converted(to: .float32)
      }
    }
    output.effects = edits.effects
    if let logits {
      let chosen = try Rows(lastKept.places(of: logits), device).of(x)  // [chosen, hidden]
      let normed = try chosen.rmsNorm(finalNorm, epsilon: configuration.normEpsilon)  // [chosen, hidden]
      let projection = Projection(weight: head, bias: nil, rowBlock: isBatchInvariant ? Projection.invariantBlock : nil)
      output.logits = try projection(normed).converted(to: .float32)  // [chosen, vocabulary]
    }
    try output.addSums()
    return output
  }

  /// A NaN is caught where it first shows, and explained; while gradients are recorded, training watches its loss.
  package func requireFinite(_ output: Output) throws {
    guard let sums = output.sums, try !sums.isFinite().all() else { return }
    for result in output.tensors where try !result.isFinite().all() { try explainNonFinite() }
  }

  private func check(tokens: [Int]) throws(TelltaleError) {
    if let wrong = tokens.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
      throw TelltaleError(
        .badInput,
        "token id \(wrong) is outside of the model's vocabulary of \(configuration.vocabularySize); "
          + "the tokens are of another tokenizer")
    }
  }

  /// A layer that does not exist is bad input: it comes from a command line or a vector file.
  public func check(layers wanted: [Int]) throws(TelltaleError) {
    if let wrong = wanted.first(where: { $0 < 0 || $0 >= layers.count }) {
      throw TelltaleError(
        .badInput, "layer \(wrong) does not exist; the model has layers 0 to \(layers.count - 1)")
    }
  }
}

/// One decoder block: attention, then the gated feed-forward network, each on the normalised residual stream.
struct DecoderLayer: Sendable {
  let index: Int
  let attentionNorm, feedForwardNorm: Tensor  // [hidden]
  var query, key, value, output: Projection
  var gate, up, down: Projection
  let headDimension: Int
  let window: Int?
  let epsilon: Double

  /// x [tokens, hidden] with what attention adds. All tokens are attended to; those that are kept go on, and only their
  /// queries are computed where attention can do without the others'.
  func attention(
    _ x: Tensor, _ cosines: Tensor, _ sines: Tensor, _ attention: AttentionContext, keeping kept: KeptTokens = .all
  ) throws(TelltaleError) -> Tensor {
    let normed = try x.rmsNorm(attentionNorm, epsilon: epsilon)  // [tokens, hidden]
    let queried = attention.queried(kept)
    let coarse = attention.coarseTokens
    let (q, k, v) = try projected(normed, querying: queried, coarse)
    let mixed = try attend(
      q.rotated(cosines: queried.rows(cosines), sines: queried.rows(sines)), k.rotated(cosines: cosines, sines: sines),
      v, attention, keeping: queried)  // [queried, heads * dim]
    let own = try queried.isAll ? kept.rows(mixed) : mixed  // [kept, heads * dim]
    return try kept.rows(x) + output(own, coarse: coarse.map(kept.rows))  // [kept, hidden]
  }

  /// Queries [queried, heads, dim] of some tokens, keys and values [tokens, key-value heads, dim] of all.
  private func projected(
    _ normed: Tensor, querying queried: KeptTokens, _ coarse: [Bool]?
  ) throws(TelltaleError) -> (q: Tensor, k: Tensor, v: Tensor) {
    guard !queried.isAll else {
      let all = try Projection.together([query, key, value], normed, coarse: coarse)
      return try (heads(all[0]), heads(all[1]), heads(all[2]))
    }
    let both = try Projection.together([key, value], normed, coarse: coarse)
    let queries = try query(queried.rows(normed), coarse: coarse.map(queried.rows))
    return try (heads(queries), heads(both[0]), heads(both[1]))
  }

  /// x [tokens, hidden] with what the gated feed-forward network adds.
  func feedForward(_ x: Tensor, coarse: [Bool]? = nil) throws(TelltaleError) -> Tensor {
    try x + down(gated(x, coarse: coarse), coarse: coarse)  // [tokens, hidden]
  }

  /// What the feed-forward network's last projection is given.
  func gated(_ x: Tensor, coarse: [Bool]? = nil) throws(TelltaleError) -> Tensor {
    let normed = try x.rmsNorm(feedForwardNorm, epsilon: epsilon)  // [tokens, hidden]
    let projected = try Projection.together([gate, up], normed, coarse: coarse)
    return try projected[0].gatedSilu(projected[1])  // [tokens, intermediate]
  }

  func batchInvariant() -> DecoderLayer {
    var layer = self
    for part in [\DecoderLayer.query, \.key, \.value, \.output, \.gate, \.up, \.down] {
      layer[keyPath: part].rowBlock = Projection.invariantBlock
    }
    return layer
  }

  private func heads(_ t: Tensor) throws(TelltaleError) -> Tensor {
    try t.reshaped([t.size(0), -1, headDimension])
  }

  private func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ context: AttentionContext, keeping kept: KeptTokens
  ) throws(TelltaleError) -> Tensor {
    let scale = 1 / Double(headDimension).squareRoot()
    switch context {
    case .packed(let plan, let cache, let slots):
      if let cache { try plan.fill(cache, slots: slots, layer: index, keys: k, values: v) }
      return try plan.attend(q, k, v, keeping: kept, window: window, scale: scale)
    case .decoding(let plan):
      return try plan.attend(q, k, v, layer: index, window: window, scale: scale)
    }
  }

  init(_ configuration: ModelConfiguration, _ index: Int, _ source: WeightSource) throws(TelltaleError) {
    let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
    let wide = configuration.headCount * configuration.headDimension
    let narrow = configuration.keyValueHeadCount * configuration.headDimension
    let prefix = "model.layers.\(index)"
    func projection(_ name: String, _ output: Int, _ input: Int, bias: Bool) throws(TelltaleError) -> Projection {
      Projection(
        weight: try source.matrix("\(prefix).\(name).weight", [output, input]),
        bias: bias ? try source("\(prefix).\(name).bias", [output]) : nil)
    }
    self.index = index
    attentionNorm = try source("\(prefix).input_layernorm.weight", [hidden])
    feedForwardNorm = try source("\(prefix).post_attention_layernorm.weight", [hidden])
    query = try projection("self_attn.q_proj", wide, hidden, bias: configuration.queryKeyValueBias)
    key = try projection("self_attn.k_proj", narrow, hidden, bias: configuration.queryKeyValueBias)
    value = try projection("self_attn.v_proj", narrow, hidden, bias: configuration.queryKeyValueBias)
    output = try projection("self_attn.o_proj", hidden, wide, bias: configuration.outputBias)
    gate = try projection("mlp.gate_proj", inner, hidden, bias: configuration.mlpBias)
    up = try projection("mlp.up_proj", inner, hidden, bias: configuration.mlpBias)
    down = try projection("mlp.down_proj", hidden, inner, bias: configuration.mlpBias)
    headDimension = configuration.headDimension
    window = configuration.windows[index]
    epsilon = configuration.normEpsilon
  }
}

/// Weights by checkpoint name, handed out with their shape checked.
struct WeightSource {
  private let weights: [String: Tensor]
  private let int8: [String: Int8Matrix]

  init(_ weights: [String: Tensor], _ int8: [String: Int8Matrix]) {
    self.weights = weights
    self.int8 = int8
  }

  func callAsFunction(_ name: String, _ shape: [Int]) throws(TelltaleError) -> Tensor {
    guard let weight = weights[name] else {
      throw TelltaleError(.badInput, "the checkpoint holds no tensor \"\(name)\"; it is incomplete or of another model")
    }
    try check(name, weight.shape, shape)
    return weight
  }

  func matrix(_ name: String, _ shape: [Int]) throws(TelltaleError) -> WeightMatrix {
    guard let rounded = int8[name] else { return .dense(try self(name, shape)) }
    try check(name, rounded.shape, shape)
    return .int8(rounded)
  }

  private func check(_ name: String, _ shape: [Int], _ wanted: [Int]) throws(TelltaleError) {
    guard shape == wanted else {
      throw TelltaleError(
        .badInput,
        "the checkpoint's tensor \"\(name)\" has shape \(shape) where config.json asks for \(wanted); "
          + "the two files are of different models")
    }
  }
}
