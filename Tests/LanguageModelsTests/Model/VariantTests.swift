import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Scalings of rotary embeddings, biases, tied embeddings and late windows against transformers' outputs.
@Suite struct VariantTests {
  static let names = [
    "rope-linear", "rope-dynamic", "rope-llama3", "llama-biases", "llama-tied", "qwen2-window",
  ]

  static func directory(_ name: String) -> URL { Fixtures.file("model-variants/\(name)") }

  @Test("Logits and residual streams equal transformers', short and beyond the trained length", arguments: names)
  func equalsTheReference(_ name: String) throws {
    let golden = try SafetensorsFile(Self.directory(name).appending(path: "golden.safetensors"))
    let model = try LanguageModel.load(Self.directory(name))
    for prompt in 0..<2 {
      let ids = try golden.tensor("prompt.\(prompt).ids").integers()
      let output = try model.forward(PackedBatch([ids]), taps: Taps(layers: [0, 1, 2]), logits: .all)
      let logits = try golden.tensor("prompt.\(prompt).logits")
      #expect(try GoldenModel.distance(#require(output.logits), logits) < 1e-4, "prompt \(prompt)")
      let hidden = try golden.tensor("prompt.\(prompt).hidden_states")
      for layer in 0..<3 {
        let residual = try #require(output.residuals[layer])
        #expect(try GoldenModel.distance(residual, hidden[layer + 1]) < 1e-4, "prompt \(prompt), layer \(layer)")
      }
    }
  }

  @Test("Greedy continuations equal transformers', also where they pass the trained length", arguments: names)
  func continuesAsTheReference(_ name: String) throws {
    let golden = try SafetensorsFile(Self.directory(name).appending(path: "golden.safetensors"))
    let model = try LanguageModel.load(Self.directory(name))
    let prompts = try (0..<2).map { try golden.tensor("prompt.\($0).ids").integers() }
    let found = try Generator.generate(model, prompts: prompts, options: GenerationOptions(maxTokens: 12))
    for prompt in 0..<2 {
      #expect(try found[prompt].tokens == golden.tensor("prompt.\(prompt).greedy").integers())
    }
  }

  @Test("Each scaling matters: without it the long prompt's logits are others'", arguments: names.prefix(3))
  func scalingMatters(_ name: String) throws {
    let golden = try SafetensorsFile(Self.directory(name).appending(path: "golden.safetensors"))
    let checkpoint = try ScratchCheckpoint("model-variants/\(name)")
    try checkpoint.configure(["rope_scaling": nil])
    let ids = try golden.tensor("prompt.1.ids").integers()
    let logits = try LanguageModel.load(checkpoint.directory).forward(PackedBatch([ids]), logits: .all).logits
    #expect(try GoldenModel.distance(#require(logits), golden.tensor("prompt.1.logits")) > 0.1)
  }

  @Test("Qwen2's window begins at max_window_layers where layer_types is not stated, as in published files")
  func readsWindowLayers() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/qwen2-window")
    let stated = try ModelConfiguration(directory: checkpoint.directory)
    #expect(stated.windows == [nil, nil, 5, 5])
    try checkpoint.configure(["layer_types": nil])
    #expect(try ModelConfiguration(directory: checkpoint.directory).windows == [nil, nil, 5, 5])
    // transformers' default is 28 layers without a window.
    try checkpoint.configure(["max_window_layers": nil])
    #expect(try ModelConfiguration(directory: checkpoint.directory).windows == [nil, nil, nil, nil])
    try checkpoint.configure(["max_window_layers": 0, "use_sliding_window": false])
    #expect(try ModelConfiguration(directory: checkpoint.directory).windows == [nil, nil, nil, nil])
  }

  @Test("A dynamic scaling counts from max_position_embeddings, as transformers does, regardless of other keys")
  func dynamicIgnoresOriginal() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/rope-dynamic")
    try checkpoint.configure([
      "rope_scaling": ["type": "dynamic", "factor": 2, "original_max_position_embeddings": 4] as [String: Any]
    ])
    let rope = try ModelConfiguration(directory: checkpoint.directory).layers[0].rope
    #expect(rope?.scaling == .dynamic(factor: 2, trained: 16))
  }

  @Test("Linear scaling divides positions: position 8 at factor 4 turns as position 2 does without")
  func dividesPositions() throws {
    func cosines(_ position: Int, _ scaling: RotaryEmbedding.Scaling) throws -> [Float] {
      let rope = RotaryEmbedding(.init(theta: 100, dimension: 4, scaling: scaling))
      return try rope.tables(positions: [position], lengths: [64], dtype: .float32, device: .cpu).cosines.floats()
    }
    let expected: [Float] = [2, 0.2, 2, 0.2].map { cosf($0) }
    for (found, wanted) in zip(try cosines(8, .linear(factor: 4)), expected) { #expect(abs(found - wanted) < 1e-6) }
    #expect(try cosines(2, .none) == cosines(8, .linear(factor: 4)))
    // The base grows to 100 * (2 * 64 / 16 - 1)^(4 / 2) = 4900, whose second frequency is 1 / 70.
    let dynamic = try cosines(35, .dynamic(factor: 2, trained: 16))
    #expect(abs(dynamic[0] - cosf(35)) < 1e-5 && abs(dynamic[1] - cosf(0.5)) < 1e-6)
  }
}
