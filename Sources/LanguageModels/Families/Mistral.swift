import Foundations

/// Mistral 7B and its kin (Jiang et al. 2023): Llama with a window over all layers.
package enum MistralFamily: ModelFamily {
  package static let name = "Mistral"
  package static let architectures = ["MistralForCausalLM"]
  package static let modelTypes = ["mistral"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file, ShapeDefaults(keyValueHeads: 8, rope: RopeDefaults(positions: 131_072)))
    let isSwitchedOn = try file.flag("use_sliding_window") ?? true
    try model.setWindows(isSwitchedOn ? file.window(standard: 4096) : nil, file) { _ in true }
    try file.require("attention_bias", false, "and Mistral's attention has no biases")
    return model
  }
}
