import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Checkpoints in their published forms: one file or shards, tied embeddings, what belongs to the fingerprint.
@Suite struct CheckpointTests {
  private func logits(_ directory: URL) throws -> Tensor {
    let output = try LanguageModel.load(directory).forward(PackedBatch([[1, 5, 9, 40]]), logits: .all)
    return try #require(output.logits)
  }

  @Test("A model gives the same logits from one file as from shards")
  func shardsMakeNoDifference() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-biases")
    let whole = try logits(checkpoint.directory)
    try checkpoint.shard()
    #expect(try checkpoint.tensors().count == 4 * 16 + 3)
    #expect(try GoldenModel.distance(logits(checkpoint.directory), whole) == 0)
    try checkpoint.rewrite { _ in }
    #expect(try GoldenModel.distance(logits(checkpoint.directory), whole) == 0)
  }

  @Test("With tied embeddings a head in the file is left alone")
  func ignoresTheHeadWhenTied() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-tied")
    let tied = try logits(checkpoint.directory)
    try checkpoint.rewrite { $0["lm_head.weight"] = try Tensor.ones([48, 16]) }
    #expect(try GoldenModel.distance(logits(checkpoint.directory), tied) == 0)
    try checkpoint.configure(["tie_word_embeddings": false])
    #expect(try GoldenModel.distance(logits(checkpoint.directory), tied) > 0.1)
  }

  @Test("Untied, the head is needed")
  func needsTheHead() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-tied")
    try checkpoint.configure(["tie_word_embeddings": false])
    let error = try refusal { try LanguageModel.load(checkpoint.directory) }
    #expect(error.description.contains("lm_head.weight"))
  }

  @Test("Buffers and tensors that no layer uses are left alone")
  func leavesOtherTensorsAlone() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-biases")
    let plain = try logits(checkpoint.directory)
    try checkpoint.rewrite {
      $0["model.layers.0.self_attn.rotary_emb.inv_freq"] = try Tensor.full([4], .nan)
      $0["score.weight"] = try Tensor.ones([2, 16])
    }
    #expect(try GoldenModel.distance(logits(checkpoint.directory), plain) == 0)
  }

  @Test("The dtype is the stored one unless another is asked for")
  func keepsTheStoredType() throws {
    let llama = Fixtures.file("models/tiny-llama")
    #expect(try LanguageModel.load(llama).dtype == .float16)
    #expect(try LanguageModel.load(llama, dtype: .bfloat16).dtype == .bfloat16)
    #expect(try LanguageModel.load(Fixtures.file("models/tiny-mistral")).dtype == .bfloat16)
  }

  @Test("The fingerprint changes with one weight, and not with other files in the folder")
  func fingerprintsTheWeights() throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-biases")
    let first = try Fingerprint.checkpoint(checkpoint.directory)
    let again = try Fingerprint.checkpoint(checkpoint.directory)
    #expect(first.count == 64 && first == again)
    try SafetensorsFile.write(["layer.0": Tensor.ones([16])], to: checkpoint.file("vector.safetensors"))
    #expect(try Fingerprint.checkpoint(checkpoint.directory) == first)
    try checkpoint.remove("vector.safetensors")
    try checkpoint.rewrite { $0["model.norm.weight"] = try Tensor.ones([16]) }
    #expect(try Fingerprint.checkpoint(checkpoint.directory) != first)
  }

  @Test("A sharded checkpoint's fingerprint covers every shard")
  func fingerprintsEveryShard() throws {
    let checkpoint = try ScratchCheckpoint("models/tiny-mistral")
    let first = try Fingerprint.checkpoint(checkpoint.directory)
    let shard = checkpoint.file("model-00002-of-00002.safetensors")
    var bytes = try Data(contentsOf: shard)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: shard)
    #expect(try Fingerprint.checkpoint(checkpoint.directory) != first)
  }
}
