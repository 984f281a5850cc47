import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// The files of further families: other prefixes, fused tensors, and what a family cannot do.
@Suite(.enabled(if: Fixtures.hasShared("models/tiny-gpt2"), "needs ../shared/models"))
struct FamilyFileTests {
  private func directory(_ name: String) -> URL { Fixtures.shared("models/\(name)") }

  private func logits(_ directory: URL) throws -> Tensor {
    let model = try LanguageModel.load(directory, dtype: .float32)
    return try #require(try model.forward(PackedBatch([[1, 5, 9, 40, 7, 300]]), logits: .all).logits)
  }

  @Test(
    "Tensors are found under the prefixes of other makers",
    arguments: [
      ("tiny-gemma3", "model.", "language_model.model."), ("tiny-gemma3", "model.", "model.language_model."),
      ("tiny-gpt2", "transformer.", ""),
    ])
  func tensorsFoundUnder(name: String, standard: String, prefix: String) throws {
    let expected = try logits(directory(name))
    let checkpoint = try ScratchCheckpoint(copying: directory(name))
    try checkpoint.rewrite { tensors in
      for (name, tensor) in tensors where name.hasPrefix(standard) {
        tensors[name] = nil
        tensors[prefix + name.dropFirst(standard.count)] = tensor
      }
      tensors["vision_tower.patch.weight"] = try Tensor.full([2], .nan)
    }
    #expect(try GoldenModel.distance(logits(checkpoint.directory), expected) == 0)
  }

  @Test("A text model inside of one that sees images gives the logits of the text model")
  func textModelInside() throws {
    let expected = try logits(directory("tiny-gemma3"))
    let checkpoint = try ScratchCheckpoint(copying: directory("tiny-gemma3"))
    let text = try JSONSerialization.jsonObject(with: Data(contentsOf: checkpoint.file("config.json")))
    let whole: [String: Any] = [
      "architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": text,
      "vision_config": ["hidden_size": 8],
    ]
    try JSONSerialization.data(withJSONObject: whole).write(to: checkpoint.file("config.json"))
    try checkpoint.rewrite { tensors in
      for (name, tensor) in tensors {
        tensors[name] = nil
        tensors["language_model.\(name)"] = tensor
      }
    }
    #expect(try GoldenModel.distance(logits(checkpoint.directory), expected) == 0)
  }

  @Test(
    "A fused tensor of another size is refused by its name in the file",
    arguments: [
      ("tiny-phi3", "model.layers.1.self_attn.qkv_proj.weight"), ("tiny-gpt2", "transformer.h.2.attn.c_attn.weight"),
      ("tiny-gpt-neox", "gpt_neox.layers.0.attention.query_key_value.weight"),
      ("tiny-gpt-oss", "model.layers.3.mlp.experts.gate_up_proj"),
    ])
  func fusedTensorAnother(model: String, name: String) throws {
    let checkpoint = try ScratchCheckpoint(copying: directory(model))
    try checkpoint.rewrite { tensors in
      let tensor = try #require(tensors[name])
      let last = tensor.rank - 1
      tensors[name] = try tensor.narrowed(last, 0..<tensor.size(last) - 2).contiguous()
    }
    let error = try refusal { try LanguageModel.load(checkpoint.directory) }
    #expect(error.description.contains("\"\(name)\"") && error.description.contains("shape"), "\(error)")
  }

  @Test("An expert that is missing is named")
  func expertMissingNamed() throws {
    let checkpoint = try ScratchCheckpoint(copying: directory("tiny-mixtral"))
    try checkpoint.rewrite { $0["model.layers.2.block_sparse_moe.experts.3.w2.weight"] = nil }
    let error = try refusal { try LanguageModel.load(checkpoint.directory) }
    #expect(error.description.contains("experts.3.w2.weight") && error.description.contains("incomplete"))
  }

  @Test("Positions that were not learned are refused")
  func positionsWereLearned() throws {
    let model = try LanguageModel.load(directory("tiny-gpt2"))
    let error = try refusal { try model.forward(PackedBatch([Array(repeating: 1, count: 513)]), logits: .all) }
    #expect(error.description.contains("position 512") && error.description.contains("0 to 511"))
  }

