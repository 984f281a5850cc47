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

  /// Per prompt and answer, log p(answer | prompt) in nats, summed over the tokens after what all its answers share. An
  /// entry without answers stays empty.
  public func logProbabilities(_ prompts: [String], _ answers: [[String]]) throws -> [[Double]] {
    let families = zip(prompts, answers).map { prompt, own in own.map { encoder.encode(prompt + $0).ids } }
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

  private func score(_ families: [[[Int]]], promptLengths: [Int]) throws -> [[Double]] {
    let batch = PackedBatch(families: families)
    var places: [Int] = []
    var targets: [Int] = []
    var owners: [Int] = []
    for (sequence, (ids, shared)) in families.flatMap({ own in
      own.map { ($0, min(PackedBatch.commonPrefix(own), own.map(\.count).min()! - 1)) }
    }).enumerated() {
      for position in max(shared, 1)..<ids.count {
        places.append(batch.index(of: sequence, position: position - 1))
        targets.append(ids[position])
        owners.append(sequence)
      }
    }
    let promptEnds = zip(families, promptLengths).flatMap { own, length in own.map { _ in length } }
    let resolved = edits.flatMap { $0.resolved(sequences: batch, promptLengths: promptEnds) }
    guard let logits = try model.forward(batch, edits: resolved, logits: .tokens(places)).logits else { return [] }
    let chosen = try logits.logSoftmax(-1).gathered(
      1, Tensor(targets, shape: [targets.count, 1]).moved(to: model.device))
    var sums = [Double](repeating: 0, count: batch.leaves.count)
    for (owner, value) in zip(owners, try chosen.doubles()) { sums[owner] += value }
    var start = 0
    return families.map { own in
      defer { start += own.count }
      return Array(sums[start..<start + own.count])
    }
  }
}
