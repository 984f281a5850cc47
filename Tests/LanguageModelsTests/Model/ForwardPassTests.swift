import Foundation
import Testing
import Torch

@testable import LanguageModels

/// The forward pass against transformers' outputs, with the tolerances that the goldens' README states.
@Suite struct ForwardPassTests {
  @Test("Logits and every layer's residual stream equal transformers' in float32", arguments: GoldenModel.all)
  func equalsTheReference(_ golden: GoldenModel) throws {
    let file = try golden.golden()
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let layers = Array(0..<model.configuration.layerCount)
    for (index, ids) in try golden.prompts(file).enumerated() {
      let output = try model.forward(PackedBatch([ids]), taps: Taps(layers: layers), logits: .all)
      let logits = try file.tensor("prompt.\(index).logits")
      #expect(
        try GoldenModel.distance(#require(output.logits), logits) < golden.logitTolerance, "logits of prompt \(index)")
      for layer in layers {
        // transformers' entry i + 1 is the output of block i, but its last entry is after the final norm.
        let expected =
          layer == layers.last
          ? try file.tensor("prompt.\(index).last_block_output")
          : try file.tensor("prompt.\(index).hidden_states")[layer + 1]
        let residual = try #require(output.residuals[layer])
        let tolerance = try golden.streamTolerance(GoldenModel.size(expected))
        #expect(try GoldenModel.distance(residual, expected) < tolerance, "layer \(layer) of prompt \(index)")
      }
    }
  }

  @Test("A pack of all prompts gives the logits of each alone", arguments: GoldenModel.all)
  func packsWithoutMixing(_ golden: GoldenModel) throws {
    let file = try golden.golden()
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = try golden.prompts(file)
    let batch = PackedBatch(prompts)
    let logits = try #require(try model.forward(batch, logits: .all).logits)
    for (index, ids) in prompts.enumerated() {
      let places = ids.indices.map { batch.index(of: index, position: $0) }
      let expected = try file.tensor("prompt.\(index).logits")
      #expect(try GoldenModel.distance(logits.selected(0, places), expected) < golden.logitTolerance, "prompt \(index)")
    }
  }

  @Test(
    "Sequences that share prefixes of one, two and three levels give the logits of each alone",
    arguments: GoldenModel.all)
  func sharesPrefixes(_ golden: GoldenModel) throws {
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = try golden.prompts(golden.golden())
    let longest = try #require(prompts.max { $0.count < $1.count })
    let families = [
      [longest + [5, 6], longest + [7], longest + [7, 8, 9]],
      [longest + [10, 11], longest + [10, 11, 12]],
      // Long enough to be on one side with the others, where a model computes longer sequences otherwise.
      [Array(longest.prefix(longest.count / 2)) + Array(20..<(model.configuration.lengthSwitch ?? 4) + 20)],
    ]
    let batch = PackedBatch(families: families, header: longest.count / 2)
    let logits = try #require(try model.forward(batch, logits: .all).logits)
    #expect(batch.tokens.count < families.joined().map(\.count).reduce(0, +) / 2)
    for (index, sequence) in families.joined().enumerated() {
      let alone = try #require(try model.forward(PackedBatch([sequence]), logits: .all).logits)
      let places = sequence.indices.map { batch.index(of: index, position: $0) }
      #expect(try GoldenModel.distance(logits.selected(0, places), alone) < golden.logitTolerance, "sequence \(index)")
    }
  }

  @Test(
    "In bfloat16 and float16 the root mean square stays within the reference's own deviation",
    arguments: GoldenModel.all, [DType.bfloat16, .float16])
  func narrowTypesStayClose(_ golden: GoldenModel, _ dtype: DType) throws {
    let file = try golden.golden()
    let exact = try LanguageModel.load(golden.directory, dtype: .float32)
    let model = try LanguageModel.load(golden.directory, dtype: dtype)
    let tolerance = dtype == .bfloat16 ? 0.2 : 0.03
    var (rootMeanSquares, agreements): ([Double], [Double]) = ([], [])
    for (index, ids) in try golden.prompts(file).enumerated() {
      let batch = PackedBatch([ids])
      let held = try model.holdingExperts(of: exact, batch)
      let logits = try #require(try held.forward(batch, logits: .all).logits)
      let expected = try file.tensor("prompt.\(index).logits")
      rootMeanSquares.append(try GoldenModel.rootMeanSquare(logits, expected))
      agreements += try logits.argmax(-1).equal(expected.argmax(-1)).doubles()
    }
    // Of models with experts, which are the most sensitive, the goldens' README bounds the mean over the prompts.
    let mean = rootMeanSquares.reduce(0, +) / Double(rootMeanSquares.count)
    #expect(golden.hasExperts ? mean < tolerance : rootMeanSquares.allSatisfy { $0 < tolerance }, "\(rootMeanSquares)")
    #expect(agreements.reduce(0, +) / Double(agreements.count) > 0.8, "\(agreements)")
  }

  @Test("Added and ablated directions give transformers' logits", arguments: GoldenModel.all)
  func editsEqualTheReference(_ golden: GoldenModel) throws {
    let file = try golden.golden()
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let vector = try file.tensor("steer.vector") * 3
    let direction = try file.tensor("ablate.direction")
    let ablations = (0..<model.configuration.layerCount).map { Edit(layer: $0, .ablate(direction)) }
    for (index, ids) in try golden.prompts(file).enumerated() {
      let batch = PackedBatch([ids])
      let steered = try model.forward(batch, edits: [Edit(layer: 2, .add(vector))], logits: .all).logits
      let ablated = try model.forward(batch, edits: ablations, logits: .all).logits
      for (found, name) in [(steered, "steered"), (ablated, "ablated")] {
        let expected = try file.tensor("prompt.\(index).\(name)_logits")
        #expect(try GoldenModel.distance(#require(found), expected) < golden.logitTolerance, "\(name), prompt \(index)")
      }
    }
  }

  @Test("A pass computes nothing above the last layer asked for and gives only the chosen tokens")
  func stopsEarly() throws {
    let golden = try #require(GoldenModel.all.first)
    let model = try LanguageModel.load(golden.directory, dtype: .float32)
    let ids = try #require(try golden.prompts(golden.golden()).last)
    let batch = PackedBatch([ids])
    let whole = try model.forward(batch, taps: Taps(layers: [0, 1]), logits: .all)
    let part = try model.forward(batch, taps: Taps(layers: [0, 1], tokens: .tokens([0, ids.count - 1])))
    #expect(part.logits == nil)
    let below = try #require(whole.residuals[0]).selected(0, [0, ids.count - 1])
    #expect(try GoldenModel.distance(#require(part.residuals[0]), below) == 0)
    // In the last block, products of two rows instead of all add up in another order, unless they go in equal blocks.
    let invariant = model.batchInvariant()
    let last = try invariant.forward(batch, taps: Taps(layers: [1])).residuals[1]
    let chosen = try invariant.forward(batch, taps: Taps(layers: [1], tokens: .tokens([0, ids.count - 1]))).residuals[1]
    let expected = try #require(last).selected(0, [0, ids.count - 1])
    #expect(try GoldenModel.distance(#require(chosen), expected) == 0)
    #expect(try GoldenModel.distance(#require(part.residuals[1]), expected) < 1e-3, "as hidden states")
  }
}
