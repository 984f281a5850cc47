import Foundations
import Torch

/// How llama.cpp names and lays out the tensors of one architecture, and which published family that is: the inverse of
/// its conversion script.
struct GGUFArchitecture: Sendable {
  /// What conversion does to a tensor other than naming it.
  enum Change: Sendable, Equatable {
    /// The rows of queries and keys, from halves of a head's dimensions to pairs.
    case pairedRows
    /// 1 + weight, as Gemma's norms are applied.
    case offset
    /// [in, out] to [out, in].
    case transposed
    /// Queries, keys and values, from taking turns head by head to thirds.
    case thirds
  }

  /// `general.architecture`.
  var name: String
  /// What config.json calls it under `architectures`.
  var transformers: String
  /// Where the blocks' tensors are in the published files: the part before the number.
  var blocks = "model.layers."
  /// Tensors outside of the blocks, from llama.cpp's names to the published ones.
  var outside = ["token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"]
  /// Tensors of a block likewise.
  var inside = Self.llama
  /// Of stacked experts, what the published name is with the number of the expert for #.
  var experts: [String: String] = [:]
  var changes: [String: Change] = [:]
  /// Whether `changes` apply to biases too.
  var changesBiases = false

  static let llama = [
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm", "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
  ]

  /// The architecture of a file; Mixtral's is that of Llama with experts, OLMo 3's that of OLMo 2 with windows.
  init?(_ name: String, hasExperts: Bool, hasWindows: Bool) {
    let variant = name == "llama" && hasExperts ? "mixtral" : name == "olmo2" && hasWindows ? "olmo3" : name
    guard let known = Self.all[variant] else { return nil }
    self = known
    self.name = name
  }

  private init(_ transformers: String) {
    name = ""
    self.transformers = transformers
  }

  static var names: [String] { all.keys.filter { $0 != "mixtral" && $0 != "olmo3" }.sorted() }

  private static let all: [String: GGUFArchitecture] = [
    "llama": paired("LlamaForCausalLM"), "smollm3": paired("SmolLM3ForCausalLM"),
    "granite": paired("GraniteForCausalLM"),
    "mixtral": mixtral, "qwen2": GGUFArchitecture("Qwen2ForCausalLM"), "qwen3": GGUFArchitecture("Qwen3ForCausalLM"),
    "qwen3moe": qwen3MoE, "gemma2": gemma("Gemma2ForCausalLM"), "gemma3": gemma("Gemma3ForCausalLM"),
    "olmo2": olmo("Olmo2ForCausalLM"), "olmo3": olmo("Olmo3ForCausalLM"), "phi3": phi3, "gpt2": gpt2,
    "gptneox": gptNeoX,
  ]

  private static func paired(_ transformers: String) -> GGUFArchitecture {
    var made = GGUFArchitecture(transformers)
    made.changes = ["attn_q": .pairedRows, "attn_k": .pairedRows]
    made.changesBiases = true
    return made
  }

  private static var mixtral: GGUFArchitecture {
    var made = paired("MixtralForCausalLM")
    made.inside["ffn_gate_inp"] = "block_sparse_moe.gate"
    for (kind, name) in [("gate", "w1"), ("up", "w3"), ("down", "w2")] {
      made.experts["ffn_\(kind)_exps"] = "block_sparse_moe.experts.#.\(name)"
    }
    return made
  }

  private static var qwen3MoE: GGUFArchitecture {
    var made = GGUFArchitecture("Qwen3MoeForCausalLM")
    made.inside["ffn_gate_inp"] = "mlp.gate"
    for kind in ["gate", "up", "down"] { made.experts["ffn_\(kind)_exps"] = "mlp.experts.#.\(kind)_proj" }
    return made
  }

  private static func sandwich(_ transformers: String) -> GGUFArchitecture {
    var made = GGUFArchitecture(transformers)
    made.inside["post_attention_norm"] = "post_attention_layernorm"
    made.inside["post_ffw_norm"] = "post_feedforward_layernorm"
    return made
  }

  private static func gemma(_ transformers: String) -> GGUFArchitecture {
    var made = sandwich(transformers)
    made.inside["ffn_norm"] = "pre_feedforward_layernorm"
    for name in Array(made.outside.keys) + Array(made.inside.keys) where name.hasSuffix("_norm") {
      made.changes[name] = .offset
    }
    return made
  }

  private static func olmo(_ transformers: String) -> GGUFArchitecture {
    var made = sandwich(transformers)
    made.inside["ffn_norm"] = nil
    return made
  }

  private static var phi3: GGUFArchitecture {
    var made = GGUFArchitecture("Phi3ForCausalLM")
    made.inside["attn_qkv"] = "self_attn.qkv_proj"
    made.inside["ffn_up"] = "mlp.gate_up_proj"
    return made
  }

  private static var gpt2: GGUFArchitecture {
    var made = GGUFArchitecture("GPT2LMHeadModel")
    made.blocks = "transformer.h."
    made.outside = [
      "token_embd": "transformer.wte", "position_embd": "transformer.wpe", "output_norm": "transformer.ln_f",
    ]
    made.inside = [
      "attn_norm": "ln_1", "ffn_norm": "ln_2", "attn_qkv": "attn.c_attn", "attn_output": "attn.c_proj",
      "ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj",
    ]
    for name in ["attn_qkv", "attn_output", "ffn_up", "ffn_down"] { made.changes[name] = .transposed }
    return made
  }

  private static var gptNeoX: GGUFArchitecture {
    var made = GGUFArchitecture("GPTNeoXForCausalLM")
    made.blocks = "gpt_neox.layers."
    made.outside = [
      "token_embd": "gpt_neox.embed_in", "output_norm": "gpt_neox.final_layer_norm", "output": "embed_out",
    ]
    made.inside = [
      "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_qkv": "attention.query_key_value",
      "attn_output": "attention.dense", "ffn_up": "mlp.dense_h_to_4h", "ffn_down": "mlp.dense_4h_to_h",
    ]
    made.changes = ["attn_qkv": .thirds]
    made.changesBiases = true
    return made
  }
}
