import Foundations
import Torch

/// A sequence that a continuous batch decodes: what is continued, how, and what is told of it.
package struct DecodingRequest: Sendable {
  /// Token ids, not empty.
  package var prompt: [Int]
  package var maxTokens: Int
  package var sampling = Sampling.greedy
  /// The number of the random stream: sequences of one seed draw differently where it differs.
  package var randomStream = 0
  /// Tokens that end the continuation; they do not become part of it.
  package var stopTokens: Set<Int> = []
  package var edits: [SteeringEdit] = []
  /// Layers whose residual stream is told at every token, after edits.
  package var observedLayers: [Int] = []
  /// Layers whose residual stream is told at the last token of the prompt.
  package var promptEndLayers: [Int] = []
  /// How many of the most probable tokens are told with every token's log-probability; nil tells none.
  package var alternatives: Int?
  /// Whether log-probabilities are told of the prompt's tokens too.
  package var scoresPrompt = false

  package init(prompt: [Int], maxTokens: Int) { (self.prompt, self.maxTokens) = (prompt, maxTokens) }
}

/// A token with what the model said of it before it was chosen.
package struct DecodedToken: Sendable, Equatable {
  package var token: Int
  /// In nats, of the logits as they are (temperature and top-p have no part in it); nil where it was not asked for, and
  /// of the first token of a prompt.
  package var logProbability: Double?
  /// The most probable tokens at this place, descending.
  package var alternatives: [Alternative] = []

  package init(token: Int, logProbability: Double? = nil) {
    (self.token, self.logProbability) = (token, logProbability)
  }

  package struct Alternative: Sendable, Equatable {
    package var token: Int
    package var logProbability: Double
  }
}

/// What a continuous batch tells of a sequence.
package enum DecodingEvent: Sendable {
  /// The prompt's tokens with their log-probabilities.
  case prompt([DecodedToken])
  /// By layer, float32 [1, hidden] at the prompt's last token.
  case promptEnd([Int: Tensor])
  /// By layer, float32 [tokens, hidden] of the next tokens of prompt and continuation.
  case streams([Int: Tensor])
  case token(DecodedToken)
  /// Nothing more is told; with what its edits did.
  case end(Generation.End, EditReport)
  case failed(TelltaleError)
}

