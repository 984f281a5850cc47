import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// A direction ablated in the weights against the edits that it must equal.
@Suite struct AblatedCheckpointTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  static let golden = GoldenModel.names.map { GoldenModel(directory: Fixtures.file("models/\($0)")) }

  /// An ablated checkpoint in float32, by a direction that is not of unit norm.
  private func ablated(_ golden: GoldenModel) throws -> (directory: URL, unit: Tensor) {
    let unit = try golden.golden().tensor("ablate.direction")
    let directory = folder.url.appending(path: golden.description)
    try AblatedCheckpoint(golden.directory, direction: (unit * 3).floats()).write(to: directory, dtype: .float32)
    return (directory, unit)
  }

  @Test(
    "The logits are those of removing the direction from embeddings, after attention and after every block",
    arguments: golden)
  func equalsItsEdits(_ golden: GoldenModel) throws {
    let (directory, unit) = try ablated(golden)
    let original = try LanguageModel.load(golden.directory, dtype: .float32)
    let baked = try LanguageModel.load(directory)
    let layers = original.configuration.layerCount
    let edits = AblatedCheckpoint.equivalentEdits(layers: layers, unit: unit)
    let outputsOnly = (0..<layers).map { Edit(layer: $0, .ablate(unit)) }
    for ids in try golden.prompts(golden.golden()) {
      let batch = PackedBatch([ids])
      let resolved = edits.flatMap { $0.resolved(sequences: batch, promptLengths: [ids.count]) }
      let expected = try #require(try original.forward(batch, edits: resolved, logits: .all).logits)
      let other = try #require(try original.forward(batch, edits: outputsOnly, logits: .all).logits)
      let output = try baked.forward(batch, taps: Taps(layers: Array(0..<layers)), logits: .all)
      #expect(try GoldenModel.distance(#require(output.logits), expected) < 5e-4)
      #expect(try GoldenModel.distance(#require(output.logits), other) > 1e-2, "block outputs alone are another edit")
      for layer in 0..<layers {
        #expect(try #require(output.residuals[layer]).matmul(unit).absolute().max().scalar() < 1e-4)
      }
    }
  }

  @Test("Greedy continuations are those of the edits, and of nothing less", arguments: golden)
  func continuesAlike(_ golden: GoldenModel) throws {
    let (directory, unit) = try ablated(golden)
    let original = try LanguageModel.load(golden.directory, dtype: .float32)
    let prompts = try golden.prompts(golden.golden())
    var options = GenerationOptions(maxTokens: 12)
    let baked = try Generator.generate(try LanguageModel.load(directory), prompts: prompts, options: options)
    let plain = try Generator.generate(original, prompts: prompts, options: options)
    options.edits = AblatedCheckpoint.equivalentEdits(layers: original.configuration.layerCount, unit: unit)
    let edited = try Generator.generate(original, prompts: prompts, options: options)
    #expect(baked.map(\.tokens) == edited.map(\.tokens) && baked.map(\.tokens) != plain.map(\.tokens))
  }

  @Test("A tied head becomes a head of its own with the old embeddings")
  func untiesTheHead() throws {
    let golden = GoldenModel(directory: Fixtures.file("models/tiny-llama3"))
    let (directory, unit) = try ablated(golden)
    let old = try SafetensorsFile(golden.directory.appending(path: "model.safetensors"))
    let new = try SafetensorsFile(directory.appending(path: "model.safetensors"))
    let embedding = try old.tensor("model.embed_tokens.weight").converted(to: .float32)
    #expect(!old.contains("lm_head.weight"))
    #expect(try GoldenModel.distance(new.tensor("lm_head.weight"), embedding) == 0)
    let expected = try embedding - embedding.matmul(unit).unsqueezed(1) * unit
    #expect(try GoldenModel.distance(new.tensor("model.embed_tokens.weight"), expected) < 1e-6)
    let (before, after) = try (
      ModelConfiguration(directory: golden.directory), ModelConfiguration(directory: directory)
    )
    #expect(before.tiedEmbeddings && !after.tiedEmbeddings && before.endTokens == after.endTokens)
    #expect(before.rope == after.rope)
  }

  @Test("The tokenizer comes along, and the stored type is kept unless another is asked for")
  func writesAWholeCheckpoint() throws {
    let source = Fixtures.file("models/tiny-llama")
    let unit = try GoldenModel(directory: source).golden().tensor("ablate.direction").floats()
    let directory = folder.url.appending(path: "kept")
    try AblatedCheckpoint(source, direction: unit).write(to: directory, metadata: ["ablated_layer": "2"])
    let loaded = try LoadedModel(directory.path)
    #expect(loaded.model.dtype == .float16)
    #expect(loaded.stopTokens == (try LoadedModel(source.path).stopTokens))
    let file = try SafetensorsFile(directory.appending(path: "model.safetensors"))
    #expect(file.metadata == ["format": "pt", "ablated_layer": "2"])
    #expect(try folder.names() == ["kept"], "nothing is left beside it")
  }

  @Test("A folder that is there, a direction of zeros and one of another width are refused")
  func refusals() throws {
    let source = Fixtures.file("models/tiny-llama")
    func refusal(_ body: () throws -> Void) -> String {
      do { try body() } catch let error as TelltaleError {
        #expect(error.isBadInput)
        return error.description
      } catch { return "" }
      return ""
    }
    var direction = [Float](repeating: 0, count: 64)
    #expect(refusal { _ = try AblatedCheckpoint(source, direction: direction) }.contains("is zero"))
    #expect(refusal { _ = try AblatedCheckpoint(source, direction: [1, 2]) }.contains("width 2"))
    direction[3] = 1
    #expect(
      refusal { try AblatedCheckpoint(source, direction: direction).write(to: folder.url) }.contains("is there already")
    )
  }
}
