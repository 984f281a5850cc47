import Foundations

/// Phi-3 and Phi-4 (Abdin et al. 2024): fused projections, rotation of a share of the dimensions, longrope.
package enum Phi3Family: ModelFamily {
  package static let name = "Phi-3"
  package static let architectures = ["Phi3ForCausalLM"]
  package static let modelTypes = ["phi3"]
  package static let takesAdapters = false
  package static let harmlessKeys: Set<String> = ["original_max_position_embeddings"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        epsilon: 1e-5,
        rope: RopeDefaults(
          positions: 4096, takesShare: true, trained: 4096, renamed: ["su": "longrope", "yarn": "longrope"]),
        sizes: ShapeDefaults.sizes(32_064, hidden: 3072, inner: 8192, layers: 32, heads: 32)))
    try model.setOneWindow(file.window(), file)
    for key in ["attention_bias", "mlp_bias", "lm_head_bias"] {
      try file.require(key, false, "and Phi-3 has no biases")
    }
    try file.require("full_attn_mod", 1, "only 1 is supported")
    try file.require("interpolate_factor", 1, "only 1 is supported")
    return model
  }

  package static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace {
    guard let layer = name.layer else { return WeightPlace("\(name)") }
    let wide = model.headCount * model.headDimension
    let narrow = model.keyValueHeadCount * model.headDimension
    let (all, inner) = (wide + 2 * narrow, model.intermediateSize)
    func part(_ module: String, _ range: Range<Int>, of total: Int) -> WeightPlace {
      WeightPlace("model.layers.\(layer).\(module).\(name.part)", [.rows(range, of: total)])
    }
    switch name.module {
    case "self_attn.q_proj": return part("self_attn.qkv_proj", 0..<wide, of: all)
    case "self_attn.k_proj": return part("self_attn.qkv_proj", wide..<wide + narrow, of: all)
    case "self_attn.v_proj": return part("self_attn.qkv_proj", wide + narrow..<all, of: all)
    case "mlp.gate_proj": return part("mlp.gate_up_proj", 0..<inner, of: 2 * inner)
    case "mlp.up_proj": return part("mlp.gate_up_proj", inner..<2 * inner, of: 2 * inner)
    default: return WeightPlace("\(name)")
    }
  }
}
