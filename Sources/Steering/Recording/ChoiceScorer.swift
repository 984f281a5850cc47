import LanguageModels
import Torch

/// How probable a model finds given answers to a prompt: log-probabilities by teacher forcing, the prompt computed once
/// for all its answers.
public struct ChoiceScorer {
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
  /// single answer: over its own tokens). An entry without answers stays empty.
  public func logProbabilities(_ prompts: [String], _ answers: [[String]]) throws -> [[Double]] {
    try logProbabilities(prompts, texts: zip(prompts, answers).map { prompt, own in own.map { prompt + $0 } })
  }

  /// The same of whole texts, each a prompt and an answer to it.
  public func logProbabilities(_ prompts: [String], texts: [[String]]) throws -> [[Double]] {
    let families = texts.map { own in own.map { encoder.encode($0).ids } }
    let lengths = prompts.map { encoder.encode($0).ids.count }
    var results = families.map { _ in [Double]() }
    let order = families.indices.filter { !families[$0].isEmpty }
      .sorted { (families[$0][0].count, $0) < (families[$1][0].count, $1) }
    let cost = { (index: Int) in families[index].reduce(0) { $0 + $1.count } }
    for chunk in ContrastExtraction.chunks(order, budget: 2 * tokenBudget, cost: cost) {
      let scores = try score(chunk.map { families[$0] }, promptLengths: chunk.map { lengths[$0] })
      for (index, own) in zip(chunk, scores) { results[index] = own }
    }
    return results
  }

  /// A token whose log-probability counts for a sequence of a pack, and the place whose logits give it.
  private struct Scored {
    var sequence: Int
    var place: Int
    var token: Int
  }

  private func score(_ families: [[[Int]]], promptLengths: [Int]) throws -> [[Double]] {
    let batch = PackedBatch(families: families)
    let scored = Self.scored(families, promptLengths, batch)
    let promptEnds = zip(families, promptLengths).flatMap { own, length in own.map { _ in length } }
    let resolved = edits.flatMap { $0.resolved(sequences: batch, promptLengths: promptEnds) }
    let output = try model.forward(batch, edits: resolved, logits: .tokens(scored.map(\.place)))
    guard let logits = output.logits else { return [] }
    let targets = try Tensor(scored.map(\.token), shape: [scored.count, 1]).moved(to: model.device)
    var sums = [Double](repeating: 0, count: batch.leaves.count)
    for (own, value) in zip(scored, try logits.logSoftmax(-1).gathered(1, targets).doubles()) {
      sums[own.sequence] += value
    }
    var start = 0
    return families.map { own in
      defer { start += own.count }
      return Array(sums[start..<start + own.count])
    }
  }

  /// The tokens after what all answers of a prompt share; a single answer shares the prompt. The last token always counts.
  private static func scored(_ families: [[[Int]]], _ promptLengths: [Int], _ batch: PackedBatch) -> [Scored] {
    var scored: [Scored] = []
    var sequence = 0
    for (own, promptLength) in zip(families, promptLengths) {
      let shared = own.count > 1 ? PackedBatch.commonPrefix(own) : promptLength
      let first = max(1, min(shared, own.map(\.count).min()! - 1))
      for ids in own {
        for position in first..<ids.count {
          let place = batch.index(of: sequence, position: position - 1)
          scored.append(Scored(sequence: sequence, place: place, token: ids[position]))
        }
        sequence += 1
      }
    }
    return scored
  }
}
