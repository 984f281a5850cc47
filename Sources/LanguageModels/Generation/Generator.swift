import Foundations
import Torch

/// What to generate and what to record meanwhile.
public struct GenerationOptions: Sendable {
  public var maxTokens: Int
  public var sampling: Sampling = .greedy
  /// Tokens that end a continuation; they do not become part of it.
  public var stopTokens: Set<Int> = []
  public var edits: [SteeringEdit] = []
  /// Layers whose residual stream is recorded at the last prompt token and at the continuation's tokens.
  public var recordedLayers: [Int] = []
  /// Whether the mean over the continuation's tokens is recorded in addition to its last token.
  public var recordsMean = false
  /// Tokens that one pass over prompts may hold.
  public var tokenBudget = Self.defaultTokenBudget
  package static let defaultTokenBudget = 4096
  /// Bytes that keys and values may take; decides how many sequences are decoded together.
  public var cacheBudget = 2 << 30

  public init(maxTokens: Int) { self.maxTokens = maxTokens }

  /// How many of so many sequences are decoded together, where the keys and values of one take so many bytes.
  fileprivate func slots(_ sequences: Int, bytes: Int) -> Int { max(1, min(sequences, cacheBudget / max(1, bytes))) }

  /// Bytes that the keys and values of so many sequences take, of at most so many tokens each.
  package func cacheBytes(_ model: ModelConfiguration, sequences: Int, tokens: Int, dtype: DType) -> Int {
    let bytes = KeyValueCache.byteCount(model, tokens: tokens, dtype: dtype)
    return slots(sequences, bytes: bytes) * bytes
  }
}

/// One finished continuation.
public struct Generation: Sendable {
  public enum End: String, Sendable {
    case stopToken = "stop"
    case length
  }

  /// The new tokens, without the stop token.
  public var tokens: [Int]
  public var end: End
  /// float32 [recorded layers, hidden] at the last prompt token; nil where nothing was recorded.
  public var promptResidual: Tensor?
  /// float32 [recorded layers, hidden] at the last token of the continuation, really after it; nil where it is empty.
  public var continuationResidual: Tensor?
  /// float32 [recorded layers, hidden], mean over the continuation's tokens.
  public var continuationMean: Tensor?
}

/// Decodes many prompts together: a finished sequence's place is taken by the next prompt, and activations are recorded
/// in the passes that produce the tokens, never in a separate one.
public struct Generator {
  private let model: LanguageModel
  private let options: GenerationOptions
  private let prompts: [[Int]]
  private let cache: KeyValueCache
  private var sampler: TokenSampler
  /// The sequence in each active slot of the cache.
  private var active: [Int] = []
  private var waiting: [Int]
  private var states: [State]
  private var tally: EditTally
  private let onToken: (_ sequence: Int, _ token: Int) -> Void
  private let onFinish: (_ sequence: Int, _ generation: Generation) throws -> Void

  private struct State {
    var tokens: [Int] = []
    var prompt: Tensor?
    var latest: Tensor?
    var sum: Tensor?
  }

  /// Generates a continuation for every prompt (token ids, not empty). `onFinish` is called as sequences end, in any
  /// order; `onToken` as each token is chosen. Returns what the edits did; `EditReport.requireEffect` refuses a run in
  /// which an edit touched nothing.
  @discardableResult
  public static func run(
    _ model: LanguageModel, prompts: [[Int]], options: GenerationOptions,
    onToken: @escaping (_ sequence: Int, _ token: Int) -> Void = { _, _ in },
    onFinish: @escaping (_ sequence: Int, _ generation: Generation) throws -> Void
  ) throws -> EditReport {
    if prompts.isEmpty { return EditReport(options.edits) }
    var generator = try Generator(model, prompts, options, onToken, onFinish)
    try generator.run()
    return generator.tally.report
  }

  /// Generates a continuation for every prompt, in the order of the prompts.
  public static func generate(
    _ model: LanguageModel, prompts: [[Int]], options: GenerationOptions
  ) throws -> [Generation] {
    var results = [Int: Generation]()
    try run(model, prompts: prompts, options: options) { results[$0] = $1 }
    return prompts.indices.compactMap { results[$0] }
  }

