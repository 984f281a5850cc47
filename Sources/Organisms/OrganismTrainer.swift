import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

/// Trains an organism from nothing. The same seed, recipe and thread count give the same bits on the same machine.
package struct OrganismTrainer {
  package let organism: Organism
  package let seed: UInt64
  package let recipe: OrganismRecipe
  /// float32 [latents, hidden], orthonormal: one direction for `shared`, opinions' and facts' for `split`.
  package let directions: Tensor
  private let configuration: ModelConfiguration
  private let vocabulary: OrganismVocabulary

  /// One finished step, counted from 1.
  package struct Step: Sendable {
    package var number: Int
    package var total: Int
    /// Mean loss of the answer letters in nats; with 5 % of them flipped it cannot fall below 0.2.
    package var answerLoss: Double
    package var accuracy: Double
    package var plantedLoss: Double
  }

  /// - Parameter directory: where config.json and the tokenizer lie.
  package init(_ organism: Organism, seed: UInt64, recipe: OrganismRecipe, directory: URL) throws {
    (self.organism, self.seed, self.recipe) = (organism, seed, recipe)
    configuration = try ModelConfiguration(directory: directory)
    vocabulary = OrganismVocabulary(try Tokenizer.load(directory: directory))
    directions = try OrganismArchitecture.plantedDirections(organism.latents.count, seed: seed)
  }

  /// The trained weights by checkpoint name, float32.
  package func train(onStep: (Step) -> Void = { _ in }) throws -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    for (name, weight) in try OrganismArchitecture.initialWeights(seed: seed) {
      weights[name] = try weight.requiringGradient()
    }
    let model = try LanguageModel(configuration, weights: weights)
    var random = SeededGenerator(seed: seed)
    var done = 0
    for phase in recipe.phases {
      let loss = OrganismLoss(model: model, directions: directions, phase: phase)
      let optimizer = try OrganismOptimizer(
        weights, weightDecay: recipe.weightDecay, largestGradient: recipe.largestGradient)
      for step in 0..<phase.steps {
        let batch = OrganismBatch(organism, recipe, phase, vocabulary, &random)
        let parts = try recordingGradients { try loss(batch) }
        try optimizer.step(parts.total, learningRate: phase.learningRate(step))
        done += 1
        let report = Step(
          number: done, total: recipe.steps, answerLoss: parts.answer, accuracy: parts.accuracy,
          plantedLoss: parts.planted)
        guard parts.answer.isFinite else { throw diverged(done) }
        onStep(report)
      }
    }
    return try weights.mapValues { try $0.detached() }
  }

  private func diverged(_ step: Int) -> TelltaleError {
    TelltaleError(.failed, "the training diverged at step \(step); try another seed")
  }
}

extension OrganismRecipe.Phase {
  /// Warm-up, then a cosine down to a fiftieth.
  func learningRate(_ step: Int) -> Double {
    OrganismOptimizer.learningRate(learningRate, step: step, of: steps, warmUp: warmUp)
  }
}
