import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Twenty AdamW steps of PEFT on tiny-llama, float32.
@Suite(.tags(.training)) struct TrainingGoldenTests {
  private struct Run: Decodable {
    var lossPerStep: [Double]
    var gradientNormPerStep: [Double]
  }

  private let folder = Fixtures.file("adapters/tiny-llama-lora-training")
  private let golden: SafetensorsFile
  private let run: Run

  init() throws {
    golden = try SafetensorsFile(folder.appending(path: "golden.safetensors"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    run = try decoder.decode(Run.self, from: Data(contentsOf: folder.appending(path: "golden.json")))
  }

  private func weights(_ prefix: String) throws -> [String: Tensor] {
    let names = golden.names.filter { $0.hasPrefix(prefix + ".") }
    return try Dictionary(
      uniqueKeysWithValues: names.map { (String($0.dropFirst(prefix.count + 1)), try golden.tensor($0)) })
  }

  private func trainer(checkpointing: Bool) throws -> LoRATrainer {
    var settings = TrainingSettings()
    (settings.learningRate, settings.schedule, settings.steps) = (1e-3, .constant, 20)
    settings.gradientCheckpointing = checkpointing
    let adapter = try LoRAAdapter(LoRAConfiguration(rank: 8, alpha: 16), weights: weights("initial"))
    return try LoRATrainer(AdapterSupport.model("tiny-llama"), from: adapter, settings: settings)
  }

  private func batch(_ step: Int) throws -> [TrainingSequence] {
    let ids = try golden.tensor("input_ids").narrowed(0, step..<step + 1).integers()
    let labels = try golden.tensor("labels").narrowed(0, step..<step + 1).integers()
    return stride(from: 0, to: ids.count, by: 48).map {
      TrainingSequence(tokens: Array(ids[$0..<$0 + 48]), labels: Array(labels[$0..<$0 + 48]))
    }
  }

  private func expectWeights(_ adapter: LoRAAdapter, _ prefix: String) throws {
    let expected = try weights(prefix)
    #expect(adapter.weights.count == expected.count)
    for (name, tensor) in adapter.weights {
      #expect(try GoldenModel.distance(tensor, try #require(expected[name])) < 1e-5, "\(prefix) \(name)")
    }
  }

  @Test(
    "Twenty steps give PEFT's losses and weights, with gradient checkpointing and without", arguments: [false, true])
  func twentyStepsGive(
    _ checkpointing: Bool
  ) throws {
    let trainer = try trainer(checkpointing: checkpointing)
    for step in 0..<20 {
      let report = try trainer.step([batch(step)])
      #expect(abs(report.loss - run.lossPerStep[step]) < 1e-4, "step \(step)")
      #expect(abs(report.gradientNorm - run.gradientNormPerStep[step]) < 1e-4, "step \(step)")
      if step == 0 { try expectWeights(trainer.adapter(), "after_step_1") }
    }
    try expectWeights(trainer.adapter(), "final")
  }

  @Test("The first step's gradients are PEFT's", arguments: [false, true])
  func firstStepGradients(_ checkpointing: Bool) throws {
    let trainer = try trainer(checkpointing: checkpointing)
    let (_, gradients) = try trainer.lossAndGradients([batch(0)])
    let names = try trainer.adapter().places.flatMap { [$0.tensorName(.a), $0.tensorName(.b)] }
    let expected = try weights("gradient_step_1")
    for (name, gradient) in zip(names, gradients) {
      #expect(try GoldenModel.distance(gradient, try #require(expected[name])) < 1e-5, "\(name)")
    }
  }

  @Test("Two passes of two sequences are one of four")
  func twoPassesTwo() throws {
    let sequences = try batch(0)
    let whole = try trainer(checkpointing: false).lossAndGradients([sequences])
    let parts = try trainer(checkpointing: false).lossAndGradients([Array(sequences[..<2]), Array(sequences[2...])])
    #expect(abs(whole.loss - parts.loss) < 1e-5)
    for (a, b) in zip(whole.gradients, parts.gradients) { #expect(try GoldenModel.distance(a, b) < 1e-6) }
  }

  @Test("The adapter that PEFT saved after training is the one trained here")
  func adapterPEFTSaved() throws {
    try expectWeights(LoRAAdapter(directory: folder.appending(path: "final-adapter")), "final")
  }
}