/// Decodes sequences that join and leave between two steps, each with its own length, sampling and edits.
///
/// One cache for all; not for several threads at a time. A sequence whose numbers overflow fails alone.
package final class ContinuousBatch {
  package typealias Told = (id: Int, event: DecodingEvent)

  /// Rows of logits that exist at a time while a prompt is scored.
  private static let scoredRows = 128

  private let model: LanguageModel
  private let cache: KeyValueCache
  /// By slot of the cache.
  private var active: [Sequence] = []

  private final class Sequence {
    let id: Int
    let request: DecodingRequest
    var tokens: [Int] = []
    var tally: EditTally
    var sampler: TokenSampler

    init(_ id: Int, _ request: DecodingRequest) {
      (self.id, self.request) = (id, request)
      let edits = request.edits.map { edit in
        var edit = edit
        edit.sequences = [id]
        return edit
      }
      tally = EditTally(edits)
      sampler = TokenSampler(request.sampling)
    }

    var observes: Bool { !request.observedLayers.isEmpty }

    /// The next token, from logits [1, vocabulary].
    func draw(_ logits: Tensor) throws -> Int { try sampler.choose(logits, sequences: [request.randomStream])[0] }
  }

  /// - Parameters:
  ///   - slots: sequences at a time.
  ///   - capacity: tokens of a sequence, prompt and continuation.
  package init(_ model: LanguageModel, slots: Int, capacity: Int) throws {
    self.model = model
    cache = try KeyValueCache(
      model.configuration, slots: slots, capacity: capacity, dtype: model.dtype, devices: model.layers.map(\.device))
  }

  package var freeSlots: Int { cache.slots - active.count }
  package var activeCount: Int { active.count }

  // MARK: Joining and leaving

  /// Reads the prompts of sequences, of which there are no more than free slots, and chooses their first tokens.
  package func admit(_ requests: [(id: Int, request: DecodingRequest)]) throws -> [Told] {
    guard !requests.isEmpty else { return [] }
    let joining = requests.map { Sequence($0.id, $0.request) }
    let batch = PackedBatch(joining.map(\.request.prompt))
    let lengths = joining.map(\.request.prompt.count)
    let ids = joining.map(\.id)
    let edits = joining.map { $0.tally.resolved(sequences: batch, promptLengths: lengths, numbers: ids) }
    let rows = PromptRows(batch, joining.map { $0.request.scoresPrompt || $0.observes })
    let last = model.layers.count - 1
    let observed = joining.flatMap { $0.request.observedLayers + $0.request.promptEndLayers }
    let output = try model.launch(
      batch, taps: Taps(layers: Set(observed + [last]).sorted(), tokens: .tokens(rows.tokens)),
      edits: edits.flatMap { $0.map(\.resolved.edit) }, cache: cache)
    let first = active.count
    active += joining
    var effects = output.effects[...]
    for (sequence, own) in zip(joining, edits) {
      try sequence.tally.note(
        sequences: own, Array(effects.prefix(own.count)), numbers: ids, lengths: lengths, promptLengths: lengths)
      effects = effects.dropFirst(own.count)
    }
    guard let ends = output.residuals[last] else { return [] }
    var told = try joining.indices.flatMap { try tellPrompt(joining[$0], output, rows.ranges[$0]) }
    let logits = try model.logits(of: ends.selected(0, rows.ranges.map { $0.upperBound - 1 }))
    told += try choose(Array(first..<active.count), logits)
    return told
  }

  /// Ends a sequence before it ends by itself; returns what its edits did, nil where it is not here.
  @discardableResult
  package func remove(_ id: Int) throws -> EditReport? {
    guard let slot = active.firstIndex(where: { $0.id == id }) else { return nil }
    let report = active[slot].tally.report
    try vacate(slot)
    return report
  }

  /// Ends all sequences, after a pass that did not come to its end.
  package func removeAll() throws {
    for slot in active.indices.reversed() { try cache.remove(slot: slot) }
    active = []
  }

  private func vacate(_ slot: Int) throws {
    try cache.remove(slot: slot)
    active.swapAt(slot, active.count - 1)
    active.removeLast()
  }

  // MARK: Decoding

  /// Feeds every sequence its latest token and chooses the next.
  package func step() throws -> [Told] {
    guard !active.isEmpty else { return [] }
    let ids = active.map(\.id)
    let indices = active.map { $0.tokens.count - 1 }
    let edits = active.map { $0.tally.resolved(generated: indices, sequences: ids) }
    let output = try model.launchDecoding(
      active.map { $0.tokens[$0.tokens.count - 1] }, cache: cache,
      taps: Taps(layers: Set(active.flatMap(\.request.observedLayers)).sorted()),
      edits: edits.flatMap { $0.map(\.resolved.edit) })
    var effects = output.effects[...]
    for (sequence, own) in zip(active, edits) {
      try sequence.tally.note(generated: own, Array(effects.prefix(own.count)), sequences: ids)
      effects = effects.dropFirst(own.count)
    }
    var told: [Told] = []
    for (slot, sequence) in active.enumerated() where sequence.observes {
      told.append((sequence.id, .streams(try Self.streams(sequence.request.observedLayers, output, slot..<slot + 1))))
    }
    guard let logits = output.logits else { return told }
    return try told + choose(Array(active.indices), logits)
  }

  /// Chooses the next token of the sequences in `slots`, whose logits are rows [slots, vocabulary], and ends those that are
  /// done. A sequence of full length is still fed its last token where streams are told.
  private func choose(_ slots: [Int], _ logits: Tensor) throws -> [Told] {
    let sums = try logits.sum(-1).doubles()
    let best = try logits.argmax(-1).integers()
    var told: [Told] = []
    var ended: [(slot: Int, event: DecodingEvent)] = []
    for (row, slot) in slots.enumerated() {
      let sequence = active[slot]
      guard sums[row].isFinite else {
        ended.append((slot, .failed(Self.overflow(sequence.request))))
        continue
      }
      guard sequence.tokens.count < sequence.request.maxTokens else {
        ended.append((slot, .end(.length, sequence.tally.report)))
        continue
      }
      let own = try logits.narrowed(0, row..<row + 1)
      let token = try sequence.request.sampling == .greedy ? best[row] : sequence.draw(own)
      guard !sequence.request.stopTokens.contains(token) else {
        ended.append((slot, .end(.stopToken, sequence.tally.report)))
        continue
      }
      sequence.tokens.append(token)
      let scored = try sequence.request.alternatives.map { try Self.scored([token], own, alternatives: $0) }
      told.append((sequence.id, .token(scored?.first ?? DecodedToken(token: token))))
      if sequence.tokens.count == sequence.request.maxTokens, !sequence.observes {
        ended.append((slot, .end(.length, sequence.tally.report)))
      }
    }
    // From the last slot down, so that the slots still to be ended keep their numbers.
    for (slot, event) in ended.sorted(by: { $0.slot > $1.slot }) {
      told.append((active[slot].id, event))
      // What is not finite must not stay where the next sequence's mask multiplies it by zero.
      if case .failed = event { try cache.clear(slot: slot) }
      try vacate(slot)
    }
    return told
  }

  private static func overflow(_ request: DecodingRequest) -> TelltaleError {
    let reason =
      request.edits.isEmpty
      ? "compute in float32, or check the checkpoint" : "use a smaller scale for the edits, or compute in float32"
    return TelltaleError(.badInput, "the model's numbers are no longer finite for this prompt; \(reason)")
  }

  // MARK: What is told

  private func tellPrompt(_ sequence: Sequence, _ output: LanguageModel.Output, _ rows: Range<Int>) throws -> [Told] {
    let request = sequence.request
    var told: [Told] = []
    if request.scoresPrompt, let stream = output.residuals[model.layers.count - 1] {
      told.append((sequence.id, .prompt(try scoredPrompt(request, stream.narrowed(0, rows)))))
    }
    if !request.promptEndLayers.isEmpty {
      let end = rows.upperBound - 1..<rows.upperBound
      told.append((sequence.id, .promptEnd(try Self.streams(request.promptEndLayers, output, end))))
    }
    if sequence.observes {
      told.append((sequence.id, .streams(try Self.streams(request.observedLayers, output, rows))))
    }
    return told
  }

  private static func streams(
    _ layers: [Int], _ output: LanguageModel.Output, _ rows: Range<Int>
  ) throws -> [Int: Tensor] {
    var streams: [Int: Tensor] = [:]
    for layer in layers { streams[layer] = try output.residuals[layer]?.narrowed(0, rows).copy().moved(to: .cpu) }
    return streams
  }

  /// The prompt's tokens, from the last block's output [tokens, hidden] of all of them: some rows of logits at a time, which
  /// for all of them would be many times as large as the model.
  private func scoredPrompt(_ request: DecodingRequest, _ stream: Tensor) throws -> [DecodedToken] {
    var tokens = [DecodedToken(token: request.prompt[0])]
    let targets = Array(request.prompt.dropFirst())
    for start in stride(from: 0, to: targets.count, by: Self.scoredRows) {
      let range = start..<min(start + Self.scoredRows, targets.count)
      let logits = try model.logits(of: stream.narrowed(0, range))
      tokens += try Self.scored(Array(targets[range]), logits, alternatives: request.alternatives ?? 0)
    }
    return tokens
  }

  /// - Parameter logits: [tokens, vocabulary], a row for each token.
  private static func scored(_ tokens: [Int], _ logits: Tensor, alternatives count: Int) throws -> [DecodedToken] {
    let values = try logits.logSoftmax(-1)  // [tokens, vocabulary]
    let own = try values.gathered(-1, Tensor(tokens, shape: [tokens.count, 1]).moved(to: values.device)).doubles()
    var scored = zip(tokens, own).map { DecodedToken(token: $0, logProbability: $1) }
    guard count > 0 else { return scored }
    let top = try values.top(min(count, values.size(-1)), -1)
    let (numbers, ids) = (try top.values.doubles(), try top.indices.integers())
    let width = top.indices.size(-1)
    for row in scored.indices {
      scored[row].alternatives = (row * width..<(row + 1) * width).map {
        .init(token: ids[$0], logProbability: numbers[$0])
      }
    }
    return scored
  }
}

/// Which tokens of a pack of prompts are looked at after the pass, and where those of each prompt lie among them.
private struct PromptRows {
  /// Indices into the pack.
  private(set) var tokens: [Int] = []
  /// By prompt, its rows of what was looked at.
  private(set) var ranges: [Range<Int>] = []

  /// - Parameter whole: by prompt, whether all of its tokens are looked at and not only the last.
  init(_ batch: PackedBatch, _ whole: [Bool]) {
    for (sequence, isWhole) in whole.enumerated() {
      let length = batch.length(of: sequence)
      let start = tokens.count
      tokens += (isWhole ? 0..<length : length - 1..<length).map { batch.index(of: sequence, position: $0) }
      ranges.append(start..<tokens.count)
    }
  }
}
