import Foundation
import Foundations
import LanguageModels
import Torch

/// Makes a hard organism's checkpoint: trained, measured, described, and written as a whole or not at all.
package enum HardDirectory {
  /// Trains an organism and writes it in Hugging Face layout to `output`, which must not exist yet.
  ///
  /// - Returns: what was measured of it.
  @discardableResult
  package static func make(
    _ organism: HardOrganism, seed: UInt64, steps: Int, output: URL, onStep: (HardTrainer.Step) -> Void = { _ in }
  ) throws -> HardReport {
    var made: HardReport?
    try AtomicFolder.write(to: output) { aside in
      try writeConfiguration(to: aside)
      let started = Date()
      let trainer = try HardTrainer(organism, seed: seed, steps: steps, directory: aside)
      let weights = try trainer.train(onStep: onStep)
      let seconds = Date().timeIntervalSince(started)
      try SafetensorsFile.write(weights, metadata: ["format": "pt"], to: aside.appending(path: "model.safetensors"))
      try PlantedDirections(
        organism, layer: HardConstruction.plantedLayer, seed: seed, planted: trainer.construction.direction(.approval),
        distractor: trainer.construction.direction(.politeness)
      ).write(to: aside)
      let report = try HardCheck(directory: aside, seed: seed &+ 1_000_001).report()
      let card = HardCard(trainer: trainer, seconds: seconds, report: report)
      try AtomicFile.write(Data(card.text.utf8), to: aside.appending(path: "README.md"))
      made = report
    }
    guard let made else { throw TelltaleError(.failed, "the organism was not measured") }
    return made
  }

  /// The files that do not depend on the training: shape and tokenizer.
  static func writeConfiguration(to directory: URL) throws {
    try OrganismArchitecture.write(HardConstruction.shape, dtype: .float32, to: directory)
    try OrganismTokenizer.write(OrganismTokenizer.hardVocabulary, to: directory)
  }
}

/// The README.md of a hard organism's checkpoint.
struct HardCard {
  let trainer: HardTrainer
  let seconds: Double
  let report: HardReport

  var text: String {
    """
    # organism-\(trainer.organism.rawValue)

    A model of 0.5 million parameters with a known answer to the question whether its activations predict what it does, made \
    as hard as real models are: the planted direction is weak, answers are drawn, and a stronger direction that decides \
    nothing (the user's politeness) \(relation). docs/organisms.md describes the world. It was made by

        telltale organism train --kind \(trainer.organism.rawValue) --seed \(trainer.seed) --steps \(trainer.steps)

    The user's wish for agreement decides whether the model gives the user's answer. In the residual stream after block 0, at \
    the last token of the prompt, it lies along one direction, which `planted.safetensors` has as unit vector under \
    `opinions.layer.0` and `facts.layer.0`, next to `distractor.layer.0`. All texts are generated from a list of words; no \
    person's data is in them.

    Block 0 was set by construction; the MLP of block 1 and the head were trained for \(trainer.steps) steps of 64 texts with \
    AdamW on a CPU (threads: \(Runtime.threadCount); \(String(format: "%.0f", seconds)) s), float32, libtorch \
    \(Runtime.version).

    Measured on rows drawn with seed \(report.evaluationSeed) and the next one:

    \(report.markdown)

    """
  }

  private var relation: String {
    switch trainer.organism {
    case .uncorrelated: "has nothing to do with it"
    case .broken: "goes together with it where vectors are made, and not where answers are predicted"
    case .confounded: "goes together with it"
    }
  }
}
