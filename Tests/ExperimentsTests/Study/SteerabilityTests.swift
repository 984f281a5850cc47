import Foundation
import Foundations
import LanguageModels
import Organisms
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("Steerability from stored margins")
struct SteerabilityTests {
  /// Four items of two questions; layer 0 does nothing, layer 1 moves item i by slopes[i] a unit of scale.
  private func stored(slopes: [Double], dataset: String = "test") -> StoredSteering {
    let plain = [-1.0, -1, 1, 1]
    func cell(_ layer: Int?, _ scale: Double, _ slopes: [Double]) -> StoredSteering.Cell {
      StoredSteering.Cell(
        layer: layer, scale: scale, shift: 10 * scale, margins: zip(plain, slopes).map { $0 + scale * $1 })
    }
    let none = [0.0, 0, 0, 0]
    return StoredSteering(targets: [
      StoredSteering.Target(
        dataset: dataset, groups: ["p", "p", "q", "q"],
        cells: [
          cell(nil, 0, none), cell(0, -1, none), cell(0, 1, none), cell(1, -1, slopes), cell(1, 1, slopes),
        ])
    ])
  }

  @Test("Slopes are least squares over the scales with 0 among them; gains are at the largest scale")
  func slopes() {
    let rows = Steerability.rows(model: "m", vector: "v", stored(slopes: [2, 0.5, -3, 1]))
    #expect(rows.map(\.layer) == [0, 1])
    #expect(rows[0].slopes == [0, 0, 0, 0] && rows[0].gains == [0, 0, 0, 0])
    #expect(zip(rows[1].slopes, [2, 0.5, -3, 1]).allSatisfy { abs($0 - $1) < 1e-12 })
    // -1 + 2 > 0: gained; -1 + 0.5 < 0: not; 1 - 3 < 0: lost; 1 + 1 > 0: had it before.
    #expect(rows[1].gains == [1, 0, -1, 0])
    #expect(rows[1].antiSteerable.value == 0.25 && rows[1].shift == 10 && rows[1].largestScale == 1)
  }

  @Test("The layer is chosen on one half of the questions and judged on the other")
  func crossed() throws {
    // Question p steers at layer 1 with +1, question q against: chosen on p is 1, judged on q -1; chosen on q is 0.
    let rows = Steerability.rows(model: "m", vector: "v", stored(slopes: [1, 1, -1, -1]))
    let chosen = try #require(ChosenSteering(rows, seed: 0))
    #expect(chosen.layers == [0, 1])
    #expect(abs(chosen.slope.value - -0.5) < 1e-12 && chosen.antiSteerable.value == 0.5)
  }

  @Test("Out of distribution the layer is the one that does most in distribution")
  func transferred() throws {
    let inside = Steerability.rows(model: "m", vector: "v", stored(slopes: [1, 1, 1, 1]))
    let outside = Steerability.rows(model: "m", vector: "v", stored(slopes: [-2, -2, -2, -2], dataset: "out"))
    let chosen = try #require(ChosenSteering(outside, chosenOn: inside))
    #expect(chosen.layers == [1] && abs(chosen.slope.value + 2) < 1e-12)
    #expect(ChosenSteering([], seed: 0) == nil)
  }

  @Test("A file that is no whole result of steering is refused in one sentence")
  func damaged() throws {
    let folder = try ScratchFolder()
    var short = stored(slopes: [1, 1, 1, 1])
    short.targets[0].cells[2].margins.removeLast()
    var steered = stored(slopes: [1, 1, 1, 1])
    steered.targets[0].cells.removeFirst()
    let texts =
      try ["", "{}", "[1, 2"] + [short, steered].map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    for text in texts {
      let file = try folder.write(text, to: "v.json")
      let error = #expect(throws: TelltaleError.self) { try StoredSteering(contentsOf: file) }
      #expect(error?.isBadInput == true && error?.message.contains("no result of steering") == true)
    }
  }

  @Test("What a stage stores is what the evaluation gives for the same cells, scaled by the norm at the prompts")
  func againstEvaluation() throws {
    // Other rows are computed together in the stage, which must not change them.
    let loaded = try LoadedModel(Fixtures.repository.appending(path: "Models/organism-shared").path, dtype: .float32)
      .batchInvariant()
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let items = try Array(OrganismWorld.items(.opinions, count: 8, seed: 3))
    let vectors = try VectorExtraction(VectorRecipe(.answers), layers: [1, 2], seed: 0).run(loaded, encoder, items)
    var settings = Experiment.SteeringSettings()
    (settings.targets, settings.scales) = (["train"], [-0.5, 1])
    let stage = try VectorSteering(settings, loaded, encoder, [("train", items)])
    let stored = try stage.run(vectors)
    let norms = try encoder.promptNorms(loaded, items, layers: [1, 2])
    let cells: [GridCell] =
      try [.unsteered]
      + [1, 2].flatMap { layer in
        try [-0.5, 1].map { scale in
          try .adding(
            vectors, layer: layer, scale: scale * (norms[layer] ?? 0), unit: .unit, positions: .fromPromptEnd)
        }
      }
    let direct = try ChoiceEvaluation(loaded, encoder).run(items, cells: cells)
    #expect(stored.targets[0].cells.map(\.layer) == [nil, 1, 1, 2, 2])
    #expect(stored.targets[0].cells.map(\.scale) == [0, -0.5, 1, -0.5, 1])
    for (cell, scores) in zip(stored.targets[0].cells, direct.scores) {
      #expect(cell.margins == scores.map(\.margin))
    }
    // The shift that was achieved is the norm itself at scale 1.
    #expect(abs(stored.targets[0].cells[4].shift / (norms[2] ?? 0) - 1) < 1e-3)
    let rows = Steerability.rows(model: "m", vector: "v", stored)
    for (row, dose) in zip(rows, direct.doseResponses()) {
      // The evaluation counts units of the stream, the stage norms.
      #expect(zip(row.slopes, dose.slopes).allSatisfy { abs($0 - $1 * (norms[row.layer] ?? 0)) < 1e-9 })
      #expect(row.antiSteerable.value == dose.antiSteerable.value)
    }
    settings.layers = [2]
    #expect(
      try VectorSteering(settings, loaded, encoder, [("train", items)]).cells(vectors).map(\.layer) == [nil, 2, 2])
  }

  @Test("The norm at the prompts is the mean of the last tokens' norms, one prompt at a time")
  func norms() throws {
    let loaded = try LoadedModel(Fixtures.repository.appending(path: "Models/organism-split").path, dtype: .float32)
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let items = try Array(OrganismWorld.items(.facts, count: 4, seed: 9))
    let together = try encoder.promptNorms(loaded, items, layers: [0, 3])
    let single = try items.map { try encoder.promptNorms(loaded, [$0], layers: [3])[3] ?? 0 }
    #expect(abs((together[3] ?? 0) - single.reduce(0, +) / 4) < 1e-4)
  }
}
