import Foundations

/// GPT-2 (Radford et al. 2019): positions are learned, matrices stored [in, out], layer norms, biases everywhere.
package enum GPT2Family: ModelFamily {
  package static let name = "GPT-2"
  package static let architectures = ["GPT2LMHeadModel"]
  package static let modelTypes = ["gpt2"]
  package static let prefixes = ["transformer.", ""]
  package static let takesAdapters = false
  package static let harmlessKeys: Set<String> = [
    "n_ctx", "reorder_and_upcast_attn", "summary_type", "summary_use_proj", "summary_activation",
    "summary_proj_to_labels", "summary_first_dropout",
  ]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    let hidden = try file.size("n_embd", standard: 768)
    let heads = try file.size("n_head", standard: 12, largest: 65536)
    guard hidden % heads == 0 else {
      throw file.refuse("n_head", "does not divide the hidden size \(hidden); fetch the file again")
    }
    let isScaled = try file.flag("scale_attn_weights") ?? true
    let byLayer = try file.flag("scale_attn_by_inverse_layer_idx") ?? false
    let scale = isScaled ? 1 / Double(hidden / heads).squareRoot() : 1
    var model = ModelConfiguration(
      family: name, vocabularySize: try file.size("vocab_size", standard: 50257), hiddenSize: hidden,
      intermediateSize: try file.size("n_inner", standard: 4 * hidden), headCount: heads, keyValueHeadCount: heads,
      headDimension: hidden / heads, normEpsilon: try file.epsilon("layer_norm_epsilon", standard: 1e-5),
      layers: (0..<(try file.size("n_layer", standard: 12, largest: 4096))).map {
        LayerDesign(window: nil, rope: nil, scale: byLayer ? scale / Double($0 + 1) : scale)
      })
    model.activation = try file.activation("activation_function", standard: "gelu_new")
    (model.norm, model.isGated) = (.layer, false)
    (model.queryKeyValueBias, model.outputBias, model.mlpBias) = (true, true, true)
    model.learnedPositions = try file.size("n_positions", standard: 1024)
    try file.require("add_cross_attention", false, "and Telltale's models have no encoder")
    try model.readGeneral(file, tied: true)
    return model
  }

  private static let outside = [
    "embed_tokens": "transformer.wte", "embed_positions": "transformer.wpe", "norm": "transformer.ln_f",
    "lm_head": "lm_head",
  ]
  private static let modules = [
    "input_layernorm": "ln_1", "post_attention_layernorm": "ln_2", "self_attn.o_proj": "attn.c_proj",
    "mlp.up_proj": "mlp.c_fc", "mlp.down_proj": "mlp.c_proj",
  ]
  private static let fused = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]

  package static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace {
    guard let layer = name.layer else { return WeightPlace("\(outside[name.module] ?? name.module).\(name.part)") }
    let block = "transformer.h.\(layer)"
    let isMatrix = name.part == .weight && name.module.hasSuffix("_proj")
    let layout: [WeightPlace.Step] = isMatrix ? [.transposed] : []
    guard let part = fused.firstIndex(of: name.module) else {
      return WeightPlace("\(block).\(modules[name.module] ?? name.module).\(name.part)", layout)
    }
    let hidden = model.hiddenSize
    let rows = WeightPlace.Step.rows(part * hidden..<(part + 1) * hidden, of: 3 * hidden)
    return WeightPlace("\(block).attn.c_attn.\(name.part)", layout + [rows])
  }
}
