import Foundations
import LanguageModels
import Torch

/// The loss of one batch, with gradients recorded: language model, planted components and their separation.
struct OrganismLoss {
  let model: LanguageModel
  /// float32 [latents, hidden], orthonormal.
  let directions: Tensor
  let phase: OrganismRecipe.Phase

  struct Parts {
    /// What is minimised, with its graph.
    var total: Tensor
    /// Mean loss of the answer letters in nats, and the share of them that the model would choose.
    var answer: Double
    var accuracy: Double
    var planted: Double
  }

  func callAsFunction(_ batch: OrganismBatch) throws -> Parts {
    let layer = OrganismArchitecture.plantedLayer
    let lower = try model.forward(batch.pack, taps: Taps(layers: [layer]))
    guard let stream = lower.residuals[layer] else { throw TelltaleError(.failed, "the planted layer was not tapped") }
    let prompts = try stream.selected(0, batch.promptEnds)  // [sequences, hidden]
    let components = try prompts.matmul(directions.transposed(0, 1))  // [sequences, latents]
    let edited = try interchanged(stream, components, batch)  // [tokens, hidden]
    let upper = try model.resume(batch.pack, from: edited, after: layer, logits: .tokens(batch.places))
    guard let logits = upper.logits else { throw TelltaleError(.failed, "the pass gave no logits") }
    let losses = try Self.losses(logits, batch.targets)  // [places]
    let planted = try self.planted(components, batch)
    let separation = try self.separation(prompts, components, batch)
    let language = try (losses * Tensor(batch.weights)).sum()
    return Parts(
      total: try language + planted * phase.plantedWeight + separation * phase.separationWeight,
      answer: try losses.selected(0, batch.letters).mean().scalar(),
      accuracy: try Self.accuracy(logits, batch), planted: try planted.scalar())
  }

  /// -log p(target) in nats, by row of logits [n, vocabulary].
  private static func losses(_ logits: Tensor, _ targets: [Int]) throws(TelltaleError) -> Tensor {
    let chosen = try Tensor(targets, shape: [targets.count, 1])
    return try -(logits.logSoftmax(-1).gathered(1, chosen).reshaped([targets.count]))
  }

  private static func accuracy(_ logits: Tensor, _ batch: OrganismBatch) throws(TelltaleError) -> Double {
    let guesses = try logits.selected(0, batch.letters).argmax(-1).integers()
    let right = zip(guesses, batch.letters).count { $0 == batch.targets[$1] }
    return Double(right) / Double(guesses.count)
  }

  /// The stream with the planted components of the interchanged sequences replaced by their sources', from the prompt
  /// token on.
  private func interchanged(
    _ stream: Tensor, _ components: Tensor, _ batch: OrganismBatch
  ) throws(TelltaleError) -> Tensor {
    let shape = [batch.sources.count, directions.size(0)]
    let sources = try Tensor(batch.sources.flatMap { $0 }, shape: shape)
    let factors = try Tensor(batch.factors.flatMap { $0 }, shape: shape)
    let given = try components.gathered(0, sources) * factors  // [sequences, latents]
    let changes = try (given - components).matmul(directions)  // [sequences, hidden]
    return try stream.adding(0, Tensor(batch.editedTokens), changes.selected(0, batch.editedSequences))
  }

  /// How far the components are from what the latents say.
  private func planted(_ components: Tensor, _ batch: OrganismBatch) throws(TelltaleError) -> Tensor {
    let signs = try Tensor(batch.signs.flatMap { $0 }, shape: components.shape)
    switch phase.target {
    case .sign: return try -((signs * components).logSigmoid().mean())
    case .strength:
      let strengths = try Tensor(batch.strengths.flatMap { $0 }, shape: components.shape)
      return try ((components - signs * strengths) / 10).power(2).mean()
    }
  }

  /// The squared covariance of the latents with what the planted components leave of the stream: what is not planted
  /// should not tell of them.
  private func separation(
    _ prompts: Tensor, _ components: Tensor, _ batch: OrganismBatch
  ) throws(TelltaleError) -> Tensor {
    let signs = try Tensor(batch.signs.flatMap { $0 }, shape: components.shape)
    let rest = try prompts - components.matmul(directions)  // [sequences, hidden]
    let centred = try signs - signs.mean(0, keep: true)
    let covariance = try centred.transposed(0, 1).matmul(rest) / Double(batch.signs.count)  // [latents, hidden]
    return try covariance.power(2).sum()
  }
}
