import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Checkpoints that cannot be used: each is refused with one sentence that names the place.
@Suite struct DamagedCheckpointTests {
  /// A damage, and what the sentence must hold.
  struct Damage: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var expected: [String]
    var apply: @Sendable (ScratchCheckpoint) throws -> Void

    init(_ name: String, _ expected: [String], _ apply: @escaping @Sendable (ScratchCheckpoint) throws -> Void) {
      (testDescription, self.expected, self.apply) = (name, expected, apply)
    }
  }

  static let files: [Damage] = [
    Damage("no config.json", ["config.json", "is missing"]) { try $0.remove("config.json") },
    Damage("config.json is not JSON", ["config.json", "not valid JSON"]) { try $0.write("{", to: "config.json") },
    Damage("no weights", ["neither model.safetensors", "pickled"]) { try $0.remove("model.safetensors") },
    Damage("pickled weights only", ["neither model.safetensors", "never executed"]) {
      try $0.remove("model.safetensors")
      try $0.write("\u{80}\u{2}", to: "pytorch_model.bin")
    },
    Damage("an empty file", ["model.safetensors", "empty"]) { try $0.truncate("model.safetensors", to: 0) },
    Damage("a file of five bytes", ["model.safetensors", "too short"]) { try $0.truncate("model.safetensors", to: 5) },
    Damage("a file cut in its header", ["model.safetensors", "header"]) {
      try $0.truncate("model.safetensors", to: 500)
    },
    Damage("a file cut in its data", ["model.safetensors", "outside of the file's data"]) {
      try $0.truncate("model.safetensors", to: 20_000)
    },
    Damage("a missing shard", ["index.json (model-00002-of-00002.safetensors)", "missing"]) {
      try $0.shard()
      try $0.remove("model-00002-of-00002.safetensors")
    },
    Damage("a cut shard", ["model-00002-of-00002.safetensors", "outside of the file's data"]) {
      try $0.shard()
      try $0.truncate("model-00002-of-00002.safetensors", to: 5000)
    },
    Damage("a shard elsewhere", ["index.json (../secret.safetensors)", "not in its folder"]) {
      try $0.shard()
      try $0.writeIndex(["model.norm.weight": "../secret.safetensors"])
    },
    Damage("a shard at an absolute path", ["index.json (/etc/passwd)", "not in its folder"]) {
      try $0.shard()
      try $0.writeIndex(["model.norm.weight": "/etc/passwd"])
    },
    Damage("an index without a map", ["index.json", "weight_map"]) {
      try $0.remove("model.safetensors")
      try $0.write("{}", to: "model.safetensors.index.json")
    },
    Damage("an index of nothing", ["model.embed_tokens.weight"]) {
      try $0.remove("model.safetensors")
      try $0.writeIndex([:])
    },
  ]

  static let tensors: [Damage] = [
    Damage("a missing tensor", ["\"model.layers.2.mlp.up_proj.weight\"", "incomplete"]) {
      try $0.rewrite { $0["model.layers.2.mlp.up_proj.weight"] = nil }
    },
    Damage("a missing bias", ["\"model.layers.1.self_attn.q_proj.bias\""]) {
      try $0.rewrite { $0["model.layers.1.self_attn.q_proj.bias"] = nil }
    },
    Damage("a tensor of another shape", ["\"model.norm.weight\"", "[8]", "[16]"]) {
      try $0.rewrite { $0["model.norm.weight"] = try Tensor.ones([8]) }
    },
    Damage("a NaN", ["model.safetensors (model.layers.3.mlp.down_proj.bias)", "NaN"]) {
      try $0.rewrite { $0["model.layers.3.mlp.down_proj.bias"] = try Tensor.full([16], .nan) }
    },
    Damage("an infinity", ["model.safetensors (model.norm.weight)", "infinite"]) {
      try $0.rewrite { $0["model.norm.weight"] = try Tensor.full([16], .infinity) }
    },
    Damage("a NaN in a shard", ["model-00002-of-00002.safetensors (model.norm.weight)", "NaN"]) {
      try $0.rewrite { $0["model.norm.weight"] = try Tensor.full([16], .nan) }
      try $0.shard()
    },
    Damage("integer weights", ["int8"]) {
      try $0.rewrite { for (name, t) in $0 { $0[name] = try t.converted(to: .int8) } }
    },
  ]

  /// Keys of `config.json` set to other values; null is as good as absent.
  static let configurations: [Damage] = [
    (#"{"architectures": ["MambaForCausalLM"]}"#, ["MambaForCausalLM", "MistralForCausalLM", "GPT2LMHeadModel"]),
    (#"{"architectures": null, "model_type": null}"#, ["(architectures)", "LlamaForCausalLM"]),
    (#"{"architectures": null, "model_type": "mamba"}"#, ["(architectures)", "mamba", "LlamaForCausalLM"]),
    (#"{"quantization_config": {"bits": 4}}"#, ["(quantization_config.quant_method)", "names no method"]),
    (#"{"hidden_act": "mish"}"#, ["(hidden_act)", "mish", "silu"]),
    (#"{"rope_scaling": {"rope_type": "mrope", "mrope_section": [1, 2]}}"#, ["(rope_scaling)", "mrope", "llama3"]),
    (#"{"rope_scaling": {"factor": 2}}"#, ["(rope_scaling)", "rope_type"]),
    (#"{"rope_scaling": {"rope_type": "yarn"}}"#, ["(rope_scaling.factor)"]),
    (
      #"{"rope_scaling": {"rope_type": "longrope", "short_factor": [1], "long_factor": [1]}}"#, ["_factor)", "numbers"]
    ),
    (#"{"rope_interleaved": true}"#, ["(rope_interleaved)"]),
    (#"{"layer_types": ["full_attention"]}"#, ["(layer_types)", "1 of 4"]),
    (
      #"{"layer_types": ["full_attention", "full_attention", "full_attention", "linear_attention"]}"#,
      ["(layer_types)", "linear_attention", "sliding_attention"]
    ),
    (#"{"rope_scaling": {"rope_type": "linear"}}"#, ["(rope_scaling.factor)"]),
    (#"{"rope_scaling": {"type": "dynamic", "factor": 0}}"#, ["(rope_scaling.factor)"]),
    (#"{"rope_scaling": {"type": "llama3", "factor": 2}}"#, ["(rope_scaling.low_freq_factor)"]),
    (
      #"{"rope_scaling": {"type": "dynamic", "factor": 2}, "max_position_embeddings": 0}"#,
      ["(max_position_embeddings)"]
    ),
    (#"{"partial_rotary_factor": 0.5}"#, ["(partial_rotary_factor)"]),
    (#"{"num_hidden_layers": 0}"#, ["(num_hidden_layers)"]),
    (#"{"num_hidden_layers": 1000000}"#, ["(num_hidden_layers)"]),
    (#"{"hidden_size": -16}"#, ["(hidden_size)"]),
    (#"{"vocab_size": 9007199254740992}"#, ["(vocab_size)"]),
    (#"{"vocab_size": 1e300}"#, ["config.json"]),
    (#"{"hidden_size": "wide"}"#, ["hidden_size", "wrong kind"]),
    (#"{"intermediate_size": null}"#, ["(intermediate_size)", "missing"]),
    (#"{"num_key_value_heads": 3, "num_attention_heads": 4}"#, ["(num_key_value_heads)"]),
    (#"{"num_attention_heads": 3, "num_key_value_heads": 3, "head_dim": null}"#, ["(num_attention_heads)"]),
    (#"{"head_dim": 7}"#, ["(head_dim)", "odd"]),
    (#"{"rms_norm_eps": -1}"#, ["(rms_norm_eps)"]),
    (#"{"rope_theta": 0}"#, ["(rope_theta)"]),
    (#"{"num_hidden_layers": 5}"#, ["\"model.layers.4."]),
    (#"{"vocab_size": 96}"#, ["\"model.embed_tokens.weight\"", "[48, 16]", "[96, 16]"]),
  ].map { (changes: String, expected: [String]) in Damage(changes, expected) { try $0.configure(json: changes) } }

  @Test("A damaged checkpoint is refused with a sentence that names the place", arguments: files + tensors)
  func refusesDamage(_ damage: Damage) throws { try check(damage) }

  @Test("A configuration that would be computed wrongly is refused by key", arguments: configurations)
  func refusesConfigurations(_ damage: Damage) throws { try check(damage) }

  private func check(_ damage: Damage) throws {
    let checkpoint = try ScratchCheckpoint("model-variants/llama-biases")
    try damage.apply(checkpoint)
    let error = try refusal { try LanguageModel.load(checkpoint.directory) }
    for part in damage.expected { #expect(error.description.contains(part), "\(error)") }
    #expect(error.description.contains(checkpoint.directory.lastPathComponent), "\(error)")
  }
}
