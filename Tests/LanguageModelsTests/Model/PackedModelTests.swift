import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Models whose matrices stay blocks: rounded to 4 bits while loading, or a GGUF file's own.
struct PackedModelTests {
  private func logits(_ model: LanguageModel, _ ids: [[Int]]) throws -> Tensor {
    try #require(try model.forward(PackedBatch(ids), logits: .all).logits)
  }

  /// The model with the numbers that its blocks stand for as dense weights.
  private func unpacked(_ model: LanguageModel) throws -> LanguageModel {
    var weights = model.weights
    for (name, matrix) in model.packedWeights { weights[name] = try matrix.unpacked().converted(to: model.dtype) }
    return try LanguageModel(model.configuration, weights: weights)
  }

  @Test("An int4 model gives what the numbers of its weights give", arguments: GoldenModel.all)
  func int4ModelGives(golden: GoldenModel) throws {
    let model = try LanguageModel.load(golden.directory, dtype: .float32, weights: .int4)
    let prompts = try golden.prompts(golden.golden())
    let own = try logits(model, prompts)
    #expect(try GoldenModel.distance(own, logits(unpacked(model), prompts)) < golden.logitTolerance)
    let dense = try LanguageModel.load(golden.directory, dtype: .float32)
    #expect(try GoldenModel.meanOverPrompts(own, logits(dense, prompts), prompts) > 1e-2, "nothing was rounded")
    #expect(model.parameterCount == dense.parameterCount && model.weightBytes < dense.weightBytes)
    #expect(model.arithmetic == "float32, int4 weights")
  }

  @Test("A matrix whose width is no multiple of a group stays dense, as norms and embeddings do")
  func matrixWhoseWidth() throws {
    let model = try LanguageModel.load(Fixtures.file("models/tiny-llama"), weights: .int4)
    // hidden 64, intermediate 172
    #expect(model.packedWeights["model.layers.0.mlp.up_proj.weight"] != nil)
    #expect(model.weights["model.layers.0.mlp.down_proj.weight"] != nil)
    #expect(model.weights["model.embed_tokens.weight"] != nil && model.weights["model.norm.weight"] != nil)
  }

  @Test("A batch-invariant int4 model gives a sequence bit-identical logits alone and in a batch")
  func batchInvariantInt4() throws {
    let model = try GeneratedModel.make(.tiny, layers: 2, dtype: .float32, weights: .int4, seed: 1).batchInvariant()
    let prompts = (0..<5).map { length in (0..<20 + 7 * length).map { ($0 * 37 + length) % 1024 } }
    let together = try logits(model, prompts)
    var start = 0
    for prompt in prompts where Kernel.blockProducts.isOwn {
      let own = try together.narrowed(0, start..<start + prompt.count)
      #expect(try GoldenModel.distance(logits(model, [prompt]), own) == 0)
      start += prompt.count
    }
  }

  @Test("Decoding continues as the numbers of the blocks do", arguments: [WeightFormat.int4, .stored])
  func decodingContinuesNumbers(_ format: WeightFormat) throws {
    let file = try quantised()
    let model =
      try format == .int4
      ? GeneratedModel.make(.tiny, layers: 3, dtype: .float32, weights: .int4, seed: 3)
      : GGUFModel(file.url).model(dtype: .float32, weights: .stored)
    let options = GenerationOptions(maxTokens: 12)
    let prompts = [[1, 2, 3, 4, 5], [9, 8, 7]]
    let own = try Generator.generate(model, prompts: prompts, options: options).map(\.tokens)
    #expect(try own == Generator.generate(unpacked(model), prompts: prompts, options: options).map(\.tokens))
  }

  // MARK: A GGUF file's blocks

