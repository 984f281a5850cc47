import Foundations
import Tokenizers
import Torch

/// What a GGUF file states of its model, under the keys that its family's config.json has.
///
/// What llama.cpp fixes in its code and no key states (Gemma's local rotation, Qwen3's renormalised experts) is stated here.
struct GGUFConfiguration {
  let file: GGUFModelFile
  let architecture: GGUFArchitecture
  private let keys: GGUFKeys

  init(_ file: GGUFModelFile) throws(TelltaleError) {
    self.file = file
    let place = InputLocation(file: file.url.path, item: "general.architecture")
    guard let name = file.metadata.text("general.architecture") else {
      throw TelltaleError(.badInput, "is missing; give the GGUF file of a language model", at: place)
    }
    let experts = file.metadata.integer("\(name).expert_count") ?? 0
    let window = file.metadata.integer("\(name).attention.sliding_window") ?? 0
    guard let known = GGUFArchitecture(name, hasExperts: experts > 0, hasWindows: window > 0) else {
      throw TelltaleError(
        .badInput,
        "\"\(SafeText.quoted(name))\" is not supported; Telltale reads GGUF files of "
          + GGUFArchitecture.names.joined(separator: ", "), at: place)
    }
    architecture = known
    keys = GGUFKeys(file: file, architecture: name)
  }

  /// Numbers of query heads and of key-value heads.
  func heads() throws(TelltaleError) -> (query: Int, keyValue: Int) {
    let query = try keys.size("attention.head_count")
    return (query, try keys.integer("attention.head_count_kv") ?? query)
  }

  /// The object that config.json would be.
  func object() throws(TelltaleError) -> JSONValue {
    var object = JSONObject()
    object["architectures"] = .array([.string(UTF8Text(architecture.transformers))])
    object["vocab_size"] = .number(Double(try keys.rows(of: "token_embd.weight")))
    let ends = ["eos", "eot"].compactMap { file.metadata.integer("tokenizer.ggml.\($0)_token_id") }
    object["eos_token_id"] = .array(ends.map { .number(Double($0)) })
    try copy(Self.copied[architecture.transformers] ?? [], to: &object)
    if architecture.name == "gpt2" {
      try copy(Self.gpt2, to: &object)
      object["n_positions"] = .number(Double(try keys.rows(of: "position_embd.weight")))
    } else if architecture.name == "gptneox" {
      try copy(Self.sizes, to: &object)
      try readGPTNeoX(&object)
    } else {
      try copy(Self.sizes + Self.llama, to: &object)
      try readLlama(&object)
    }
    return object.value
  }

  // MARK: Keys that mean the same

  private enum Kind { case size, integer, real }
  private typealias Copied = (config: String, kind: Kind, gguf: String)

  private static let sizes: [Copied] = [
    ("hidden_size", .size, "embedding_length"), ("intermediate_size", .size, "feed_forward_length"),
    ("num_hidden_layers", .size, "block_count"), ("num_attention_heads", .size, "attention.head_count"),
    ("max_position_embeddings", .integer, "context_length"),
  ]
  private static let llama: [Copied] = [
    ("num_key_value_heads", .integer, "attention.head_count_kv"),
    ("rms_norm_eps", .real, "attention.layer_norm_rms_epsilon"), ("rope_theta", .real, "rope.freq_base"),
  ]
  private static let gpt2: [Copied] = [
    ("n_embd", .size, "embedding_length"), ("n_head", .size, "attention.head_count"), ("n_layer", .size, "block_count"),
    ("n_inner", .size, "feed_forward_length"), ("layer_norm_epsilon", .real, "attention.layer_norm_epsilon"),
  ]
  /// What families have in addition, by their name in config.json.
  private static let copied: [String: [Copied]] = [
    "MixtralForCausalLM": [
      ("num_local_experts", .size, "expert_count"), ("num_experts_per_tok", .size, "expert_used_count"),
    ],
    "Qwen3MoeForCausalLM": [
      ("num_experts", .size, "expert_count"), ("num_experts_per_tok", .size, "expert_used_count"),
      ("moe_intermediate_size", .size, "expert_feed_forward_length"),
    ],
    "Gemma2ForCausalLM": [("sliding_window", .size, "attention.sliding_window")],
    "Gemma3ForCausalLM": [("sliding_window", .size, "attention.sliding_window")],
    "Olmo3ForCausalLM": [("sliding_window", .size, "attention.sliding_window")],
    "GraniteForCausalLM": [
      ("attention_multiplier", .real, "attention.scale"), ("embedding_multiplier", .real, "embedding_scale"),
      ("residual_multiplier", .real, "residual_scale"), ("logits_scaling", .real, "logit_scale"),
    ],
  ]

