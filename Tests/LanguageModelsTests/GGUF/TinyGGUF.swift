import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Tokenizers

/// A golden model written as GGUF, as llama.cpp's conversion script writes it: names from the gguf package
/// (Fixtures/gguf/names.json), layouts and keys by the script's formulas.
struct TinyGGUF {
  struct Names: Decodable {
    var architecture: String
    var names: [String: String]
  }

  private let architecture: String
  private let names: [String: String]
  private let config: [String: Any]
  private let file: SafetensorsSource

  static func all() throws -> [String: Names] {
    try JSONDecoder().decode([String: Names].self, from: Data(contentsOf: Fixtures.file("gguf/names.json")))
  }

  init(_ model: GoldenModel, _ mapped: Names) throws {
    (architecture, names) = (mapped.architecture, mapped.names)
    let data = try Data(contentsOf: model.directory.appendingPathComponent("config.json"))
    config = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    file = try SafetensorsSource(Checkpoint.files(model.directory))
  }

  private func integer(_ keys: String...) -> Int? { keys.lazy.compactMap { config[$0] as? Int }.first }
  private func real(_ key: String) -> Double? { config[key] as? Double }

  private var heads: Int { integer("num_attention_heads", "n_head") ?? 0 }
  private var keyValueHeads: Int { integer("num_key_value_heads") ?? heads }
  private var hidden: Int { integer("hidden_size", "n_embd") ?? 0 }

  func write(to url: URL) throws {
    var builder = GGUFBuilder()
    builder.add("general.architecture", .text(architecture))
    addSizes(&builder)
    addFamily(&builder)
    try addTensors(&builder)
    try builder.write(to: url)
  }

  // MARK: Keys

  private func add(_ builder: inout GGUFBuilder, _ key: String, _ value: Int?) {
    if let value { builder.add("\(architecture).\(key)", .uint32(UInt32(value))) }
  }

  private func add(_ builder: inout GGUFBuilder, _ key: String, real value: Double?) {
    if let value { builder.add("\(architecture).\(key)", .float32(Float(value))) }
  }

  private func addSizes(_ builder: inout GGUFBuilder) {
    add(&builder, "block_count", integer("num_hidden_layers", "n_layer"))
    add(&builder, "embedding_length", hidden)
    add(&builder, "feed_forward_length", integer("intermediate_size") ?? 4 * hidden)
    add(&builder, "attention.head_count", heads)
    add(&builder, "context_length", integer("max_position_embeddings", "n_positions"))
    add(&builder, "attention.layer_norm_rms_epsilon", real: real("rms_norm_eps"))
    add(&builder, "attention.layer_norm_epsilon", real: real("layer_norm_eps") ?? real("layer_norm_epsilon"))
    add(&builder, "rope.freq_base", real: real("rope_theta"))
    if integer("num_key_value_heads") != nil { add(&builder, "attention.head_count_kv", keyValueHeads) }
    add(&builder, "attention.key_length", integer("head_dim"))
    add(&builder, "attention.value_length", integer("head_dim"))
  }

  private func addFamily(_ builder: inout GGUFBuilder) {
    add(&builder, "expert_count", integer("num_local_experts", "num_experts"))
    add(&builder, "expert_used_count", integer("num_experts_per_tok"))
    switch architecture {
    case "gemma2", "gemma3":
      add(&builder, "attention.sliding_window", integer("sliding_window"))
      add(&builder, "attn_logit_softcapping", real: real("attn_logit_softcapping"))
      add(&builder, "final_logit_softcapping", real: real("final_logit_softcapping"))
    case "phi3":
      add(&builder, "rope.dimension_count", Int(Double(hidden / heads) * (real("partial_rotary_factor") ?? 1)))
      add(&builder, "rope.scaling.original_context_length", integer("original_max_position_embeddings"))
    case "gptneox": add(&builder, "rope.dimension_count", Int(Double(hidden / heads) * (real("rotary_pct") ?? 1)))
    case "granite":
      add(&builder, "attention.scale", real: real("attention_multiplier"))
      add(&builder, "embedding_scale", real: real("embedding_multiplier"))
      add(&builder, "residual_scale", real: real("residual_multiplier"))
      add(&builder, "logit_scale", real: real("logits_scaling"))
    default: break
    }
  }

