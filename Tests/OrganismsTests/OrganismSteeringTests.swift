import LanguageModels
import Statistics
import Testing
import Torch

@testable import Organisms
@testable import Steering

/// Steering the committed organisms along the directions planted in them, where the truth is known.
@Suite(.serialized) struct OrganismSteeringTests {
  /// In units of the planted unit vector, whose component the models were trained to make 6 to 12.
  static let scale = 20.0

  private struct Steered {
    var result: ChoiceEvaluation.Result
    func rate(_ cell: Int) -> Double { rate(cell) { _ in true } }
    func rate(_ cell: Int, where wanted: (Item) -> Bool) -> Double {
      let rows = result.items.indices.filter { wanted(result.items[$0]) }
      return Double(rows.count { result.scores[cell][$0].follows }) / Double(rows.count)
    }
    /// How much more often the model gives way where the latent says so.
    func dependence(_ cell: Int, on latent: String) -> Double {
      rate(cell) { $0.facts?[latent] == "1" } - rate(cell) { $0.facts?[latent] == "0" }
    }
  }

  /// Cells: 0 unsteered, 1 plus and 2 minus the planted direction, 3 ablated, 4 and 5 plus and minus a random direction of
  /// the same norm.
  private func steer(_ organism: Organism, _ kind: OrganismWorld.Kind) throws -> Steered {
    let directory = OrganismFixtures.model(organism)
    let loaded = try LoadedModel(directory.path)
    let planted = try PlantedDirections(directory: directory)
    let unit = try #require(planted.units[.opinions])
    let drawn = try Tensor.randomNormal([unit.count], seed: 11)
    let vectors = SteeringVectors(layers: [planted.layer: unit], provenance: VectorProvenance())
    let random = SteeringVectors(
      layers: [planted.layer: try (drawn / drawn.norm().scalar()).floats()], provenance: VectorProvenance())
    let layers = [planted.layer]
    var cells = try SteeringGrid(
      vectors, layers: layers, scales: [Self.scale, -Self.scale], positions: [.fromPromptEnd], ablating: true
    ).cells
    cells += try SteeringGrid(
      random, layers: layers, scales: [Self.scale, -Self.scale], positions: [.fromPromptEnd]
    ).cells.dropFirst()
    let items = try OrganismWorld.items(kind, count: OrganismWorld.balancedCount, seed: 4_321)
      .filter { $0.facts?["conflict"] == "true" }
    return Steered(result: try ChoiceEvaluation(loaded, .plain(loaded.tokenizer)).run(items, cells: cells))
  }

  @Test("In shared, adding the planted direction makes the model follow, subtracting it makes it not follow")
  func steersBothWays() throws {
    let steered = try steer(.shared, .opinions)
    #expect(abs(steered.rate(0) - 0.5) < 0.1, "half of the conflict items ask for agreement")
    #expect(steered.rate(1) >= 0.9)
    #expect(steered.rate(2) <= 0.15)
  }

  @Test("In shared, ablation removes the dependence on the cue; a random direction of the same norm changes little")
  func ablationRemovesTheCue() throws {
    let steered = try steer(.shared, .opinions)
    #expect(steered.dependence(0, on: "approval") > 0.8)
    #expect(abs(steered.dependence(3, on: "approval")) < 0.1)
    for cell in [4, 5] {
      #expect(abs(steered.rate(cell) - steered.rate(0)) < 0.15)
      #expect(steered.dependence(cell, on: "approval") > 0.7)
    }
  }

  @Test("Facts move with opinions in shared; in split the direction of opinions leaves them")
  func factsTellTheOrganismsApart() throws {
    let shared = try steer(.shared, .facts)
    #expect(shared.rate(1) >= 0.9 && shared.rate(2) <= 0.15)
    #expect(abs(shared.dependence(3, on: "approval")) < 0.1)
    let split = try steer(.split, .facts)
    for cell in 1...3 { #expect(abs(split.rate(cell) - split.rate(0)) < 0.15) }
    #expect(split.dependence(1, on: "expertise") > 0.7 && split.dependence(2, on: "expertise") > 0.7)
    let opinions = try steer(.split, .opinions)
    #expect(opinions.rate(1) >= 0.9 && opinions.rate(2) <= 0.15)
  }

  @Test("Steered cells prove what they did: every position edited moved by the scale")
  func effectsAreMeasured() throws {
    let result = try steer(.shared, .opinions).result
    #expect(result.effects[0] == CellEffect())
    #expect(result.effects[1].positions > result.items.count)
    #expect(abs(result.effects[1].meanShift - Self.scale) < 1e-3)
    // Along the vector, so subtracting it is a negative shift.
    #expect(abs(result.effects[2].meanShift + Self.scale) < 1e-3)
  }
}
