import Foundation
import Foundations
import LanguageModels
import Torch

/// Makes an organism's checkpoint: trained, measured, described, and put in place as a whole or not at all.
package enum OrganismDirectory {
  /// Trains an organism and writes it in Hugging Face layout to `output`, which must not exist yet.
  package static func make(
    _ organism: Organism, seed: UInt64, recipe: OrganismRecipe, output: URL,
    onStep: (OrganismTrainer.Step) -> Void = { _ in }
  ) throws {
    try AtomicFolder.write(to: output) { aside in
      try writeConfiguration(to: aside)
      let started = Date()
      let trainer = try OrganismTrainer(organism, seed: seed, recipe: recipe, directory: aside)
      let weights = try trainer.train(onStep: onStep)
      let seconds = Date().timeIntervalSince(started)
      try write(weights, trainer, to: aside)
      let report = try OrganismCheck(directory: aside, seed: seed &+ 1_000_001).report()
      let card = OrganismCard(trainer: trainer, seconds: seconds, report: report)
      try AtomicFile.write(Data(card.text.utf8), to: aside.appending(path: "README.md"))
    }
  }

  /// The files that do not depend on the training: shape and tokenizer.
  package static func writeConfiguration(to directory: URL) throws {
    try OrganismArchitecture.write(dtype: .float32, to: directory)
    try OrganismTokenizer.write(to: directory)
  }

  private static func write(_ weights: [String: Tensor], _ trainer: OrganismTrainer, to directory: URL) throws {
    try SafetensorsFile.write(
      weights, metadata: ["format": "pt"], to: directory.appending(path: "model.safetensors"))
    try PlantedDirections(
      trainer.organism, layer: OrganismArchitecture.plantedLayer, seed: trainer.seed, directions: trainer.directions
    ).write(to: directory)
  }
}
