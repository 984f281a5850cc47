import Foundation
import Foundations
import LanguageModels
import Organisms
import TestSupport
import Testing
import Torch

@testable import Steering

/// The grid against one pass for each text and edit.
@Suite struct GridScorerTests {
  /// log p of every token from `start` on, by hand from the raw logits of a pass over the text alone.
  static func explicit(_ model: LanguageModel, _ ids: [Int], from start: Int, edits: [Edit] = []) throws -> [Double] {
    let logits = try #require(try model.forward(PackedBatch([ids]), edits: edits, logits: .all).logits)
    return try (start..<ids.count).map { position in
      let row = try logits[position - 1].doubles()
      let largest = row.max() ?? 0
      return row[ids[position]] - largest - log(row.reduce(0) { $0 + exp($1 - largest) })
    }
  }

  private static let families = [
    ScoredFamily(sequences: [[5, 9, 14, 7, 30, 8], [5, 9, 14, 7, 31, 8, 4]], promptLength: 4, scoredFrom: 4),
    ScoredFamily(sequences: [[6, 12, 13, 50], [6, 12, 13, 51], [6, 12, 13, 52]], promptLength: 3, scoredFrom: 3),
  ]

  private func vectors() throws -> SteeringVectors {
    let drawn = try (0..<4).map { try Tensor.randomNormal([64], seed: UInt64($0)).floats() }
    return SteeringVectors(
      layers: Dictionary(uniqueKeysWithValues: drawn.enumerated().map { ($0, $1) }), provenance: VectorProvenance())
  }

