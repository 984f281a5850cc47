import Foundations
import Tokenizers
import Torch

/// What a GGUF file states of its model, under the keys that its family's config.json has.
///
/// What llama.cpp fixes in its code and no key states (Gemma's local rotation, Qwen3's renormalised experts) is stated here.
struct GGUFConfiguration {
  let file: GGUFModelFile
  let architecture: GGUFArchitecture

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
  }

  /// Numbers of query heads and of key-value heads.
  func heads() throws(TelltaleError) -> (query: Int, keyValue: Int) {
    let query = try size("attention.head_count")
    return (query, try integer("attention.head_count_kv") ?? query)
  }

  /// The object that config.json would be.
  func object() throws(TelltaleError) -> JSONValue {
    var keys = Keys()
    keys["architectures"] = .array([.string(UTF8Text(architecture.transformers))])
    keys["vocab_size"] = number(try rows(of: "token_embd.weight"))
    let ends = [
      file.metadata.integer("tokenizer.ggml.eos_token_id"), file.metadata.integer("tokenizer.ggml.eot_token_id"),
    ]
    keys["eos_token_id"] = .array(ends.compactMap { $0 }.map { .number(Double($0)) })
    if architecture.name == "gpt2" { try readGPT2(&keys) } else { try readLlama(&keys) }
    switch architecture.transformers {
    case "GPTNeoXForCausalLM": try readGPTNeoX(&keys)
    case "MixtralForCausalLM": try readExperts(&keys, count: "num_local_experts")
    case "Qwen3MoeForCausalLM": try readQwen3MoE(&keys)
    case "Gemma2ForCausalLM", "Gemma3ForCausalLM": try readGemma(&keys)
    case "Olmo3ForCausalLM": keys["sliding_window"] = try needed("attention.sliding_window")
    case "Phi3ForCausalLM": try readPhi3(&keys)
    case "GraniteForCausalLM": readGranite(&keys)
    default: break
    }
    return keys.object
  }

  // MARK: Families

  private func readLlama(_ keys: inout Keys) throws(TelltaleError) {
    let heads = try heads()
    let hidden = try size("embedding_length")
    let head = try integer("attention.key_length") ?? hidden / heads.query
    guard try integer("attention.value_length") ?? head == head else {
      throw failure("differs from attention.key_length, which is not supported", "attention.value_length")
    }
    keys["hidden_size"] = number(hidden)
    keys["intermediate_size"] = number(try size("feed_forward_length"))
    keys["num_hidden_layers"] = number(try size("block_count"))
    keys["num_attention_heads"] = number(heads.query)
    keys["num_key_value_heads"] = number(heads.keyValue)
    keys["head_dim"] = number(head)
    keys["rms_norm_eps"] = real("attention.layer_norm_rms_epsilon")
    keys["max_position_embeddings"] = try integer("context_length").flatMap(number)
    keys["rope_theta"] = real("rope.freq_base")
    keys["rope_scaling"] = try ropeScaling()
    keys["tie_word_embeddings"] = .bool(file.entry("output.weight") == nil)
    if file.entry("blk.0.attn_q.bias") != nil, architecture.transformers != "Qwen2ForCausalLM" {
      keys["attention_bias"] = .bool(true)
    }
    if file.entry("blk.0.ffn_down.bias") != nil { keys["mlp_bias"] = .bool(true) }
  }

  private func readGPT2(_ keys: inout Keys) throws(TelltaleError) {
    keys["n_embd"] = number(try size("embedding_length"))
    keys["n_head"] = number(try size("attention.head_count"))
    keys["n_layer"] = number(try size("block_count"))
    keys["n_inner"] = number(try size("feed_forward_length"))
    keys["n_positions"] = number(try rows(of: "position_embd.weight"))
    keys["layer_norm_epsilon"] = real("attention.layer_norm_epsilon")
  }

  private func readGPTNeoX(_ keys: inout Keys) throws(TelltaleError) {
    for key in ["rope_theta", "attention_bias", "mlp_bias", "rms_norm_eps", "num_key_value_heads", "head_dim"] {
      keys[key] = nil
    }
    keys["layer_norm_eps"] = real("attention.layer_norm_epsilon")
    keys["use_parallel_residual"] = .bool(file.metadata.truth(key("use_parallel_residual")) ?? true)
    keys["rotary_emb_base"] = real("rope.freq_base") ?? .number(10_000)
    let head = try size("embedding_length") / size("attention.head_count")
    keys["rotary_pct"] = .number(Double(try size("rope.dimension_count")) / Double(head))
  }

  private func readExperts(_ keys: inout Keys, count: String) throws(TelltaleError) {
    keys[count] = try needed("expert_count")
    keys["num_experts_per_tok"] = try needed("expert_used_count")
  }

  private func readQwen3MoE(_ keys: inout Keys) throws(TelltaleError) {
    try readExperts(&keys, count: "num_experts")
    keys["moe_intermediate_size"] = try needed("expert_feed_forward_length")
    keys["norm_topk_prob"] = .bool(true)
  }

  private func readGemma(_ keys: inout Keys) throws(TelltaleError) {
    let layers = try size("block_count")
    // The 27B models scale by the width of the stream for each head, the others by the heads' own.
    let isLarge = layers == (architecture.name == "gemma2" ? 46 : 62)
    let perHead = try size("embedding_length") / size("attention.head_count")
    keys["query_pre_attn_scalar"] = isLarge ? number(perHead) : keys["head_dim"]
    keys["sliding_window"] = try needed("attention.sliding_window")
    if architecture.name == "gemma2" {
      keys["attn_logit_softcapping"] = real("attn_logit_softcapping") ?? .number(50)
      keys["final_logit_softcapping"] = real("final_logit_softcapping") ?? .number(30)
    } else {
      keys["rope_local_base_freq"] = real("rope.freq_base_swa") ?? .number(10_000)
      keys["rope_theta"] = real("rope.freq_base") ?? .number(1_000_000)
      keys["sliding_window_pattern"] = .number(6)
    }
  }

  private func readPhi3(_ keys: inout Keys) throws(TelltaleError) {
    if let window = try integer("attention.sliding_window"), window > 0 { keys["sliding_window"] = number(window) }
    var head = try size("embedding_length") / size("attention.head_count")
    if let stated = try integer("attention.key_length") { head = stated }
    if let share = try integer("rope.dimension_count"), share != head {
      keys["partial_rotary_factor"] = .number(Double(share) / Double(head))
    }
  }

  private func readGranite(_ keys: inout Keys) {
    keys["attention_multiplier"] = real("attention.scale")
    keys["embedding_multiplier"] = real("embedding_scale")
    keys["residual_multiplier"] = real("residual_scale")
    keys["logits_scaling"] = real("logit_scale")
  }

  // MARK: Rotation

  private func ropeScaling() throws(TelltaleError) -> JSONValue? {
    var keys = Keys()
    var trained = try integer("rope.scaling.original_context_length")
    if trained == nil { trained = try integer("context_length") }
    keys["original_max_position_embeddings"] = trained.flatMap(number)
    if let long = try factors("rope_factors_long.weight"), let short = try factors("rope_factors_short.weight") {
      (keys["rope_type"], keys["long_factor"], keys["short_factor"]) = (.string(UTF8Text("longrope")), long, short)
      keys["attention_factor"] = real("rope.scaling.attn_factor")
      return keys.object
    }
    // Llama 3.1's scaling is in the file as what each frequency is divided by, whatever the length.
    if let factors = try factors("rope_freqs.weight") {
      (keys["rope_type"], keys["long_factor"], keys["short_factor"]) = (.string(UTF8Text("longrope")), factors, factors)
      keys["attention_factor"] = .number(1)
      return keys.object
    }
    switch file.metadata.text(key("rope.scaling.type")) {
    case nil, "none"?: return real("rope.scale_linear").map { Self.linear($0) }
    case "linear"?: return Self.linear(real("rope.scaling.factor") ?? .number(1))
    case "yarn"?:
      keys["rope_type"] = .string(UTF8Text("yarn"))
      keys["factor"] = real("rope.scaling.factor")
      return keys.object
    case let other?:
      throw failure(
        "\"\(SafeText.quoted(other))\" is not supported; supported are none, linear and yarn", "rope.scaling.type")
    }
  }

  private static func linear(_ factor: JSONValue) -> JSONValue {
    var keys = Keys()
    (keys["rope_type"], keys["factor"]) = (.string(UTF8Text("linear")), factor)
    return keys.object
  }

  /// The numbers of a small tensor.
  private func factors(_ name: String) throws(TelltaleError) -> JSONValue? {
    guard let entry = file.entry(name), let part = file.file(of: name) else { return nil }
    guard entry.shape.count == 1, entry.shape[0] <= 1 << 16 else {
      throw TelltaleError(
        .badInput, "has shape \(entry.shape), not one factor for each frequency", at: part.place(entry))
    }
    return .array(try part.numbers(entry).map { .number($0) })
  }

  // MARK: Values

  private func key(_ name: String) -> String { "\(architecture.name).\(name)" }

  private func failure(_ message: String, _ name: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: InputLocation(file: file.url.path, item: key(name)))
  }

  private func number(_ value: Int) -> JSONValue? { .number(Double(value)) }

  /// A number, or the one number that a list by layer repeats.
  private func integer(_ name: String) throws(TelltaleError) -> Int? {
    if let one = file.metadata.integer(key(name)) { return one }
    guard let list = file.metadata.integers(key(name)), let first = list.first else { return nil }
    guard list.allSatisfy({ $0 == first }) else {
      throw failure("differs between layers, which is not supported", name)
    }
    return first
  }

  private func size(_ name: String) throws(TelltaleError) -> Int {
    guard let value = try integer(name) else {
      throw failure("is missing; give the GGUF file of a language model", name)
    }
    guard (1...1 << 24).contains(value) else {
      throw failure("is \(value), which no model has; fetch the file again", name)
    }
    return value
  }

  private func needed(_ name: String) throws(TelltaleError) -> JSONValue? { number(try size(name)) }

  private func real(_ name: String) -> JSONValue? { file.metadata.real(key(name)).map { .number($0) } }

  private func rows(of name: String) throws(TelltaleError) -> Int {
    guard let shape = file.entry(name)?.shape, shape.count == 2 else {
      throw TelltaleError(
        .badInput, "holds no matrix \(name); give the GGUF file of a language model",
        at: InputLocation(file: file.url.path))
    }
    return shape[0]
  }

  /// Members of an object, in the order in which they are set.
  private struct Keys {
    private var members: [JSONMember] = []

    subscript(key: String) -> JSONValue? {
      get { object[key] }
      set {
        members.removeAll { $0.key == UTF8Text(key) }
        if let newValue { members.append(JSONMember(key: UTF8Text(key), value: newValue)) }
      }
    }

    var object: JSONValue { .object(members) }
  }
}

/// Values that no file has a place for.
extension JSONValue {
  fileprivate static func number(_ value: Double) -> JSONValue { JSONValue(position: 0, content: .number(value)) }
  fileprivate static func bool(_ value: Bool) -> JSONValue { JSONValue(position: 0, content: .bool(value)) }
  fileprivate static func string(_ value: UTF8Text) -> JSONValue { JSONValue(position: 0, content: .string(value)) }
  fileprivate static func array(_ values: [JSONValue]) -> JSONValue { JSONValue(position: 0, content: .array(values)) }
  fileprivate static func object(_ members: [JSONMember]) -> JSONValue {
    JSONValue(position: 0, content: .object(members))
  }
}
