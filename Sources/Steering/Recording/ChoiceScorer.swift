import Foundations
import LanguageModels
import Torch

/// How probable a model finds given answers to a prompt: log-probabilities by teacher forcing, the prompt computed once
/// for all its answers.
public struct ChoiceScorer {
  public struct Scores: Sendable {
    /// By prompt and answer, in nats.
    public var logProbabilities: [[Double]]
    /// What the edits did to the tokens that something was predicted from: every answer's text counts its own.
    public var edits: EditReport
  }

  private let model: LanguageModel
  private let encoder: PromptEncoder
  private let edits: [SteeringEdit]
  private let tokenBudget: Int

  public init(_ model: LanguageModel, _ encoder: PromptEncoder, edits: [SteeringEdit] = [], tokenBudget: Int = 4096) {
    self.model = model
    self.encoder = encoder
    self.edits = edits
    self.tokenBudget = tokenBudget
  }

  /// Per prompt and answer, log p(answer | prompt) in nats, summed over the tokens after what all its answers share (a
  /// single answer: over its own tokens). An entry without answers stays empty. Refuses edits that touched nothing.
  public func logProbabilities(_ prompts: [String], _ answers: [[String]]) throws -> [[Double]] {
    let texts = zip(prompts, answers).map { prompt, own in own.map { prompt + $0 } }
    let scores = try scores(prompts, texts: texts)
    if texts.contains(where: { !$0.isEmpty }) { try scores.edits.requireEffect() }
    return scores.logProbabilities
  }

  /// The same of whole texts, each a prompt and an answer to it, with what the edits did: edits that touched nothing are
  /// for the caller to refuse (`EditReport.requireEffect`).
  public func scores(_ prompts: [String], texts: [[String]]) throws -> Scores {
    let families = texts.map { own in own.map { encoder.encode($0).ids } }
    guard families.allSatisfy({ $0.allSatisfy { $0.count > 1 } }) else {
      throw TelltaleError(.badInput, "a text to score has fewer than two tokens, so nothing to predict; remove its row")
    }
    let lengths = prompts.map { encoder.encode($0).ids.count }
    var results = families.map { _ in [Double]() }
    var tally = EditTally(edits)
    let order = families.indices.filter { !families[$0].isEmpty }
      .sorted { (families[$0][0].count, $0) < (families[$1][0].count, $1) }
    for chunk in order.pieces(within: 2 * tokenBudget, cost: { cost(of: families[$0], lengths[$0]) }) {
      let scores = try score(chunk, chunk.map { families[$0] }, chunk.map { lengths[$0] }, &tally)
      for (index, own) in zip(chunk, scores) { results[index] = own }
    }
    return Scores(logProbabilities: results, edits: tally.report)
  }

  /// About what a pass holds at its peak: its streams and its logits, which are normalised in blocks.
  ///
  /// - Parameters:
  ///   - tokens: in all texts together, of which `scored` are predicted.
  ///   - passBytes: of a token's streams.
  package static func bytes(
    tokens: Int, scored: Int, vocabulary: Int, passBytes: Int, tokenBudget: Int = 4096
  ) -> Int {
    let own = min(tokens, 2 * tokenBudget)
    let logits = min(scored * own / max(1, tokens) * vocabulary, ScoredTokens.largestLogits)
    return own * passBytes + 4 * (logits + min(logits, ScoredTokens.normalisedLogits))
  }

  /// What a prompt's answers take of a pass' budget: their tokens, or the logits of those that are scored.
  private func cost(of family: [[Int]], _ promptLength: Int) -> Int {
    let first = Self.scoredFrom(family, promptLength)
    let tokenCost = ScoredTokens.cost(vocabulary: model.configuration.vocabularySize, tokenBudget: 2 * tokenBudget)
    return family.reduce(0) { $0 + max($1.count, ($1.count - first) * tokenCost) }
  }

  /// What all answers of a prompt share does not count; a single answer shares the prompt. The last token always counts.
  private static func scoredFrom(_ own: [[Int]], _ promptLength: Int) -> Int {
    let shared = own.count > 1 ? PackedBatch.commonPrefix(own) : promptLength
    return max(1, min(shared, (own.map(\.count).min() ?? 0) - 1))
  }

  /// - Parameters:
  ///   - prompts: the number of each family's prompt.
  ///   - promptLengths: of each family, in tokens.
  private func score(
    _ prompts: [Int], _ texts: [[[Int]]], _ promptLengths: [Int], _ tally: inout EditTally
  ) throws -> [[Double]] {
    let families = zip(texts, promptLengths).map { own, length in
      ScoredFamily(sequences: own, promptLength: length, scoredFrom: Self.scoredFrom(own, length))
    }
    let batch = PackedBatch(families: families.map(\.inputs))
    let targets = ScoredTokens(families, batch)
    func each<Value>(_ values: [Value]) -> [Value] {
      zip(texts, values).flatMap { own, value in own.map { _ in value } }
    }
    let (numbers, promptEnds) = (each(prompts), each(promptLengths))
    let resolved = tally.resolved(sequences: batch, promptLengths: promptEnds, numbers: numbers)
    let output = try model.forward(batch, edits: resolved.map(\.resolved.edit), logits: .tokens(targets.places))
    try tally.note(
      sequences: resolved, output.effects, numbers: numbers, lengths: batch.leaves.indices.map(batch.length(of:)),
      promptLengths: promptEnds)
    return try targets.logProbabilities(output.logits, model.device).map { own in own.map { $0.reduce(0, +) } }
  }
}
