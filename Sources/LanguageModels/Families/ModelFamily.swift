import Foundations
import Torch

/// A family of models as data: how its configuration is read, and where each weight lies in its files. The forward pass
/// is one for all (`LanguageModel`).
package protocol ModelFamily: Sendable {
  /// How people call it.
  static var name: String { get }
  /// Its names under `architectures` in config.json.
  static var architectures: [String] { get }
  /// Its names under `model_type`.
  static var modelTypes: [String] { get }
  /// Keys of config.json that do not change the pass, in addition to those that no family's pass depends on.
  static var harmlessKeys: Set<String> { get }
  /// What the names of its tensors may begin with in files of different makers; the first is the one that `place` uses.
  static var prefixes: [String] { get }
  /// Whether its projections have the names that LoRA adapters of PEFT use here.
  static var takesAdapters: Bool { get }

  static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration

  /// Where a weight lies in the files of a model.
  static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace
}

extension ModelFamily {
  package static var harmlessKeys: Set<String> { [] }
  package static var prefixes: [String] { ["model."] }
  package static var takesAdapters: Bool { true }

  package static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace { WeightPlace("\(name)") }
}

/// All families that there are.
package enum ModelFamilies {
  static let all: [any ModelFamily.Type] = [
    LlamaFamily.self, MistralFamily.self, Qwen2Family.self, Qwen3Family.self, Qwen3MoEFamily.self, Gemma2Family.self,
    Gemma3Family.self, OLMo2Family.self, OLMo3Family.self, Phi3Family.self, GPTNeoXFamily.self, GPT2Family.self,
    MixtralFamily.self, GPTOSSFamily.self, SmolLM3Family.self, GraniteFamily.self,
  ]

  static func named(_ name: String) -> (any ModelFamily.Type)? { all.first { $0.name == name } }

  /// What `architectures` may name.
  package static var architectures: [String] { all.flatMap { $0.architectures } }

  /// The family that a configuration names by `architectures`, or by `model_type` where that is missing.
  static func family(of file: ConfigurationFile) throws(TelltaleError) -> any ModelFamily.Type {
    let type = try file.text("model_type")
    guard let name = try file.texts("architectures")?.first else {
      if let type, let known = all.first(where: { $0.modelTypes.contains(type) }) { return known }
      throw file.refuse(
        "architectures",
        "is missing\(type.map { ", and model_type \"\(SafeText.quoted($0))\" is not known" } ?? ""); Telltale needs one of "
          + architectures.joined(separator: ", "))
    }
    guard let known = all.first(where: { $0.architectures.contains(name) }) else {
      throw file.refuse(
        "architectures",
        "\(SafeText.quoted(name)) is not supported; Telltale runs \(architectures.joined(separator: ", "))")
    }
    return known
  }

  /// Keys that no family's pass depends on: provenance, training, generation, tokens.
  static let harmlessKeys: Set<String> = [
    "architectures", "model_type", "transformers_version", "_name_or_path", "torch_dtype", "dtype", "use_cache",
    "initializer_range", "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id",
    "attention_dropout", "attn_pdrop", "resid_pdrop", "embd_pdrop", "hidden_dropout", "classifier_dropout",
    "output_router_logits", "router_aux_loss_coef", "router_jitter_noise", "id2label", "label2id",
    "task_specific_params", "auto_map", "cache_implementation", "unsloth_version", "unsloth_fixed", "pretraining_tp",
    "max_position_embeddings", "_attn_implementation", "_attn_implementation_autoset", "attn_implementation",
    "_commit_hash", "output_attentions", "output_hidden_states", "return_dict", "problem_type", "is_decoder",
    "is_encoder_decoder", "pipeline_tag", "tokenizer_class", "prefix", "finetuning_task", "chunk_size_feed_forward",
    "gradient_checkpointing", "neuron", "add_bos_token", "attn_logits_soft_cap_unused",
  ]

  /// What holds for every family.
  static func check(_ model: ModelConfiguration, _ file: ConfigurationFile) throws(TelltaleError) {
    guard model.headCount % model.keyValueHeadCount == 0 else {
      throw file.refuse(
        "num_key_value_heads", "does not divide the \(model.headCount) attention heads; fetch the file again")
    }
    if model.headDimension % 2 != 0, model.layers.contains(where: { $0.rope != nil }) {
      throw file.refuse("head_dim", "is odd, which rotary embeddings cannot have")
    }
    if let experts = model.experts, experts.perToken > experts.count {
      throw file.refuse("num_experts_per_tok", "is more than the \(experts.count) experts; fetch the file again")
    }
  }
}
