import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Tokenizers

/// Golden models that were written as GGUF give the numbers of their safetensors files.
struct GGUFFamilyTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private static let models = GoldenModel.ofEachFamily

  private func converted(_ model: GoldenModel) throws -> URL? {
    guard let names = try TinyGGUF.all()[model.description] else { return nil }
    let url = folder.url.appending(path: "\(model).gguf")
    try TinyGGUF(model, names).write(to: url)
    return url
  }

  @Test("A model in GGUF has the logits of transformers", arguments: models.filter { $0.description != "tiny-gemma2" })
  func modelGGUFHas(_ golden: GoldenModel) throws {
    guard let url = try converted(golden) else { return }
    let gguf = try GGUFModel(url)
    #expect(gguf.configuration.warnings.isEmpty && gguf.quantisation == nil)
    let model = try gguf.model(dtype: .float32)
    let file = try golden.golden()
    for (index, ids) in try golden.prompts(file).enumerated() {
      let logits = try #require(try model.forward(PackedBatch([ids]), logits: .all).logits)
      let distance = try GoldenModel.distance(logits, file.tensor("prompt.\(index).logits"))
      #expect(distance < golden.logitTolerance, "prompt \(index): \(distance)")
    }
  }

  @Test("What a model states is read of a GGUF file as of a directory, without its weights")
  func whatModelStates() throws {
    let golden = try #require(Self.models.first { $0.description == "tiny-llama" })
    let file = try ModelConfiguration(ofModelAt: #require(try converted(golden)))
    let directory = try ModelConfiguration(ofModelAt: golden.directory)
    #expect(file.layerCount == directory.layerCount && file.hiddenSize == directory.hiddenSize)
    #expect(file.vocabularySize == directory.vocabularySize && file.headCount == directory.headCount)
  }

  @Test("Every weight in GGUF is the published one", arguments: models)
  func everyWeightGGUF(_ golden: GoldenModel) throws {
    guard let url = try converted(golden) else { return }
    let published = try Checkpoint(directory: golden.directory).model(dtype: .float32)
    let ours = try GGUFModel(url).model(dtype: .float32)
    #expect(Set(published.weights.keys) == Set(ours.weights.keys))
    // 1 + w is rounded to float32 where the file is written; all else is equal bit by bit.
    let allowed = golden.description.contains("gemma") ? 6e-8 : 0
    for (name, weight) in published.weights {
      #expect(try GoldenModel.distance(weight, #require(ours.weights[name])) <= allowed, "\(name)")
    }
  }

  /// GGUF has no key for Gemma 2's `query_pre_attn_scalar`, for which llama.cpp takes the heads' width in all but the largest
  /// model; the tiny one states another.
  @Test(
    "Gemma 2 in GGUF is the published model with the scale of its heads' width",
    arguments: models.filter { $0.description == "tiny-gemma2" })
  func gemma2GGUF(_ golden: GoldenModel) throws {
    let published = try Checkpoint(directory: golden.directory).model(dtype: .float32)
    let ours = try GGUFModel(#require(try converted(golden))).model(dtype: .float32)
    var configuration = published.configuration
    for index in configuration.layers.indices { configuration.layers[index].scale = 1 / 24.0.squareRoot() }
    let reference = try LanguageModel(configuration, weights: published.weights)
    for ids in try golden.prompts(golden.golden()) {
      let expected = try #require(try reference.forward(PackedBatch([ids]), logits: .all).logits)
      let logits = try #require(try ours.forward(PackedBatch([ids]), logits: .all).logits)
      #expect(try GoldenModel.distance(logits, expected) < 1e-4)
    }
  }

  // MARK: What does not fit

  private func whole() -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("general.architecture", .text("llama"))
    let sizes: [(String, UInt32)] = [
      ("block_count", 1), ("embedding_length", 8), ("feed_forward_length", 8), ("attention.head_count", 2),
      ("context_length", 16),
    ]
    for (key, value) in sizes { builder.add("llama.\(key)", .uint32(value)) }
    builder.add("token_embd.weight", [Float](repeating: 0.5, count: 32), shape: [4, 8])
    builder.add("output_norm.weight", [Float](repeating: 1, count: 8), shape: [8])
    for name in ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"] {
      builder.add("blk.0.\(name).weight", [Float](repeating: 0.25, count: 64), shape: [8, 8])
    }
    for name in ["attn_norm", "ffn_norm"] {
      builder.add("blk.0.\(name).weight", [Float](repeating: 1, count: 8), shape: [8])
    }
    return builder
  }

  /// What a changed model is refused with; empty where it is read.
  private func refusal(_ change: (inout GGUFBuilder) -> Void) throws -> String {
    var builder = whole()
    change(&builder)
    let url = try builder.write(to: folder.url.appending(path: "m.gguf"))
    do { _ = try GGUFModel(url).model() } catch let error as TelltaleError {
      #expect(error.code == .badInput && error.location?.file == url.path, "\(error)")
      return error.message
    }
    return ""
  }

  private func without(_ tensor: String) throws -> String {
    try refusal { $0.tensors.removeAll { $0.name == tensor } }
  }

  private func with(_ key: String, _ value: GGUFBuilder.Value) throws -> String {
    try refusal { builder in
      builder.values.removeAll { $0.key == key }
      builder.add(key, value)
    }
  }

  @Test("A whole model is read, and one with a part missing or of another size is not")
  func wholeModelRead() throws {
    #expect(try refusal { _ in }.isEmpty)
    #expect(try without("blk.0.attn_k.weight").contains("k_proj"))
    #expect(try without("token_embd.weight").contains("token_embd"))
    #expect(try with("llama.embedding_length", .uint32(16)).contains("shape"))
    #expect(try !with("llama.attention.head_count", .uint32(3)).isEmpty)
    #expect(try with("llama.block_count", .uint32(0)).contains("is 0"))
    #expect(try with("llama.block_count", .text("1")).contains("is missing"))
  }

  @Test("An architecture, a rotation or layers that differ are refused by name")
  func architectureRotationLayers() throws {
    let other = try with("general.architecture", .text("mamba"))
    #expect(other.contains("\"mamba\"") && other.contains("gemma3"))
    #expect(try with("llama.rope.scaling.type", .text("spiral")).contains("\"spiral\""))
    #expect(try with("llama.attention.head_count_kv", .int32s([1, 2])).contains("differs between layers"))
  }

  @Test("A GGUF file is found by its path, in a folder by itself and by a fetched model's name")
  func ggufFileFound() throws {
    let file = folder.url.appending(path: "a.gguf")
    try Data("x".utf8).write(to: file)
    #expect(try ModelLocator.directory(for: file.path).path == file.path)
    #expect(try ModelLocator.directory(for: folder.url.path).lastPathComponent == "a.gguf")
    try Data("x".utf8).write(to: folder.url.appending(path: "b.gguf"))
    let error = #expect(throws: TelltaleError.self) { try ModelLocator.directory(for: folder.url.path) }
    #expect(error?.message.contains("a.gguf, b.gguf") == true)
    let none = #expect(throws: TelltaleError.self) {
      try ModelLocator.directory(for: "smollm2", environment: ["TELLTALE_CACHE": folder.url.path])
    }
    #expect(none?.message.contains("scripts/fetch-model smollm2") == true)
  }
}
