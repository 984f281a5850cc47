import Foundations
import Torch

/// One decoder block: attention and the feed-forward network, each of which adds to the residual stream.
struct DecoderLayer: Sendable {
  let index: Int
  /// Where its weights are.
  let device: Device
  private let placement: NormPlacement
  /// What attention and the network read; nil where they read the stream as it is.
  private let attentionNorm, networkNorm: Normalisation?
  /// What they add; nil where it is added as it is.
  private let attentionOutputNorm, networkOutputNorm: Normalisation?
  private let queryNorm, keyNorm: Normalisation?
  private let queryKeyNorm: QueryKeyNorm
  private let residualMultiplier: Double?
  private let headDimension: Int
  private let scores: AttentionScores
  /// The place of the layer's rotation among the model's; nil where nothing is rotated.
  let rope: Int?
  var query, key, value, output: Projection
  var network: FeedForward

  init(
    _ configuration: ModelConfiguration, _ index: Int, _ table: WeightTable, ropes: [RotaryEmbedding.Configuration]
  ) throws(TelltaleError) {
    func needed(_ module: String) throws(TelltaleError) -> Projection {
      guard let map = try table.projection(index, module) else {
        throw WeightTable.missing("\(WeightName(layer: index, module: module))")
      }
      return map
    }
    self.index = index
    device = try table(WeightName(layer: index, module: configuration.normNames[0])).device
    placement = configuration.placement
    let isAfter = placement == .after
    attentionNorm = try isAfter ? nil : table.norm(index, "input_layernorm")
    networkNorm =
      try isAfter
      ? nil : table.norm(index, placement == .sandwich ? "pre_feedforward_layernorm" : "post_attention_layernorm")
    let normsOutputs = isAfter || placement == .sandwich
    attentionOutputNorm = try normsOutputs ? table.norm(index, "post_attention_layernorm") : nil
    networkOutputNorm = try normsOutputs ? table.norm(index, "post_feedforward_layernorm") : nil
    queryKeyNorm = configuration.queryKeyNorm
    queryNorm = try table.norm(index, "self_attn.q_norm")
    keyNorm = try table.norm(index, "self_attn.k_norm")
    residualMultiplier = configuration.residualMultiplier
    headDimension = configuration.headDimension
    scores = try AttentionScores(configuration, index, table)
    rope = configuration.layers[index].rope.flatMap { ropes.firstIndex(of: $0) }
    query = try needed("self_attn.q_proj")
    key = try needed("self_attn.k_proj")
    value = try needed("self_attn.v_proj")
    output = try needed("self_attn.o_proj")
    network = try FeedForward(configuration, index, table)
  }

  /// x [tokens, hidden] to the input of the network: the stream with what attention adds. All tokens are attended to;
  /// those that are kept go on, and only their queries are computed where attention can do without the others'.
  func attention(
    _ x: Tensor, _ tables: [RotaryTables], _ attention: AttentionContext, keeping kept: KeptTokens = .all
  ) throws(TelltaleError) -> BlockStream {
    let normed = try attentionNorm?(x) ?? x  // [tokens, hidden]
    let queried = attention.queried(kept)
    let coarse = attention.coarseTokens
    let (q, k, v) = try projected(normed, querying: queried, coarse)
    let own = rope.map { tables[$0] }
    let (turnedQueries, turnedKeys) = try (own?.rows(queried).rotating(q) ?? q, own?.rotating(k) ?? k)
    let mixed = try attend(turnedQueries, turnedKeys, v, attention, keeping: queried)  // [queried, heads * dim]
    let rowsKept = try queried.isAll ? kept.rows(mixed) : mixed  // [kept, heads * dim]
    let added = try weighed(attentionOutputNorm, output(rowsKept, coarse: coarse.map(kept.rows)))  // [kept, hidden]
    let stream = try kept.rows(x)  // [kept, hidden]
    return placement == .parallel
      ? BlockStream(stream: stream, pending: added) : BlockStream(stream: try stream + added, pending: nil)
  }

  /// Queries [queried, heads, dim] of some tokens, keys and values [tokens, key-value heads, dim] of all.
  private func projected(
    _ normed: Tensor, querying queried: KeptTokens, _ coarse: [Bool]?
  ) throws(TelltaleError) -> (q: Tensor, k: Tensor, v: Tensor) {
    guard !queried.isAll else {
      let all = try Projection.together([query, key, value], normed, coarse: coarse)
      return try (heads(all[0], queryNorm), heads(all[1], keyNorm), heads(all[2], nil))
    }
    let both = try Projection.together([key, value], normed, coarse: coarse)
    let queries = try query(queried.rows(normed), coarse: coarse.map(queried.rows))
    return try (heads(queries, queryNorm), heads(both[0], keyNorm), heads(both[1], nil))
  }

  /// [tokens, heads * dim] to [tokens, heads, dim], normalised on the way where there is a norm.
  private func heads(_ t: Tensor, _ norm: Normalisation?) throws(TelltaleError) -> Tensor {
    let whole = try queryKeyNorm == .flat ? norm?(t) ?? t : t
    let split = try whole.reshaped([t.size(0), -1, headDimension])
    return try queryKeyNorm == .perHead ? norm?(split) ?? split : split
  }

  /// The stream [tokens, hidden] with what the feed-forward network adds.
  func feedForward(_ x: BlockStream, coarse: [Bool]? = nil) throws(TelltaleError) -> Tensor {
    let added = try weighed(networkOutputNorm, network(networkInput(x), coarse: coarse))  // [tokens, hidden]
    guard let pending = x.pending else { return try x.stream + added }
    return try added + pending + x.stream
  }

  /// What is added to the stream: normalised and multiplied where the design says so.
  private func weighed(_ norm: Normalisation?, _ added: Tensor) throws(TelltaleError) -> Tensor {
    let normed = try norm?(added) ?? added
    guard let residualMultiplier else { return normed }
    return try normed * residualMultiplier
  }

  /// What the network's last map is given, for the stream after attention.
  func inner(_ x: BlockStream) throws(TelltaleError) -> Tensor {
    try network.inner(networkInput(x))
  }

  /// What the network reads [tokens, hidden].
  func networkInput(_ x: BlockStream) throws(TelltaleError) -> Tensor { try networkNorm?(x.stream) ?? x.stream }

  /// Whether the block's output is its stream after attention plus the network's last map, and nothing else: then its
  /// gradient can go around that map.
  var addsLastMapAlone: Bool {
    placement == .before && residualMultiplier == nil && network.experts == nil && network.down?.update == nil
  }

  func batchInvariant() -> DecoderLayer {
    var layer = self
    for part in [\DecoderLayer.query, \.key, \.value, \.output] {
      layer[keyPath: part].rowBlock = Projection.invariantBlock
    }
    layer.network.setRowBlock(Projection.invariantBlock)
    return layer
  }

  private func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ context: AttentionContext, keeping kept: KeptTokens
  ) throws(TelltaleError) -> Tensor {
    switch context {
    case .packed(let plan, let cache, let slots):
      if let cache { try plan.fill(cache, slots: slots, layer: index, keys: k, values: v) }
      return try plan.attend(q, k, v, keeping: kept, scores)
    case .decoding(let plan):
      return try plan.attend(q, k, v, layer: index, scores)
    }
  }
}

/// The residual stream between a block's attention and its feed-forward network.
struct BlockStream {
  /// [tokens, hidden]: what the network reads.
  var stream: Tensor
  /// What attention gave and what is not added yet, in blocks where both read the same stream.
  var pending: Tensor?
}