  // MARK: Tensors

  private func addTensors(_ builder: inout GGUFBuilder) throws {
    var stacks: [String: [(expert: Int, tensor: Tensor)]] = [:]
    for (name, mapped) in names.sorted(by: { $0.key < $1.key }) where file.contains(name) {
      let tensor = try changed(mapped, file.tensor(name).converted(to: .float32)).contiguous()
      let numbers = name.split(separator: ".").compactMap { Int($0) }
      if mapped.contains("_exps"), let expert = numbers.dropFirst().first {
        stacks[mapped, default: []].append((expert, tensor))
      } else {
        builder.add(mapped, try tensor.floats(), shape: tensor.shape)
      }
    }
    for (name, experts) in stacks.sorted(by: { $0.key < $1.key }) {
      let stacked = try Tensor.stacked(experts.sorted { $0.expert < $1.expert }.map(\.tensor))
      builder.add(name, try stacked.floats(), shape: stacked.shape)
    }
    addFrequencies(&builder)
  }

  /// What the script does to a tensor beside naming it.
  private func changed(_ name: String, _ tensor: Tensor) throws -> Tensor {
    let rest = Array(tensor.shape.dropFirst())
    let isPaired = ["llama", "smollm3", "granite"].contains(architecture)
    if isPaired, name.contains("attn_q.") || name.contains("attn_k.") {
      let count = name.contains("attn_q.") ? heads : keyValueHeads
      return try tensor.reshaped([count, 2, -1] + rest).transposed(1, 2).contiguous().reshaped(tensor.shape)
    }
    if architecture.hasPrefix("gemma"), name.contains("norm") { return try tensor + 1 }
    let isMatrix = ["attn_qkv", "attn_output", "ffn_up", "ffn_down"].contains { name.contains("\($0).weight") }
    if architecture == "gpt2", isMatrix { return try tensor.transposed(0, 1) }
    if architecture == "gptneox", name.contains("attn_qkv") {
      return try tensor.reshaped([heads, 3, -1] + rest).transposed(0, 1).contiguous().reshaped(tensor.shape)
    }
    return tensor
  }

  private func addFrequencies(_ builder: inout GGUFBuilder) {
    guard let scaling = config["rope_scaling"] as? [String: Any] else { return }
    if let long = scaling["long_factor"] as? [Double], let short = scaling["short_factor"] as? [Double] {
      builder.add("rope_factors_long.weight", long.map { Float($0) }, shape: [long.count])
      builder.add("rope_factors_short.weight", short.map { Float($0) }, shape: [short.count])
    } else if scaling["rope_type"] as? String == "llama3" {
      let factors = llama3Factors(scaling)
      builder.add("rope_freqs.weight", factors.map { Float($0) }, shape: [factors.count])
    }
  }

  /// What each frequency is divided by: long waves by the factor, short ones by 1, smoothly in between.
  private func llama3Factors(_ scaling: [String: Any]) -> [Double] {
    func number(_ key: String) -> Double { scaling[key] as? Double ?? 0 }
    let (factor, low, high) = (number("factor"), number("low_freq_factor"), number("high_freq_factor"))
    let (trained, dimension) = (number("original_max_position_embeddings"), integer("head_dim") ?? hidden / heads)
    return stride(from: 0, to: dimension, by: 2).map { index in
      let wave = 2 * Double.pi * pow(real("rope_theta") ?? 10_000, Double(index) / Double(dimension))
      if wave < trained / high { return 1 }
      if wave > trained / low { return factor }
      let smooth = (trained / wave - low) / (high - low)
      return 1 / ((1 - smooth) / factor + smooth)
    }
  }
}