  @Test("Every cell's log-probabilities are those of a pass with its edit alone", arguments: EditPositions.allCases)
  func cellsEqualSinglePasses(_ positions: EditPositions) throws {
    let model = try TinyModel.llama().model
    let grid = try SteeringGrid(
      vectors(), layers: [0, 2, 3], scales: [-1, 2], positions: [positions], ablating: true)
    let scores = try GridScorer(model).score(Self.families, cells: grid.cells)
    for (index, cell) in grid.cells.enumerated() {
      for (place, family) in Self.families.enumerated() {
        for (sequence, ids) in family.sequences.enumerated() {
          let edits = cell.edits.flatMap {
            $0.resolved(sequences: PackedBatch([ids]), promptLengths: [family.promptLength])
          }
          let expected = try Self.explicit(model, ids, from: family.scoredFrom, edits: edits)
          let found = scores.logProbabilities[index][place][sequence]
          #expect(found.count == expected.count)
          for (a, b) in zip(found, expected) { #expect(abs(a - b) < 2e-3, "cell \(index) family \(place)") }
        }
      }
    }
  }

  @Test("Rules of both kinds in one grid give what each gives alone")
  func mixedRules() throws {
    let model = try TinyModel.llama().model
    let mixed = try SteeringGrid(vectors(), layers: [1], scales: [1], positions: [.all, .fromPromptEnd])
    let together = try GridScorer(model).score(Self.families, cells: mixed.cells)
    for cell in mixed.cells.indices {
      let alone = try GridScorer(model).score(Self.families, cells: [mixed.cells[cell]])
      for family in Self.families.indices {
        let pairs = zip(
          together.logProbabilities[cell][family].joined(), alone.logProbabilities[0][family].joined())
        for (a, b) in pairs { #expect(abs(a - b) < 1e-3) }
      }
    }
  }

  @Test("A small budget of tokens splits the work and changes nothing")
  func budgets() throws {
    let model = try TinyModel.llama().model
    let grid = try SteeringGrid(vectors(), layers: [0, 3], scales: [1], positions: [.fromPromptEnd, .prompt])
    let whole = try GridScorer(model).score(Self.families, cells: grid.cells)
    let split = try GridScorer(model, tokenBudget: 1).score(Self.families, cells: grid.cells)
    #expect(
      whole.cost.onePass == split.cost.onePass && whole.effects.map(\.positions) == split.effects.map(\.positions))
    for (a, b) in zip(whole.logProbabilities.joined().joined(), split.logProbabilities.joined().joined()) {
      for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-3) }
    }
  }

  @Test("A cell whose rule names no token that anything is predicted from is refused")
  func idleCells() throws {
    let model = try TinyModel.llama().model
    let grid = try SteeringGrid(vectors(), layers: [1], scales: [1], positions: [.generated])
    let family = ScoredFamily(sequences: [[5, 9, 14, 7], [5, 9, 14, 8]], promptLength: 3, scoredFrom: 3)
    #expect(throws: TelltaleError.self) { try GridScorer(model).score([family], cells: grid.cells) }
  }

  @Test("Scales that are no numbers, zero vectors and absent layers are refused")
  func badGrids() throws {
    let vectors = try vectors()
    let zero = SteeringVectors(layers: [0: [0, 0]], provenance: VectorProvenance())
    for scale in [Double.nan, .infinity] {
      #expect(throws: TelltaleError.self) {
        try SteeringGrid(vectors, layers: [0], scales: [scale], positions: [.all])
      }
    }
    #expect(throws: TelltaleError.self) { try SteeringGrid(zero, layers: [0], scales: [1], positions: [.all]) }
    #expect(throws: TelltaleError.self) { try SteeringGrid(vectors, layers: [9], scales: [1], positions: [.all]) }
  }

  @Test("8 layers x 5 scales over 200 questions cost less than 12 passes over them")
  func sweepsAreCheap() throws {
    let loaded = try LoadedModel(Fixtures.repository.appending(path: "Models/organism-split").path)
    let drawn = try Tensor.randomNormal([loaded.model.configuration.hiddenSize], seed: 3).floats()
    let six = SteeringVectors(
      layers: Dictionary(uniqueKeysWithValues: (0..<6).map { ($0, drawn) }), provenance: VectorProvenance())
    let items = try OrganismWorld.items(.opinions, count: 200, seed: 8)
    // What a cell costs does not depend on its layer here, so that six layers, two of them twice, stand for eight.
    let base = try SteeringGrid(
      six, layers: [0, 1, 2, 3, 4, 5], scales: [-2, -1, 0, 1, 2], positions: [.fromPromptEnd])
    let more = try SteeringGrid(six, layers: [0, 1], scales: [-3, -1.5, 0, 1.5, 3], positions: [.fromPromptEnd])
    let cells = base.cells + more.cells.dropFirst()
    #expect(cells.count == 1 + 8 * 4)
    let result = try ChoiceEvaluation(loaded, .plain(loaded.tokenizer)).run(items, cells: cells)
    #expect(result.cost.ratio < 12, "\(result.cost.ratio)")
  }

  @Test("What a grid costs is counted by hand in tokens, blocks and logits")
  func countsCosts() throws {
    let loaded = try TinyModel.llama()
    let model = loaded.model.configuration
    // A prompt of 10 tokens and two answers of two: 10 + 1 + 1 tokens are read, and four predicted.
    let prompt = Array(5..<15)
    let family = ScoredFamily(
      sequences: [prompt + [20, 21], prompt + [30, 31]], promptLength: 10, scoredFrom: 10)
    let (block, head) = (Double(model.blockParameters), Double(model.headParameters))
    let once = 12 * 4 * block + 4 * head
    func cost(_ positions: EditPositions) throws -> GridCost {
      let grid = try SteeringGrid(vectors(), layers: [1, 2], scales: [1, 2], positions: [positions])
      return try GridScorer(loaded.model).score([family], cells: grid.cells).cost
    }
    // Branches: nine tokens once, then in five cells the tenth and one of the answer, for both answers.
    let branched = try cost(.fromPromptEnd)
    #expect(branched.computed == (9 + 5 * 4) * 4 && branched.onePass == 12 * 4)
    #expect(abs(branched.parameterRatio(model) - (29 * 4 * block + 20 * head) / once) < 1e-12)
    // Resumed: one pass, and twice each the two and the one blocks above layers 1 and 2.
    let resumed = try cost(.all)
    #expect(resumed.computed == 12 * 4 + 2 * 12 * 2 + 2 * 12)
    #expect(abs(resumed.parameterRatio(model) - (120 * block + 20 * head) / once) < 1e-12)
  }
}