  private func copy(_ table: [Copied], to object: inout JSONObject) throws(TelltaleError) {
    for (config, kind, name) in table {
      switch kind {
      case .size: object[config] = .number(Double(try keys.size(name)))
      case .integer: object[config] = try keys.integer(name).map { .number(Double($0)) }
      case .real: object[config] = keys.real(name)
      }
    }
  }

  // MARK: Keys that differ

  private func readLlama(_ object: inout JSONObject) throws(TelltaleError) {
    let perHead = try keys.size("embedding_length") / keys.size("attention.head_count")
    let head = try keys.integer("attention.key_length") ?? perHead
    guard try keys.integer("attention.value_length") ?? head == head else {
      throw keys.failure("differs from attention.key_length, which is not supported", "attention.value_length")
    }
    object["num_key_value_heads"] = .number(Double(try heads().keyValue))
    object["head_dim"] = .number(Double(head))
    object["rope_scaling"] = try keys.ropeScaling()
    object["tie_word_embeddings"] = .bool(file.entry("output.weight") == nil)
    if file.entry("blk.0.attn_q.bias") != nil, architecture.transformers != "Qwen2ForCausalLM" {
      object["attention_bias"] = .bool(true)
    }
    if file.entry("blk.0.ffn_down.bias") != nil { object["mlp_bias"] = .bool(true) }
    switch architecture.name {
    case "qwen3moe": object["norm_topk_prob"] = .bool(true)
    case "gemma2", "gemma3": try readGemma(&object, head: head, perHead: perHead)
    case "phi3": try readPhi3(&object, head: head)
    default: break
    }
  }

  private func readGPTNeoX(_ object: inout JSONObject) throws(TelltaleError) {
    object["layer_norm_eps"] = keys.real("attention.layer_norm_epsilon")
    object["use_parallel_residual"] = .bool(keys.truth("use_parallel_residual") ?? true)
    object["rotary_emb_base"] = keys.real("rope.freq_base") ?? .number(10_000)
    object["rope_scaling"] = try keys.ropeScaling()
    object["tie_word_embeddings"] = .bool(file.entry("output.weight") == nil)
    let head = try keys.size("embedding_length") / keys.size("attention.head_count")
    object["rotary_pct"] = .number(Double(try keys.size("rope.dimension_count")) / Double(head))
  }

  private func readGemma(_ object: inout JSONObject, head: Int, perHead: Int) throws(TelltaleError) {
    // The 27B models scale by the width of the stream for each head, the others by the heads' own.
    let isLarge = try keys.size("block_count") == (architecture.name == "gemma2" ? 46 : 62)
    object["query_pre_attn_scalar"] = .number(Double(isLarge ? perHead : head))
    if architecture.name == "gemma2" {
      object["attn_logit_softcapping"] = keys.real("attn_logit_softcapping") ?? .number(50)
      object["final_logit_softcapping"] = keys.real("final_logit_softcapping") ?? .number(30)
    } else {
      object["rope_local_base_freq"] = keys.real("rope.freq_base_swa") ?? .number(10_000)
      object["rope_theta"] = object["rope_theta"] ?? .number(1_000_000)
      object["sliding_window_pattern"] = .number(6)
    }
  }

  private func readPhi3(_ object: inout JSONObject, head: Int) throws(TelltaleError) {
    if let window = try keys.integer("attention.sliding_window"), window > 0 {
      object["sliding_window"] = .number(Double(window))
    }
    if let share = try keys.integer("rope.dimension_count"), share != head {
      object["partial_rotary_factor"] = .number(Double(share) / Double(head))
    }
  }
}
