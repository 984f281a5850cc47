import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// How configurations are read: what a missing key means, and what is refused or warned of. What is expected is what
/// transformers 4.57.6 takes (its `configuration_*.py`).
@Suite struct FamilyConfigurationTests {
  /// The configuration that JSON states; sizes of a tiny model where it is silent.
  private func read(_ json: String, sized: Bool = true) throws -> ModelConfiguration {
    let sizes =
      #"{"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 8, "#
      + #""num_attention_heads": 8"#
    let text = sized ? sizes + (json == "{}" ? "}" : ", " + json.dropFirst()) : json
    return try ModelConfiguration(ConfigurationFile(text: Array(text.utf8), file: "config.json"))
  }

  @Test("A missing key means what it means to the family")
  func missingKeyMeans() throws {
    let mistral = try read(#"{"architectures": ["MistralForCausalLM"]}"#)
    #expect(mistral.keyValueHeadCount == 8 && mistral.windows.allSatisfy { $0 == 4096 } && !mistral.tiedEmbeddings)
    let null = try read(
      #"{"architectures": ["MistralForCausalLM"], "sliding_window": null, "num_key_value_heads": null}"#)
    #expect(null.windows.allSatisfy { $0 == nil } && null.keyValueHeadCount == 8)
    let qwen3 = try read(#"{"architectures": ["Qwen3ForCausalLM"], "num_key_value_heads": 2}"#)
    #expect(qwen3.headDimension == 128 && qwen3.queryKeyNorm == .perHead && qwen3.windows[7] == nil)
    let smol = try read(#"{"architectures": ["SmolLM3ForCausalLM"]}"#)
    #expect(smol.keyValueHeadCount == 4 && smol.tiedEmbeddings)
    #expect(smol.layers.map { $0.rope == nil } == [false, false, false, true, false, false, false, true])
    #expect(smol.layers[0].rope?.theta == 2_000_000)
    let granite = try read(#"{"architectures": ["GraniteForCausalLM"]}"#)
    #expect(granite.layers[0].scale == 1 && granite.embeddingMultiplier == nil && granite.keyValueHeadCount == 8)
  }

  @Test("Gemma's windows, caps and scale")
  func gemmaWindowsCaps() throws {
    let gemma2 = try read(#"{"architectures": ["Gemma2ForCausalLM"], "num_key_value_heads": 4}"#)
    #expect(gemma2.windows == [4096, nil, 4096, nil, 4096, nil, 4096, nil] && gemma2.tiedEmbeddings)
    #expect(gemma2.scoreCap == 50 && gemma2.logitCap == 30 && gemma2.layers[0].scale == 1.0 / 16)
    let uncapped = try read(#"{"architectures": ["Gemma2ForCausalLM"], "attn_logit_softcapping": null}"#)
    #expect(uncapped.scoreCap == nil && uncapped.logitCap == 30)
    let gemma3 = try read(#"{"model_type": "gemma3_text", "rope_scaling": {"rope_type": "linear", "factor": 8.0}}"#)
    #expect(gemma3.windows == [4096, 4096, 4096, 4096, 4096, nil, 4096, 4096])
    #expect(gemma3.layers[0].rope == .init(theta: 10_000, dimension: 256, scaling: .none))
    #expect(gemma3.layers[5].rope == .init(theta: 1_000_000, dimension: 256, scaling: .linear(factor: 8)))
  }

  @Test("The text part of a model that sees images is read from text_config")
  func textPartModel() throws {
    let model = try read(
      #"""
      {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "eos_token_id": [1, 106],
       "mm_tokens_per_image": 256, "vision_config": {"hidden_size": 1152}, "torch_dtype": "bfloat16",
       "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text",
         "num_hidden_layers": 34, "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}}
      """#, sized: false)
    #expect(model.vocabularySize == 262_208 && model.headCount == 8 && model.keyValueHeadCount == 4)
    #expect(model.hiddenSize == 2560 && model.layerCount == 34 && model.windows[4] == 1024 && model.windows[5] == nil)
    #expect(model.endTokens == [1, 106] && model.tiedEmbeddings && model.dtype == .bfloat16)
    #expect(model.warnings == [])
  }

  @Test("Rotations as transformers 5 writes them, for all layers and by kind of layer")
  func rotationsTransformers5() throws {
    let flat = try read(
      #"{"architectures": ["LlamaForCausalLM"], "rope_parameters": {"rope_type": "default", "rope_theta": 500000}}"#)
    #expect(flat.layers[0].rope == .init(theta: 500_000, dimension: 4, scaling: .none))
    let nested = try read(
      #"""
      {"architectures": ["Olmo3ForCausalLM"], "sliding_window": 16, "max_position_embeddings": 65536,
       "rope_parameters": {
        "full_attention": {"rope_type": "yarn", "factor": 8.0, "rope_theta": 500000, "attention_factor": 1.2,
          "original_max_position_embeddings": 8192},
        "sliding_attention": {"rope_type": "default", "rope_theta": 500000}}}
      """#)
    #expect(nested.windows == [16, 16, 16, nil, 16, 16, 16, nil])
    #expect(nested.layers[0].rope == .init(theta: 500_000, dimension: 4, scaling: .none))
    let yarn = RotaryEmbedding.Yarn(factor: 8, trained: 8192, attention: 1.2)
    #expect(nested.layers[3].rope == .init(theta: 500_000, dimension: 4, scaling: .yarn(yarn)))
    #expect(nested.warnings == [])
    let neox = try read(
      #"{"architectures": ["GPTNeoXForCausalLM"], "rope_parameters": {"rope_theta": 10000, "partial_rotary_factor": 0.5}}"#
    )
    #expect(neox.layers[0].rope == .init(theta: 10_000, dimension: 2, scaling: .none))
  }

  @Test("OLMo 3 scales the rotation of full layers alone, and yarn's growth follows from its factor")
  func olmo3Scales() throws {
    let model = try read(
      #"""
      {"architectures": ["Olmo3ForCausalLM"], "rope_theta": 500000, "rope_scaling": {"rope_type": "yarn", "factor": 8.0,
       "original_max_position_embeddings": 8192, "beta_fast": 32, "beta_slow": 1}}
      """#)
    #expect(model.layers[0].rope?.scaling == RotaryEmbedding.Scaling.none)
    guard case .yarn(let yarn)? = model.layers[3].rope?.scaling else { throw TelltaleError(.failed, "no yarn") }
    #expect(abs(yarn.attention - (0.1 * log(8) + 1)) < 1e-12 && yarn.truncates && yarn.trained == 8192)
  }

  @Test("Phi's longrope under its old name, with the growth of the published ratio")
  func phiLongropeUnder() throws {
    let model = try read(
      #"""
      {"architectures": ["Phi3ForCausalLM"], "max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
       "rope_scaling": {"type": "su", "short_factor": [1.0, 1.5], "long_factor": [2.0, 3.0]}, "sliding_window": 2047}
      """#)
    guard case .longrope(let rope)? = model.layers[0].rope?.scaling else { throw TelltaleError(.failed, "no longrope") }
    #expect(rope.long == [2, 3] && rope.trained == 4096 && model.lengthSwitch == 4096 && model.windows[0] == 2047)
    #expect(abs(rope.attention - (1 + log(32.0) / log(4096.0)).squareRoot()) < 1e-12)
  }

  @Test("A scaling of two kinds at once is refused by its key")
  func scalingTwoKinds() throws {
    let error = #expect(throws: TelltaleError.self) {
      try read(
        #"{"architectures": ["LlamaForCausalLM"], "rope_scaling": {"rope_type": "linear", "type": "dynamic", "factor": 2}}"#
      )
    }
    #expect(error?.description.contains(#"is "linear" by rope_type and "dynamic" by type"#) == true)
  }

  @Test("Gpt-oss without a scaling has the published one, and with null none")
  func gptOssWithout() throws {
    let published = try read(#"{"architectures": ["GptOssForCausalLM"], "swiglu_limit": 7.0}"#)
    guard case .yarn(let yarn)? = published.layers[0].rope?.scaling else { throw TelltaleError(.failed, "no yarn") }
    #expect(yarn.factor == 32 && !yarn.truncates && abs(yarn.attention - (0.1 * log(32) + 1)) < 1e-12)
    #expect(published.windows.prefix(2) == [128, nil] && published.experts?.count == 128 && published.warnings == [])
    let plain = try read(#"{"architectures": ["GptOssForCausalLM"], "rope_scaling": null}"#)
    #expect(plain.layers[0].rope?.scaling == RotaryEmbedding.Scaling.none)
  }

  @Test("GPT-2's own keys")
  func gpt2Own() throws {
    let small = try read(#"{"architectures": ["GPT2LMHeadModel"], "n_inner": null}"#, sized: false)
    #expect(small.hiddenSize == 768 && small.intermediateSize == 3072 && small.learnedPositions == 1024)
    #expect(small.tiedEmbeddings && small.layers[0].scale == 0.125 && small.layers[0].rope == nil)
    let byLayer = try read(
      #"{"architectures": ["GPT2LMHeadModel"], "scale_attn_by_inverse_layer_idx": true}"#, sized: false)
    #expect(byLayer.layers[3].scale == 0.125 / 4)
  }

  @Test("Layers with experts are those that the configuration says")
  func layersExpertsThose() throws {
    let model = try read(
      #"""
      {"architectures": ["Qwen3MoeForCausalLM"], "decoder_sparse_step": 2, "mlp_only_layers": [3], "num_experts": 4,
       "num_experts_per_tok": 2}
      """#)
    #expect(model.layers.map(\.hasExperts) == [false, true, false, false, false, true, false, true])
    #expect(model.experts?.routing == .softmaxThenTop && model.keyValueHeadCount == 4)
  }

  @Test("A key that nobody knows is warned of, and one without meaning is not")
  func keyNobodyKnows() throws {
    let model = try read(
      #"{"architectures": ["LlamaForCausalLM"], "attention_dropout": 0.1, "new_trick": 3, "nothing": null}"#)
    #expect(model.warnings.count == 1 && model.warnings[0].contains("\"new_trick\""))
    let scaled = try read(
      #"{"architectures": ["LlamaForCausalLM"], "rope_scaling": {"rope_type": "linear", "factor": 2, "trick": 1}}"#)
    #expect(scaled.warnings.count == 1 && scaled.warnings[0].contains("rope_scaling.trick"))
  }

  @Test(
    "What would be computed otherwise is refused by its key",
    arguments: [
      (
        #"{"architectures": ["Gemma3ForCausalLM"], "use_bidirectional_attention": true}"#, "use_bidirectional_attention"
      ),
      (#"{"architectures": ["Phi3ForCausalLM"], "lm_head_bias": true}"#, "lm_head_bias"),
      (#"{"architectures": ["GptOssForCausalLM"], "swiglu_limit": 5}"#, "swiglu_limit"),
      (#"{"architectures": ["MistralForCausalLM"], "attention_bias": true}"#, "attention_bias"),
      (
        #"{"architectures": ["Qwen3MoeForCausalLM"], "num_experts": 4, "num_experts_per_tok": 8}"#,
        "num_experts_per_tok"
      ),
      (#"{"architectures": ["SmolLM3ForCausalLM"], "no_rope_layers": [1]}"#, "no_rope_layers"),
      (#"{"architectures": ["Gemma2ForCausalLM"], "layer_types": ["chunked_attention"]}"#, "layer_types"),
      (#"{"architectures": ["Olmo2ForCausalLM"], "partial_rotary_factor": 0.5}"#, "partial_rotary_factor"),
      (#"{"architectures": ["Phi3ForCausalLM"], "rope_scaling": {"type": "longrope"}}"#, "short_factor"),
      (#"{"architectures": ["LlamaForCausalLM"], "quantization_config": {"bits": 4}}"#, "quantization_config"),
    ])
  func whatWouldComputed(json: String, key: String) throws {
    let error = try refusal { try read(json) }
    #expect(error.description.contains(key), "\(error)")
  }
}
