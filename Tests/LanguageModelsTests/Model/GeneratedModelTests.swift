import Foundation
import Foundations
import Testing
import Torch

@testable import LanguageModels

@Suite struct GeneratedModelTests {
  @Test("The same seed gives the same model, another seed another, and both compute finite numbers")
  func isSeeded() throws {
    func logits(_ seed: UInt64) throws -> Tensor {
      let model = try GeneratedModel.make(.tiny, layers: 2, dtype: .float32, seed: seed)
      return try #require(try model.forward(PackedBatch([[1, 2, 3]]), logits: .all).logits)
    }
    let first = try logits(1)
    #expect(first.shape == [3, 1024])
    #expect(try GoldenModel.distance(logits(1), first) == 0)
    #expect(try GoldenModel.distance(logits(2), first) > 1e-3)
  }

  @Test("Parameters are counted by hand: Mistral-7B has 218 million in a block's projections")
  func countsParameters() throws {
    let model = try GeneratedModel.configuration(.mistral7B, layers: 4)
    #expect(model.layerCount == 4)
    // q and o 4096 x 4096 each, k and v 4096 x 1024 each, gate, up and down 4096 x 14336 each.
    #expect(model.blockParameters == 2 * 16_777_216 + 2 * 4_194_304 + 3 * 58_720_256)
    #expect(model.headParameters == 131_072_000)
  }

  @Test("Every shape is a configuration that models are made of", arguments: GeneratedModel.Shape.allCases)
  func shapesAreValid(_ shape: GeneratedModel.Shape) throws {
    let model = try GeneratedModel.configuration(shape)
    #expect(model.layerCount >= 6 && model.headCount % model.keyValueHeadCount == 0)
    #expect(model.queryKeyValueBias == (shape == .qwen25of7B))
  }

  @Test("A depth that the shape does not have, and a model larger than memory, are refused", arguments: [0, 33])
  func refusesImpossibleDepths(_ layers: Int) {
    #expect(throws: TelltaleError.self) { try GeneratedModel.make(.mistral7B, layers: layers, seed: 0) }
  }
}

@Suite struct KeptTokensTests {
  @Test("The union of what is looked at is kept, in order, and every choice finds its rows there")
  func keepsTheUnion() throws {
    let kept = KeptTokens(of: 10, for: [.tokens([7, 2, 2]), .tokens([5])])
    #expect(kept.places(of: .tokens([7, 2, 2])) == .tokens([2, 0, 0]))
    #expect(kept.places(of: .tokens([5, 9])) == .tokens([1]))
    #expect(kept.places(of: .all) == .all)
    let rows = try kept.rows(Tensor((0..<10).map { Float($0) }, shape: [10, 1]))
    #expect(try rows.doubles() == [2, 5, 7])
  }

  @Test("Everything is kept where one wants all or nothing is said")
  func keepsEverything() {
    for choices in [[], [.tokens([1]), .all], [.tokens([0, 1, 2])]] as [[TokenChoice]] {
      #expect(KeptTokens(of: 3, for: choices).places(of: .tokens([2])) == .tokens([2]))
    }
  }

  @Test("Taps, logits and edits of the last block at different tokens are those of the whole pass")
  func lastBlockAgrees() throws {
    let model = try GeneratedModel.make(.tiny, layers: 2, dtype: .float32, seed: 3)
    let batch = PackedBatch([[1, 2, 3, 4, 5], [6, 7, 8]])
    let vector = try Tensor.randomNormal([128], seed: 4)
    let edits = [Edit(layer: 1, .add(vector), tokens: .tokens([1, 4])), Edit(layer: 0, .add(vector))]
    let whole = try model.forward(batch, taps: Taps(layers: [0, 1]), edits: edits, logits: .all)
    let part = try model.forward(
      batch, taps: Taps(layers: [0, 1], tokens: .tokens([6, 4])), edits: edits, logits: .tokens([0, 4]))
    for layer in 0...1 {
      let expected = try #require(whole.residuals[layer]).selected(0, [6, 4])
      #expect(try GoldenModel.distance(#require(part.residuals[layer]), expected) < 1e-5)
    }
    let expected = try #require(whole.logits).selected(0, [0, 4])
    #expect(try GoldenModel.distance(#require(part.logits), expected) < 1e-5)
  }
}