  @Test("Where attention and network read the same stream there is no stream after attention to edit")
  func whereAttentionNetwork() throws {
    let model = try LanguageModel.load(directory("tiny-gpt-neox"))
    let edit = Edit(layer: 1, .add(try Tensor.ones([64])), site: .afterAttention)
    let error = try refusal { try model.forward(PackedBatch([[1, 2]]), edits: [edit], logits: .all) }
    #expect(error.description.contains("GPT-NeoX") && error.description.contains("block-output"))
  }

  @Test("Sequences that longrope computes otherwise may not share a beginning")
  func sequencesLongropeComputes() throws {
    let model = try LanguageModel.load(directory("tiny-phi3"))
    let prefix = (0..<30).map { $0 + 3 }
    let batch = PackedBatch(families: [[prefix + [1, 2], prefix + Array(40..<60)]])
    let error = try refusal { try model.forward(batch, logits: .all) }
    #expect(error.description.contains("40 tokens") && error.description.contains("separate"))
    #expect(try model.forward(PackedBatch([prefix + [1, 2], prefix + Array(40..<60)]), logits: .all).logits != nil)
  }

  @Test(
    "Adapters of families with fused projections are refused by name",
    arguments: ["tiny-phi3", "tiny-gpt2", "tiny-gpt-neox"])
  func adaptersFamiliesFused(name: String) throws {
    let model = try LanguageModel.load(directory(name))
    let error = try refusal {
      try LoRAAdapter.initial(LoRAConfiguration(rank: 2, alpha: 4), for: model.configuration, seed: 1)
    }
    #expect(error.description.contains(model.configuration.family) && error.description.contains("Qwen3"))
  }

  @Test(
    "An adapter changes the logits as adding it to the weights does, and can be trained",
    arguments: [
      "tiny-qwen3", "tiny-gemma2", "tiny-gemma3", "tiny-olmo2", "tiny-smollm3", "tiny-granite",
      "tiny-qwen3-moe", "tiny-mixtral", "tiny-gpt-oss",
    ])
  func adapterChangesLogits(name: String) throws {
    let model = try LanguageModel.load(directory(name), dtype: .float32)
    let targets = ["q_proj", "v_proj", "o_proj"] + (model.configuration.experts == nil ? ["down_proj"] : [])
    let configuration = LoRAConfiguration(rank: 2, alpha: 4, targets: targets)
    let initial = try LoRAAdapter.initial(configuration, for: model.configuration, seed: 1)
    var settings = TrainingSettings()
    (settings.learningRate, settings.steps) = (0.01, 3)
    let trainer = try LoRATrainer(model, from: initial, settings: settings)
    let sequence = TrainingSequence(tokens: Array(3..<23), answer: 5..<20)
    let losses = try (0..<3).map { _ in try trainer.step([[sequence]]).loss }
    #expect(losses[2] < losses[0], "\(losses)")
    let adapter = try trainer.adapter()
    let batch = PackedBatch([[1, 5, 9, 40, 7, 300]])
    let adapted = try #require(try model.adapted(by: adapter).forward(batch, logits: .all).logits)
    let merged = try #require(try model.merged(with: adapter).forward(batch, logits: .all).logits)
    let plain = try #require(try model.forward(batch, logits: .all).logits)
    #expect(try GoldenModel.distance(adapted, merged) < 1e-3)
    #expect(try GoldenModel.distance(adapted, plain) > 1e-2)
  }

  @Test("Tokens are sorted by expert and found again")
  func tokensSortedExpert() {
    let order = ExpertOrder([2, 0, 0, 2, 1, 2], perToken: 2, experts: 4)
    #expect(order.tokens == [0, 1, 2, 0, 1, 2] && order.places == [3, 0, 1, 4, 2, 5])
    #expect(order.ranges.map(\.range) == [0..<2, 2..<3, 3..<6, 6..<6])
  }
}
