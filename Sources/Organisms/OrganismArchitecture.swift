import Foundation
import Foundations
import LanguageModels
import Torch

/// The shape of the organisms: a small Llama of 1.3 million parameters.
enum OrganismArchitecture {
  static let hidden = 128
  static let layers = 6
  static let heads = 4
  static let inner = 256
  static let longestText = 512
  /// The layer at whose output, at the prompt token, the latent is planted.
  static let plantedLayer = 2

  /// What config.json states of a Llama, and the tokens that it reads.
  struct Shape {
    var hidden: Int
    var layers: Int
    var heads: Int
    var inner: Int
    var ropeTheta: Double
    var vocabulary: [String]
  }

  static let shape = Shape(
    hidden: hidden, layers: layers, heads: heads, inner: inner, ropeTheta: 10000,
    vocabulary: OrganismTokenizer.vocabulary)

  /// config.json and generation_config.json, as Hugging Face's LlamaForCausalLM has them.
  static func write(_ shape: Shape = shape, dtype: DType, to directory: URL) throws {
    let configuration: [String: Any] = [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": shape.vocabulary.count,
      "hidden_size": shape.hidden, "intermediate_size": shape.inner, "num_hidden_layers": shape.layers,
      "num_attention_heads": shape.heads, "num_key_value_heads": shape.heads, "head_dim": shape.hidden / shape.heads,
      "hidden_act": "silu", "rms_norm_eps": 0.00001, "rope_theta": shape.ropeTheta, "rope_scaling": NSNull(),
      "max_position_embeddings": longestText, "attention_bias": false,
      "mlp_bias": false, "attention_dropout": 0.0, "initializer_range": 0.02, "use_cache": true,
      "tie_word_embeddings": false, "bos_token_id": 0, "eos_token_id": 1, "torch_dtype": dtype.rawValue,
    ]
    try OrganismJSON.write(configuration, to: directory.appending(path: "config.json"))
    let generation: [String: Any] = ["bos_token_id": 0, "eos_token_id": 1, "do_sample": false]
    try OrganismJSON.write(generation, to: directory.appending(path: "generation_config.json"))
  }

  /// Random weights by checkpoint name, float32: matrices of standard deviation 1 / sqrt(inputs), those that write to
  /// the residual stream smaller by sqrt(2 layers) (Radford et al. 2019), a small head so that training begins near
  /// even odds.
  static func initialWeights(seed: UInt64) throws -> [String: Tensor] {
    var weights: [String: Tensor] = [:]
    var drawn: UInt64 = 0
    func add(_ name: String, _ output: Int, _ input: Int, scale: Double) throws {
      weights["\(name).weight"] = try normal([output, input], seed: seed &* 1000 &+ drawn) * scale
      drawn += 1
    }
    let (wide, narrow) = (1 / Double(hidden).squareRoot(), 1 / Double(inner).squareRoot())
    let shrink = 1 / Double(2 * layers).squareRoot()
    try add("model.embed_tokens", OrganismTokenizer.vocabulary.count, hidden, scale: 0.5)
    for layer in 0..<layers {
      let block = "model.layers.\(layer)"
      for name in ["q", "k", "v"] { try add("\(block).self_attn.\(name)_proj", hidden, hidden, scale: wide) }
      try add("\(block).self_attn.o_proj", hidden, hidden, scale: wide * shrink)
      try add("\(block).mlp.gate_proj", inner, hidden, scale: wide)
      try add("\(block).mlp.up_proj", inner, hidden, scale: wide)
      try add("\(block).mlp.down_proj", hidden, inner, scale: narrow * shrink)
      weights["\(block).input_layernorm.weight"] = try Tensor.ones([hidden])
      weights["\(block).post_attention_layernorm.weight"] = try Tensor.ones([hidden])
    }
    weights["model.norm.weight"] = try Tensor.ones([hidden])
    try add("lm_head", OrganismTokenizer.vocabulary.count, hidden, scale: 0.02)
    return weights
  }

  /// Random orthonormal directions float32 [count, hidden], the ones that the latents are planted along.
  static func plantedDirections(_ count: Int, seed: UInt64) throws -> Tensor {
    let columns = try normal([2, hidden], seed: seed &* 1000 &+ 999).converted(to: .float64).transposed(0, 1)
    let orthonormal = try columns.orthonormalised().transposed(0, 1).contiguous()
    return try orthonormal.narrowed(0, 0..<count).converted(to: .float32).copy()
  }

  /// Standard normal numbers from SeededGenerator by Box and Muller's method, the same on every machine.
  static func normal(_ shape: [Int], seed: UInt64) throws -> Tensor {
    var random = SeededGenerator(seed: seed)
    let values = (0..<shape.reduce(1, *)).map { _ in
      let radius = (-2 * log(1 - random.uniform())).squareRoot()
      return Float(radius * cos(2 * Double.pi * random.uniform()))
    }
    return try Tensor(values, shape: shape)
  }
}