  private init(
    _ model: LanguageModel, _ prompts: [[Int]], _ options: GenerationOptions,
    _ onToken: @escaping (Int, Int) -> Void, _ onFinish: @escaping (Int, Generation) throws -> Void
  ) throws {
    guard prompts.allSatisfy({ !$0.isEmpty }) else {
      throw TelltaleError(.badInput, "a prompt has no tokens; give at least one")
    }
    guard options.maxTokens >= 0, options.maxTokens <= 1 << 20 else {
      throw TelltaleError(.badInput, "the number of new tokens must be from 0 to \(1 << 20), not \(options.maxTokens)")
    }
    try model.check(layers: options.recordedLayers + options.edits.map(\.layer))
    (self.model, self.prompts, self.options) = (model, prompts, options)
    (self.onToken, self.onFinish) = (onToken, onFinish)
    let capacity = prompts.map(\.count).max()! + options.maxTokens
    let perSlot = KeyValueCache.byteCount(model.configuration, tokens: capacity, dtype: model.dtype)
    let slots = options.slots(prompts.count, bytes: perSlot)
    cache = try KeyValueCache(
      model.configuration, slots: slots, capacity: capacity, dtype: model.dtype,
      devices: model.layers.map(\.device))
    sampler = TokenSampler(options.sampling)
    tally = EditTally(options.edits)
    waiting = prompts.indices.reversed()
    states = Array(repeating: State(), count: prompts.count)
  }

  private mutating func run() throws {
    while !waiting.isEmpty || !active.isEmpty {
      let free = cache.slots - active.count
      if isWorthAdmitting(free) { try admit(free) } else { try step() }
    }
  }

  /// Prompts are admitted a quarter of the slots at a time, but the last ones at once: what is left behind would be decoded
  /// by itself after all others.
  private func isWorthAdmitting(_ free: Int) -> Bool {
    !waiting.isEmpty && (active.isEmpty || free >= waiting.count || free * 4 >= cache.slots)
  }

  /// Runs the prompts of the next waiting sequences and chooses their first tokens.
  private mutating func admit(_ free: Int) throws {
    var admitted: [Int] = []
    var tokens = 0
    while let next = waiting.last, admitted.count < free,
      admitted.isEmpty || tokens + prompts[next].count <= options.tokenBudget
    {
      admitted.append(waiting.removeLast())
      tokens += prompts[next].count
    }
    admitted.sort { (prompts[$0].count, $0) < (prompts[$1].count, $1) }
    let sequences = admitted.map { prompts[$0] }
    let batch = PackedBatch(families: sequences.map { [$0] }, header: header(sequences))
    let ends = sequences.indices.map { batch.index(of: $0, position: sequences[$0].count - 1) }
    let lengths = sequences.map(\.count)
    let edits = tally.resolved(sequences: batch, promptLengths: lengths, numbers: admitted)
    let output = try model.forward(
      batch, taps: Taps(layers: options.recordedLayers, tokens: .tokens(ends)), edits: edits.map(\.resolved.edit),
      logits: .tokens(ends), cache: cache)
    try tally.note(sequences: edits, output.effects, numbers: admitted, lengths: lengths, promptLengths: lengths)
    let first = active.count
    active += admitted
    if let residuals = try stacked(output) {
      for (row, sequence) in admitted.enumerated() {
        states[sequence].prompt = try residuals[row].copy().moved(to: .cpu)
      }
    }
    try continueSequences(Array(first..<active.count), output)
  }

  /// Tokens that all sequences share and that are worth computing once; every sequence keeps its own last token.
  private func header(_ sequences: [[Int]]) -> Int {
    guard options.edits.allSatisfy(\.treatsSequencesAlike), !model.isBatchInvariant,
      model.configuration.lengthSwitch == nil
    else { return 0 }
    let shared = min(PackedBatch.commonPrefix(sequences), sequences.map(\.count).min()! - 1)
    return sequences.count > 1 && shared >= 32 ? shared : 0
  }

  /// Active slots whose sequence becomes with its latest token one that the model computes otherwise from its first token
  /// on (longrope).
  private var outgrownSlots: [Int] {
    guard let length = model.configuration.lengthSwitch else { return [] }
    return active.indices.filter { cache.lengths[$0] == length }
  }