  /// A llama of one block whose matrices are Q8_0, its queries and keys in the order of llama.cpp.
  private func quantised() throws -> (url: URL, folder: ScratchFolder) {
    let folder = try ScratchFolder()
    var builder = GGUFBuilder()
    builder.add("general.architecture", .text("llama"))
    let sizes: [(String, UInt32)] = [
      ("block_count", 1), ("embedding_length", 64), ("feed_forward_length", 96), ("attention.head_count", 4),
      ("context_length", 64),
    ]
    for (key, value) in sizes { builder.add("llama.\(key)", .uint32(value)) }
    func add(_ name: String, _ shape: [Int], _ seed: UInt64) throws {
      let codes = try (Tensor.randomNormal(shape, seed: seed) * 40).doubles().map { Int8(max(-127, min($0, 127))) }
      var bytes: [UInt8] = []
      for start in stride(from: 0, to: codes.count, by: 32) {
        bytes += [0x25, 0x1A]  // 0.003 in float16
        bytes += codes[start..<start + 32].map { UInt8(bitPattern: $0) }
      }
      builder.add(name, type: GGMLType.q80.rawValue, sizes: shape.reversed().map(UInt64.init), bytes: bytes)
    }
    try add("token_embd.weight", [40, 64], 1)
    builder.add("output_norm.weight", [Float](repeating: 1, count: 64), shape: [64])
    let matrices: [(String, [Int])] = [
      ("attn_q", [64, 64]), ("attn_k", [64, 64]), ("attn_v", [64, 64]), ("attn_output", [64, 64]),
      ("ffn_gate", [96, 64]), ("ffn_up", [96, 64]), ("ffn_down", [64, 96]),
    ]
    for (index, (name, shape)) in matrices.enumerated() {
      try add("blk.0.\(name).weight", shape, UInt64(index + 2))
    }
    for name in ["attn_norm", "ffn_norm"] {
      builder.add("blk.0.\(name).weight", [Float](repeating: 1, count: 64), shape: [64])
    }
    return (try builder.write(to: folder.url.appending(path: "q.gguf")), folder)
  }

  @Test("A GGUF file's blocks stay as they are, embedding and tied head included, with the same logits")
  func ggufFileBlocks() throws {
    let (url, folder) = try quantised()
    defer { _ = folder }
    let stored = try GGUFModel(url).model(dtype: .float32, weights: .stored)
    let dense = try GGUFModel(url).model(dtype: .float32)
    #expect(stored.packedWeights.count == 8 && stored.weights.count == 3)
    #expect(stored.weightBytes < dense.weightBytes / 3 && stored.parameterCount == dense.parameterCount)
    #expect(stored.arithmetic == "float32, weights from GGUF Q8_0, kept as blocks")
    for (name, matrix) in stored.packedWeights {
      #expect(try GoldenModel.distance(matrix.unpacked(), #require(dense.weights[name])) == 0, "\(name)")
    }
    let ids = [[1, 2, 3, 39, 0], Array(0..<40)]
    #expect(try GoldenModel.distance(logits(stored, ids), logits(dense, ids)) < 1e-4)
    let narrow = try GGUFModel(url).model(weights: .stored)
    #expect(narrow.dtype == .bfloat16)
    #expect(try GoldenModel.rootMeanSquare(logits(narrow, ids), logits(dense, ids)) < 0.05)
  }

  @Test("Of a checkpoint in safetensors, stored is dense")
  func checkpointSafetensorsStored() throws {
    let model = try LanguageModel.load(Fixtures.file("models/tiny-llama"), weights: .stored)
    #expect(model.hasDenseWeights && model.weightFormat == .dense && model.arithmetic == "float16")
  }

  @Test("What needs floats is refused with its remedy", arguments: [WeightFormat.int4, .stored])
  func whatNeedsFloats(_ format: WeightFormat) throws {
    let (url, folder) = try quantised()
    defer { _ = folder }
    let model = try GGUFModel(url).model(weights: format)
    let adapter = try LoRAAdapter.initial(LoRAConfiguration(rank: 2, alpha: 2), for: model.configuration, seed: 0)
    let attempts: [() throws -> Void] = [
      { _ = try LoRATrainer(model, from: adapter, settings: TrainingSettings()) },
      { _ = try model.merged(with: adapter) },
    ]
    for attempt in attempts {
      let message = #expect(throws: TelltaleError.self) { try attempt() }?.message ?? ""
      #expect(message.contains("\(format.rawValue) weights") && message.contains("dense weights"))
    }
    #expect(try model.adapted(by: adapter).isAdapted)
  }
}
