import Foundations

/// Mistral 7B and its kin (Jiang et al. 2023): Llama with a window over all layers.
package enum MistralFamily: ModelFamily {
  package static let name = "Mistral"
  package static let architectures = ["MistralForCausalLM"]
  package static let modelTypes = ["mistral"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 8, rope: RopeDefaults(positions: 131_072),
        sizes: ShapeDefaults.sizes(32_000, hidden: 4096, inner: 14336, layers: 32, heads: 32)))
    // There is no switch: transformers does not look at use_sliding_window.
    try model.setWindows(file.window(standard: 4096), file) { _ in true }
    try file.require("attention_bias", false, "and Mistral's attention has no biases")
    return model
  }
}
