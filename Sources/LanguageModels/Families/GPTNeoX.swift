import Foundations

/// GPT-NeoX and Pythia (Black et al. 2022; Biderman et al. 2023): attention and network read the same stream, layer norms,
/// biases, rotation of a share of the dimensions.
package enum GPTNeoXFamily: ModelFamily {
  package static let name = "GPT-NeoX"
  package static let architectures = ["GPTNeoXForCausalLM"]
  package static let modelTypes = ["gpt_neox"]
  package static let prefixes = ["gpt_neox.", ""]
  package static let takesAdapters = false
  package static let harmlessKeys: Set<String> = ["rope_theta", "partial_rotary_factor"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        rope: RopeDefaults(
          thetaKey: file.states("rotary_emb_base") ? "rotary_emb_base" : "rope_theta",
          shareKey: file.states("rotary_pct") ? "rotary_pct" : "partial_rotary_factor", share: 0.25, takesShare: true),
        activation: ("hidden_act", "gelu"),
        sizes: ShapeDefaults.sizes(50_432, hidden: 6144, inner: 24576, layers: 44, heads: 64)))
    (model.norm, model.isGated) = (.layer, false)
    model.normEpsilon = try file.epsilon("layer_norm_eps", standard: 1e-5)
    model.placement = try file.flag("use_parallel_residual") ?? true ? .parallel : .before
    let biased = try file.flag("attention_bias") ?? true
    (model.queryKeyValueBias, model.outputBias, model.mlpBias) = (biased, biased, true)
    return model
  }

  private static let modules = [
    "self_attn.o_proj": "attention.dense", "mlp.up_proj": "mlp.dense_h_to_4h", "mlp.down_proj": "mlp.dense_4h_to_h",
  ]

  /// Queries, keys and values of a head lie one after the other, then those of the next head.
  private static let fused = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]

  package static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace {
    guard let layer = name.layer else {
      switch name.module {
      case "lm_head": return WeightPlace("embed_out.\(name.part)")
      case "norm": return WeightPlace("gpt_neox.final_layer_norm.\(name.part)")
      default: return WeightPlace("gpt_neox.embed_in.\(name.part)")
      }
    }
    let block = "gpt_neox.layers.\(layer)"
    guard let part = fused.firstIndex(of: name.module) else {
      return WeightPlace("\(block).\(modules[name.module] ?? name.module).\(name.part)")
    }
    return WeightPlace(
      "\(block).attention.query_key_value.\(name.part)", [.interleaved(part: part, of: 3, block: model.headDimension)])
  }
}