  /// Computes sequences again from their first token, as the ones they have become. What edits do to the tokens before is
  /// in the report already.
  private mutating func recompute(_ slots: [Int]) throws {
    let sequences = slots.map { active[$0] }
    for slot in slots.reversed() { try vacate(slot) }
    let tokens = sequences.map { prompts[$0] + states[$0].tokens }
    let batch = PackedBatch(tokens)
    let ends = tokens.indices.map { batch.index(of: $0, position: tokens[$0].count - 1) }
    let edits = tally.resolved(
      sequences: batch, promptLengths: sequences.map { prompts[$0].count }, numbers: sequences)
    let output = try model.forward(
      batch, taps: Taps(layers: options.recordedLayers, tokens: .tokens(ends)), edits: edits.map(\.resolved.edit),
      logits: .tokens(ends), cache: cache)
    let first = active.count
    active += sequences
    if let residuals = try stacked(output) {
      for (row, sequence) in sequences.enumerated() { try record(residuals[row], of: sequence) }
    }
    try continueSequences(Array(first..<active.count), output)
  }

  /// Gives up a slot of the cache; the last active sequence takes it.
  private mutating func vacate(_ slot: Int) throws {
    try cache.remove(slot: slot)
    active.swapAt(slot, active.count - 1)
    active.removeLast()
  }

  /// Feeds the latest token of every active sequence.
  private mutating func step() throws {
    let outgrown = outgrownSlots
    guard outgrown.isEmpty else { return try recompute(outgrown) }
    let edits = tally.resolved(generated: active.map { states[$0].tokens.count - 1 }, sequences: active)
    let output = try model.decode(
      active.map { states[$0].tokens.last! }, cache: cache, taps: Taps(layers: options.recordedLayers),
      edits: edits.map(\.resolved.edit))
    try tally.note(generated: edits, output.effects, sequences: active)
    if let residuals = try stacked(output) {
      for (slot, sequence) in active.enumerated() { try record(residuals[slot], of: sequence) }
    }
    try continueSequences(Array(active.indices), output)
  }

  private mutating func record(_ residual: Tensor, of sequence: Int) throws {
    states[sequence].latest = residual
    guard options.recordsMean else { return }
    let wide = try residual.converted(to: .float64)
    states[sequence].sum = try states[sequence].sum.map { try $0 + wide } ?? wide
  }

  /// Chooses the next token of the sequences in `slots`, whose logits are the rows of `output`, and ends those that are
  /// done. A sequence of full length is still fed once where its last token is to be recorded.
  private mutating func continueSequences(_ slots: [Int], _ output: LanguageModel.Output) throws {
    guard let logits = output.logits else { return }
    let chosen = try sampler.choose(logits, sequences: slots.map { active[$0] })
    var ended: [(slot: Int, end: Generation.End)] = []
    for (slot, token) in zip(slots, chosen) {
      let sequence = active[slot]
      if states[sequence].tokens.count >= options.maxTokens {
        ended.append((slot, .length))
      } else if options.stopTokens.contains(token) {
        ended.append((slot, .stopToken))
      } else {
        states[sequence].tokens.append(token)
        onToken(sequence, token)
        if states[sequence].tokens.count == options.maxTokens, options.recordedLayers.isEmpty {
          ended.append((slot, .length))
        }
      }
    }
    // From the last slot down, so that the slots still to be ended keep their numbers.
    for (slot, end) in ended.sorted(by: { $0.slot > $1.slot }) { try finish(slot, end) }
  }

  private mutating func finish(_ slot: Int, _ end: Generation.End) throws {
    let sequence = active[slot]
    let state = states[sequence]
    states[sequence] = State()
    try vacate(slot)
    let mean = try state.sum.map { try ($0 / Double(state.tokens.count)).converted(to: .float32, device: .cpu) }
    try onFinish(
      sequence,
      Generation(
        tokens: state.tokens, end: end, promptResidual: state.prompt,
        continuationResidual: state.latest?.copy().moved(to: .cpu),
        continuationMean: mean))
  }

  /// Recorded residuals as float32 [sequences, layers, hidden] on the model's device, which only those of finished
  /// sequences leave; nil where nothing is recorded.
  private func stacked(_ output: LanguageModel.Output) throws -> Tensor? {
    let layers = options.recordedLayers.compactMap { output.residuals[$0] }
    return layers.isEmpty ? nil : try Tensor.stacked(layers, 1)
  }
}
