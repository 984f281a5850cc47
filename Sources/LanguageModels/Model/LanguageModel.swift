import Foundation
import Foundations
import Torch

/// A language model: token ids in, residual streams and logits out. One pass for all families; what is different in each
/// is in its configuration.
///
/// The pass is written for measuring: many sequences packed without padding, shared prefixes computed once, nothing
/// computed above the last layer that anyone asked for, and logits only where they are wanted. What to record and what
/// to change are values passed to the call; the model itself never changes.
public struct LanguageModel: Sendable {
  public let configuration: ModelConfiguration
  public let dtype: DType
  /// Where the first block is, what a pass is given and what it gives.
  public let device: Device
  let embedding: TokenEmbedding
  var layers: [DecoderLayer]
  let finalNorm: Normalisation
  let head: WeightMatrix  // [vocabulary, hidden]
  /// The rotations that layers have, each once.
  let ropes: [RotaryEmbedding]
  /// Whether a sequence's results are the same regardless of what is computed with it: see `batchInvariant`.
  public private(set) var isBatchInvariant = false
  /// How attention over packs is computed; nil: as is quickest.
  var attentionKernel: AttentionKernel?
  /// Whether tokens that several sequences share are multiplied with 8 bits: see `roundingSharedTokens`.
  public internal(set) var roundsSharedTokens = false
  /// How the file that the weights were read from has them, where that is not as floats: "GGUF Q4_1, Q8_0".
  public internal(set) var quantisation: String?
  /// Every dense weight by its checkpoint name, in the model's dtype.
  let weights: [String: Tensor]
  /// The others.
  let packedWeights: [String: PackedMatrix]
  /// How the weights are held, for the record.
  public let weightFormat: WeightFormat

  /// Builds the model from weights by checkpoint name, already in one dtype and on one device.
  public init(_ configuration: ModelConfiguration, weights: [String: Tensor]) throws(TelltaleError) {
    try self.init(configuration, weights: weights, packed: [:], .dense)
  }

  /// - Parameters:
  ///   - packed: matrices of projections, of the embedding and of an output head that are not among `weights`.
  ///   - format: what packed them.
  package init(
    _ configuration: ModelConfiguration, weights: [String: Tensor], packed: [String: PackedMatrix],
    _ format: WeightFormat
  ) throws(TelltaleError) {
    let table = WeightTable(configuration, weights, packed)
    self.configuration = configuration
    self.weights = weights
    packedWeights = packed
    weightFormat = packed.isEmpty ? .dense : format
    let norm = try table(WeightName(module: "norm"))
    dtype = norm.dtype
    guard let finalNorm = try table.norm(nil, "norm") else { throw WeightTable.missing("model.norm.weight") }
    self.finalNorm = finalNorm
    let rotations = configuration.rotations
    var layers: [DecoderLayer] = []
    for index in 0..<configuration.layerCount {
      layers.append(try DecoderLayer(configuration, index, table, ropes: rotations))
    }
    self.layers = layers
    device = layers.first?.device ?? norm.device
    embedding = try TokenEmbedding(configuration, table, dtype: dtype, device: device)
    head = try configuration.tiedEmbeddings ? embedding.tokens.moved(to: norm.device) : table.matrix(.head)
    ropes = rotations.map(RotaryEmbedding.init)
  }

