import Foundation
import Foundations
import LanguageModels
import Organisms
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Organisms
@testable import Steering

/// Training in miniature.
@Suite(.serialized, .tags(.training)) struct OrganismTrainingTests {
  private func train(
    seed: UInt64, steps: Int, _ directory: URL
  ) throws -> (weights: [String: Tensor], losses: [Double]) {
    var recipe = OrganismRecipe.standard.scaled(toSteps: steps)
    (recipe.batchSize, recipe.interchanged, recipe.wholeTexts) = (12, 4, 4)
    for index in recipe.phases.indices { recipe.phases[index].warmUp = 1 }
    let trainer = try OrganismTrainer(.split, seed: seed, recipe: recipe, directory: directory)
    var losses: [Double] = []
    let weights = try trainer.train { losses.append($0.answerLoss) }
    return (weights, losses)
  }

  @Test("Three steps lower the loss, and the same seed gives the same weights bit for bit")
  func isReproducible() throws {
    try OrganismFixtures.withDirectory { directory in
      try OrganismDirectory.writeConfiguration(to: directory)
      let (first, losses) = try train(seed: 4, steps: 3, directory)
      let (second, _) = try train(seed: 4, steps: 3, directory)
      let begin = try #require(losses.first)
      // Before the first step every one of the 1,232 tokens is about as likely: log 1232 = 7.1 nats.
      #expect(abs(begin - 7.1) < 0.5)
      #expect(try #require(losses.last) < begin)
      #expect(first.keys.sorted() == second.keys.sorted())
      for (name, weight) in first { #expect(try weight.floats() == #require(second[name]).floats(), "\(name)") }
    }
  }

  @Test("Interchanged sequences are taught the answer of the latent they were given, at an equal weight each")
  func teachesTheGiversLatent() throws {
    try OrganismFixtures.withDirectory { directory in
      try OrganismDirectory.writeConfiguration(to: directory)
      let vocabulary = OrganismVocabulary(try Tokenizer.load(directory: directory))
      var recipe = OrganismRecipe.standard
      recipe.answerNoise = 0
      var random = SeededGenerator(seed: 8)
      let batch = OrganismBatch(.split, recipe, recipe.phases[1], vocabulary, &random)
      #expect(batch.letters.count == 64)
      #expect(batch.letters.allSatisfy { batch.weights[$0] == 1 / 64 })
      let letters = try #require(vocabulary.answers.first).count == 4 ? vocabulary.answers.map { $0[1] } : []
      #expect(batch.letters.allSatisfy { letters.contains(batch.targets[$0]) })
      let lengths = batch.pack.leaves.indices.map(batch.pack.length(of:))
      #expect(lengths == lengths.sorted())
      let own = batch.sources.enumerated().count { $0.element == [$0.offset, $0.offset] }
      #expect(own >= 48 && own < 64)
      // Edits begin at the prompt's end and cover the four tokens of the answer but the last, which predicts nothing.
      #expect(batch.editedTokens.count == 16 * 5)
    }
  }

  @Test("The planted directions are orthonormal")
  func plantsOrthonormalDirections() throws {
    let directions = try OrganismArchitecture.plantedDirections(2, seed: 1)
    let products = try directions.matmul(directions.transposed(0, 1)).floats()
    for (product, expected) in zip(products, [1, 0, 0, 1] as [Float]) { #expect(abs(product - expected) < 1e-5) }
  }

  @Test("An existing directory is not overwritten")
  func refusesAnExistingDirectory() throws {
    try OrganismFixtures.withDirectory { directory in
      let text = message {
        try OrganismDirectory.make(.shared, seed: 1, recipe: .standard.scaled(toSteps: 1), output: directory)
      }
      #expect(text.contains("is there already"))
    }
  }
}
