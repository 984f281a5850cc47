import Foundations

/// SmolLM3 (Hugging Face 2025): Llama with some layers that rotate nothing.
package enum SmolLM3Family: ModelFamily {
  package static let name = "SmolLM3"
  package static let architectures = ["SmolLM3ForCausalLM"]
  package static let modelTypes = ["smollm3"]
  package static let harmlessKeys: Set<String> = ["max_window_layers"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 4, rope: RopeDefaults(theta: 2_000_000, positions: 32768), isTied: true,
        sizes: ShapeDefaults.sizes(128_256, hidden: 2048, inner: 11008, layers: 36, heads: 16)))
    try model.readAttentionBias(file)
    model.mlpBias = try file.flag("mlp_bias") ?? false
    let interval = try file.size("no_rope_layer_interval", standard: 4)
    let rotates = try file.integers("no_rope_layers") ?? model.layers.indices.map { ($0 + 1) % interval == 0 ? 0 : 1 }
    guard rotates.count >= model.layerCount else {
      throw file.refuse("no_rope_layers", "names \(rotates.count) of \(model.layerCount) layers")
    }
    let window = try file.flag("use_sliding_window") ?? false ? file.window() : nil
    try model.setWindows(window, file) { rotates[$0] == 0 }
    for index in model.layers.indices where rotates[index] == 0 { model.layers[index].rope = nil }
    return model
  }
}
