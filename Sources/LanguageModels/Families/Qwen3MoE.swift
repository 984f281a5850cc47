import Foundations

/// Qwen3 with experts (Qwen team 2025): attention as Qwen3's; some layers may stay dense.
package enum Qwen3MoEFamily: ModelFamily {
  package static let name = "Qwen3-MoE"
  package static let architectures = ["Qwen3MoeForCausalLM"]
  package static let modelTypes = ["qwen3_moe"]
  package static let harmlessKeys: Set<String> = ["max_window_layers"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 4, rope: RopeDefaults(positions: 32768),
        sizes: ShapeDefaults.sizes(151_936, hidden: 2048, inner: 6144, layers: 24, heads: 32)))
    model.queryKeyNorm = .perHead
    try model.readAttentionBias(file)
    let window = try file.window(standard: 4096)
    try model.setOneWindow(file.flag("use_sliding_window") ?? false ? window : nil, file)
    model.experts = ExpertDesign(
      count: try file.size("num_experts", standard: 128, largest: 65536),
      perToken: try file.size("num_experts_per_tok", standard: 8, largest: 65536),
      intermediateSize: try file.size("moe_intermediate_size", standard: 768),
      routing: try file.flag("norm_topk_prob") ?? false ? .renormalised : .softmaxThenTop)
    let dense = Set(try file.integers("mlp_only_layers") ?? [])
    let step = try file.size("decoder_sparse_step", standard: 1)
    for index in model.layers.indices where !dense.contains(index) && (index + 1) % step == 0 {
      model.layers[index].hasExperts = true
    }
    return model
  }

  package static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace {
    guard name.module == "mlp.router", let layer = name.layer else { return WeightPlace("\(name)") }
    return WeightPlace("model.layers.\(layer).mlp.gate.\(name.part)")
  }
}
