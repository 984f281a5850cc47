import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Organisms
@testable import Steering

/// The whole chain on the organisms, with the settings of docs/finetuning.md and smaller sets: a positive result where
/// deference was trained, none where the answers differed in form.
@Suite(.serialized, .tags(.training)) struct FinetuningChainTests {
  private let scratch: ScratchFolder
  init() throws { scratch = try ScratchFolder() }

  private func conflicts(_ kind: OrganismWorld.Kind, _ count: Int, seed: UInt64) throws -> [Item] {
    Array(try OrganismWorld.items(kind, count: 2 * count, seed: seed).filter { $0.facts?["conflict"] == "true" })
  }

  private func chain(
    _ organism: Organism, _ style: OrganismWorld.TuningStyle, steps: Int = 100, seed: UInt64 = 1
  ) throws -> FinetuningChain {
    let loaded = try LoadedModel(OrganismFixtures.model(organism).path)
    let file = scratch.url.appending(path: "\(style.rawValue).jsonl")
    try OrganismWorld.write(try OrganismWorld.tuningRows(style, .opinions, count: 384, seed: 11), to: file)
    var settings = FinetuningChain.Settings(layers: Array(0..<6))
    settings.lora.layers = [2]
    (settings.training.steps, settings.training.batch) = (steps, 16)
    (settings.training.learningRate, settings.training.seed) = (0.01, seed)
    (settings.seed, settings.dataName) = (seed, style.rawValue)
    let items = FinetuningChain.Items(
      training: try Dataset.load(file), heldOut: try conflicts(.opinions, 192, seed: 12),
      outOfDistribution: try conflicts(.facts, 96, seed: 12))
    return try FinetuningChain(
      loaded, .plain(loaded.tokenizer), items, settings, output: scratch.url.appending(path: "chain"))
  }

  private func run(_ organism: Organism, _ style: OrganismWorld.TuningStyle) throws -> ChainReport {
    try chain(organism, style).run(.recipe(VectorRecipe(.spontaneous), conflicts(.opinions, 192, seed: 13)))
  }

  private func steered(
    _ report: ChainReport, _ operation: GridCell.Operation, _ direction: SteeredRate.Direction, _ scale: Double? = nil
  ) throws -> SteeredRate {
    try #require(
      report.steering.first {
        $0.set == "in" && $0.operation == operation && $0.direction == direction && $0.scale == scale
      })
  }

  @Test("Trained to defer on opinions, organism-shared moves along the planted latent and defers on facts too")
  func sycophancyIsPositive() throws {
    let report = try run(.shared, .sycophancy)
    #expect(report.layer == 2, "the planted layer, chosen on prompts that are not judged")
    #expect(report.comparison.map(\.layer) == [2, 3, 4, 5], "blocks below the adapted one did not change")
    #expect(report.verdicts.map(\.answer) == [.yes, .yes])
    #expect(report.verdicts.map(\.runsThroughVector) == [.yes, .yes])
    for set in ["in", "out"] {
      #expect((report.rate(set, .base)?.rate.value ?? 0) == 0.5)
      #expect((report.rate(set, .behaviour)?.rate.value ?? 0) > 0.9)
      #expect((report.rate(set, .opposite)?.rate.value ?? 1) < 0.4)
      #expect((report.shift(set, .behaviour)?.spearman?.low ?? 0) > 0.4)
    }
    // The vector that fine-tuning made steers the base model, a random one of its length does not.
    #expect(try steered(report, .add, .finetuning, 1).rate.value > 0.9)
    #expect(try steered(report, .add, .finetuning, -1).rate.value < 0.1)
    #expect(try abs(steered(report, .add, .random, 1).gain.value) < 0.1)
    // What the tuned model does runs along the given vector: without it the behaviour is gone.
    #expect(try steered(report, .ablate, .given).rate.value < 0.2)
    #expect(try steered(report, .ablate, .random).rate.value > 0.9)
    try isReused(report)
  }

  /// A second run finds its adapters, recordings, vectors and steering in the folder.
  private func isReused(_ report: ChainReport) throws {
    var again = try chain(.shared, .sycophancy)
    again.onStep = { _ in Issue.record("an adapter was trained again") }
    again.onStage = { stage in #expect(!stage.hasPrefix("recording"), "recorded again") }
    let second = try again.run(.recipe(VectorRecipe(.spontaneous), conflicts(.opinions, 192, seed: 13)))
    #expect(second.verdicts == report.verdicts && second.steering == report.steering)
    #expect(second.rates == report.rates && second.shifts.map(\.items) == report.shifts.map(\.items))
    let made = try SteeringVectors(contentsOf: scratch.url.appending(path: "chain/finetune-difference.safetensors"))
    #expect(made.provenance.contrast == "models" && made.provenance.read == "prompt")
    #expect(throws: TelltaleError.self, "another training in the same folder") {
      try chain(.shared, .sycophancy, steps: 99).run(
        .recipe(VectorRecipe(.spontaneous), conflicts(.opinions, 192, seed: 13)))
    }
  }

  @Test(
    "Answers that differ in letter or in form give no positive result",
    arguments: [OrganismWorld.TuningStyle.letterA, .lists])
  func controlsAreNegative(_ style: OrganismWorld.TuningStyle) throws {
    let report = try run(.shared, style)
    #expect(report.verdicts.map(\.answer) == [.no, .no])
    for set in ["in", "out"] { #expect((report.rate(set, .behaviour)?.change.value ?? 1) < 0.1) }
    // A control that trains nothing would show nothing. A list is how the world writes choices anyway, so that there the one
    // line alone is to be learned.
    let learned = report.trainings.map { $0.lastLoss < $0.firstLoss / 2 }
    #expect(learned == (style == .lists ? [false, true] : [true, true]))
  }

  @Test("In organism-split, whose facts have a latent of their own, the facts are reported for themselves")
  func splitIsReported() throws {
    let report = try run(.split, .sycophancy)
    #expect(report.verdicts.map(\.set) == ["in", "out"])
    let opinions = try #require(report.rate("in", .behaviour))
    #expect(opinions.change.value > 0.3, "opinions were trained")
    let facts = try #require(report.rate("out", .behaviour))
    #expect(facts.change.value < opinions.change.value, "facts follow less than opinions")
    // The opinions' vector carries what was trained on opinions; facts do not depend on it, whatever moved along it.
    #expect(report.verdicts.map(\.runsThroughVector) == [.yes, .no])
  }

  @Test("A layer that is not looked at, one below the adapted blocks, and a scale of 0 are refused")
  func refusals() throws {
    let good = try chain(.shared, .sycophancy)
    func make(_ change: (inout FinetuningChain.Settings) -> Void) throws -> FinetuningChain {
      var settings = good.settings
      change(&settings)
      return try FinetuningChain(good.loaded, good.encoder, good.items, settings, output: good.folder.url)
    }
    #expect(throws: TelltaleError.self) { try make { $0.judgedLayer = 6 } }
    #expect(throws: TelltaleError.self) { try make { $0.scales = [0] } }
    #expect(throws: TelltaleError.self) { try make { $0.layers = [9] } }
    // Block 2 is adapted.
    let below = try make { settings in
      (settings.layers, settings.judgedLayer) = ([1, 2], 1)
      settings.training.steps = 1
    }
    let error = #expect(throws: TelltaleError.self) {
      try below.run(.recipe(VectorRecipe(.spontaneous), conflicts(.opinions, 96, seed: 13)))
    }
    #expect(error?.message.contains("below the adapted blocks") == true)
  }
}
