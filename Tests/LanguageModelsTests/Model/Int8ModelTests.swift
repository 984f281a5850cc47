import CheckpointSupport
import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels

struct Int8ModelTests {
  /// The model with the numbers that its int8 weights stand for as dense weights.
  private func unpacked(_ model: LanguageModel) throws -> LanguageModel {
    var weights = model.weights
    for (name, matrix) in model.packedWeights { weights[name] = try matrix.unpacked().converted(to: model.dtype) }
    return try LanguageModel(model.configuration, weights: weights)
  }

  private func logits(_ model: LanguageModel, _ ids: [[Int]]) throws -> Tensor {
    try #require(try model.forward(PackedBatch(ids), logits: .all).logits)
  }

  @Test("An int8 model gives what the numbers of its weights give", arguments: GoldenModel.all)
  func int8ModelGives(golden: GoldenModel) throws {
    let model = try LanguageModel.load(golden.directory, dtype: .float32, weights: .int8)
    let prompts = try golden.prompts(golden.golden())
    // The same model in dense arithmetic: what is left is the rounding of activations to 16 bits.
    let distance = try GoldenModel.distance(logits(model, prompts), logits(unpacked(model), prompts))
    #expect(distance < 0.02)
    let dense = try LanguageModel.load(golden.directory, dtype: .float32)
    let rounding = try GoldenModel.meanOverPrompts(logits(model, prompts), logits(dense, prompts), prompts)
    // A router's choice that turns changes a token by more than rounding does.
    #expect(
      rounding > 1e-3 && rounding < (golden.hasExperts ? 0.5 : 0.2), "rounding weights changes logits by \(rounding)")
    #expect(model.parameterCount == dense.parameterCount)
    #expect(model.weightBytes < dense.weightBytes)
    #expect(model.arithmetic == "float32, int8 weights")
  }

  @Test(
    "A batch-invariant int8 model gives a sequence bit-identical logits alone and in a batch",
    .enabled(if: Int8Matrix.hasOwnProducts))
  func batchInvariantInt8() throws {
    let model = try GeneratedModel.make(.tiny, layers: 2, dtype: .float32, weights: .int8, seed: 1).batchInvariant()
    let prompts = (0..<5).map { length in (0..<20 + 7 * length).map { ($0 * 37 + length) % 1024 } }
    let together = try logits(model, prompts)
    var start = 0
    for prompt in prompts {
      let own = try together.narrowed(0, start..<start + prompt.count)
      #expect(try GoldenModel.distance(logits(model, [prompt]), own) == 0)
      start += prompt.count
    }
  }

  @Test(
    "Eight bits of shared tokens leave the difference of a pair close to what sixteen give",
    .enabled(if: Int8Matrix.hasOwnProducts))
  func eightBitsShared() throws {
    let model = try GeneratedModel.make(.tiny, layers: 4, dtype: .float32, weights: .int8, seed: 5)
    let prefix = (0..<60).map { ($0 * 53 + 11) % 1024 }
    let batch = PackedBatch(families: [[prefix + [17, 5], prefix + [400, 9]]])
    #expect(batch.sharedTokens == Array(repeating: true, count: 60) + Array(repeating: false, count: 4))
    func difference(_ model: LanguageModel) throws -> Tensor {
      let taps = Taps(layers: [3], tokens: .tokens([61, 63]))
      let streams = try #require(try model.forward(batch, taps: taps).residuals[3])
      return try (streams[0] - streams[1]).converted(to: .float64)
    }
    let (fine, coarse) = try (difference(model), difference(model.roundingSharedTokens()))
    let cosine = try (fine * coarse).sum().scalar() / (fine.norm().scalar() * coarse.norm().scalar())
    #expect(cosine > 0.9999 && cosine < 1)
    // What is not shared is computed as without.
    let alone = try logits(model, [prefix])
    #expect(try GoldenModel.distance(alone, logits(model.roundingSharedTokens(), [prefix])) == 0)
  }

  @Test("What int8 weights cannot do is refused with its remedy")
  func whatInt8Weights() throws {
    let directory = Fixtures.file("models/tiny-llama")
    let model = try LanguageModel.load(directory, weights: .int8)
    let adapter = try LoRAAdapter.initial(LoRAConfiguration(rank: 2, alpha: 2), for: model.configuration, seed: 0)
    func sentence(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    #expect(sentence { _ = try LoRATrainer(model, from: adapter, settings: TrainingSettings()) }.contains("inference"))
    #expect(sentence { _ = try model.merged(with: adapter) }.contains("dense weights"))
    #expect(
      sentence { _ = try LanguageModel.load(directory).roundingSharedTokens() }.contains("needs int8 weights"))
    #expect(try model.adapted(by: adapter).isAdapted)
  }

  @Test("A matrix that is not finite is refused, naming it")
  func matrixFiniteRefused() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-llama")
    try checkpoint.rewrite { tensors in
      let name = "model.layers.0.mlp.up_proj.weight"
      tensors[name] = try #require(tensors[name]) * .infinity
    }
    let error = try #require(throws: TelltaleError.self) {
      try LanguageModel.load(checkpoint.directory, weights: .int8)
    }
    #expect("\(error)".contains("up_proj.weight") && "\(error)".contains("infinite"))
  }
}