  /// The devices of the blocks, each once, in their order.
  public var devices: [Device] {
    layers.map(\.device).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// Whether no GPU has a part of it.
  var isOnCPU: Bool { layers.allSatisfy { $0.device == .cpu } }

  /// The same model, computed so that a sequence's residual streams and logits are bit by bit the same regardless of which other
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

  /// `forward` without waiting for the device: what it gives must be checked by `requireFinite` once the next work is
  /// under way.
  package func launch(
    _ batch: PackedBatch, taps: Taps = Taps(layers: []), edits: [Edit] = [], logits: TokenChoice? = nil,
    cache: KeyValueCache? = nil
  ) throws -> Output {
    try check(tokens: batch.tokens)
    try check(lengths: batch)
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
    let output = try launchDecoding(tokens, cache: cache, taps: taps, edits: edits, logits: logits)
    try requireFinite(output)
    return output
  }

  /// `decode` without a look at whether what it gives is finite, which the caller takes sequence by sequence.
  func launchDecoding(
    _ tokens: [Int], cache: KeyValueCache, taps: Taps, edits: [Edit], logits: TokenChoice? = .all
  ) throws -> Output {
    precondition(tokens.count == cache.count, "one token a sequence")
    try check(tokens: tokens)
    let plan = try DecodingAttention(
      cache, windows: Set(configuration.windows), dtype: dtype, device: device, byLength: attendsByLength)
    return try run(
      tokens, positions: plan.positions, lengths: plan.positions.map { $0 + 1 }, .decoding(plan), taps, edits, logits)
  }

  /// Whether a new token attends by the kernel that goes by its own sequence's length: for batch invariance, and where
  /// it is the quickest.
  private var attendsByLength: Bool {
    guard isOnCPU else { return false }
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
    var place = try Place(device, rotaryTables(positions: positions, lengths: lengths), attention, taps.tokens)
    var edits = EditPass(edits)
    try edits.check(in: configuration)
    let looked = (taps.layers.contains(last) ? [taps.tokens] : []) + (logits.map { [$0] } ?? [])
    // A pass resumed after its last layer has no block that could narrow the stream.
    let keepsAll = looked.isEmpty || start?.layer == last
    let lastKept = keepsAll ? .all : KeptTokens(of: tokens.count, for: looked + edits.tokens(neededAt: last))
    var x = try start?.stream ?? embedding(tokens, positions: positions)  // [tokens, hidden]
    let coarse = attention.coarseTokens
    for layer in layers[0...last].dropFirst((start?.layer ?? -1) + 1) {
      let kept = layer.index == last ? lastKept : .all
      try place.move(to: layer.device, &x)
      x = try edits.apply(at: layer.index, .blockInput, to: x)  // [tokens, hidden]
      var middle = try layer.attention(x, place.tables, place.attention, keeping: kept)  // [kept tokens, hidden]
      middle.stream = try edits.apply(at: layer.index, .afterAttention, to: middle.stream, kept: kept)
      x = try layer.feedForward(middle, coarse: coarse.map(kept.rows))  // [kept tokens, hidden]
      try edits.decide(at: layer.index, x, kept: kept)
      x = try edits.apply(at: layer.index, .blockOutput, to: x, kept: kept)  // [kept tokens, hidden]
      if taps.layers.contains(layer.index) {
        let rows = layer.index == last ? try Rows(kept.places(of: taps.tokens), layer.device) : place.tapped
        output.residuals[layer.index] = try rows.of(x).converted(to: .float32, device: device)
      }
    }
    output.effects = edits.effects
    if let logits {
      let chosen = try Rows(lastKept.places(of: logits), place.device).of(x)  // [chosen, hidden]
      output.logits = try headLogits(chosen)
    }
    try output.addSums()
    return output
  }

  /// float32 [rows, vocabulary]: the logits of rows of the last block's output [rows, hidden], as taps give it.
  func logits(of rows: Tensor) throws(TelltaleError) -> Tensor {
    try headLogits(rows.converted(to: dtype, device: layers.last?.device ?? device))
  }

  private func headLogits(_ chosen: Tensor) throws(TelltaleError) -> Tensor {
    let projection = Projection(weight: head, bias: nil, rowBlock: isBatchInvariant ? Projection.invariantBlock : nil)
    let products = try projection(finalNorm(chosen)).converted(to: .float32, device: device)  // [chosen, vocabulary]
    return try configuration.logits(products)
  }

  /// What the blocks on one device are given in addition to the stream.
  private struct Place {
    private(set) var device: Device
    private(set) var tables: [RotaryTables]
    private(set) var attention: AttentionContext
    private(set) var tapped: Rows
    private let taps: TokenChoice

    init(
      _ device: Device, _ tables: [RotaryTables], _ attention: AttentionContext, _ taps: TokenChoice
    ) throws(TelltaleError) {
      (self.device, self.tables, self.attention, self.taps) = (device, tables, attention, taps)
      tapped = try Rows(taps, device)
    }

    /// Continues on another device with the stream x [tokens, hidden].
    mutating func move(to next: Device, _ x: inout Tensor) throws(TelltaleError) {
      guard next != device else { return }
      x = try x.moved(to: next)
      tables = try tables.map { table throws(TelltaleError) in try table.moved(to: next) }
      attention = try attention.moved(to: next)
      tapped = try Rows(taps, next)
      device = next
    }
  }

  /// A NaN is caught where it first shows, and explained; while gradients are recorded, training watches its loss.
  package func requireFinite(_ output: Output) throws {
    guard let sums = output.sums, try !sums.isFinite().all() else { return }
    for result in output.tensors where try !result.isFinite().all() { try explainNonFinite() }
  }

  /// Cosines and sines of each of the model's rotations.
  func rotaryTables(positions: [Int], lengths: [Int]) throws(TelltaleError) -> [RotaryTables] {
    var tables: [RotaryTables] = []
    for rope in ropes {
      let own = configuration.rotatesInFloat32 ? DType.float32 : dtype
      tables.append(try rope.tables(positions: positions, lengths: lengths, dtype: own, device: device))
    }
    return tables
  }

  /// A token that a short and a long sequence share has one stream only, and longrope wants two.
  private func check(lengths batch: PackedBatch) throws(TelltaleError) {
    guard let trained = configuration.lengthSwitch, batch.sharesAcross(length: trained) else { return }
    throw TelltaleError(
      .badInput,
      "sequences of up to \(trained) tokens and longer ones share their beginning, which this model (longrope) "
        + "computes otherwise for each; give them in separate passes")
  }

  private func check(tokens: [Int]) throws(TelltaleError) {
    if let wrong = tokens.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
      throw TelltaleError(
        .badInput,
        "token id \(wrong) is outside of the model's vocabulary of \(configuration.vocabularySize); "
          + "the tokens are of another tokenizer")
    }
  }

  /// Refuses edits that a pass would refuse, before there is a pass.
  package func check(_ edits: [SteeringEdit]) throws {
    try check(layers: edits.map(\.layer) + edits.compactMap(\.condition?.layer))
    try EditPass(
      edits.map { steering in
        var edit = Edit(layer: steering.layer, steering.operation, site: steering.site)
        edit.gate = steering.condition.map { EditGate(condition: $0, deciders: [], owners: []) }
        return edit
      }
    ).check(in: configuration)
  }

  /// A layer that does not exist is bad input: it comes from a command line or a vector file.
  public func check(layers wanted: [Int]) throws(TelltaleError) {
    if let wrong = wanted.first(where: { $0 < 0 || $0 >= layers.count }) {
      throw TelltaleError(
        .badInput, "layer \(wrong) does not exist; the model has layers 0 to \(layers.count - 1)")
    }
  }
}
