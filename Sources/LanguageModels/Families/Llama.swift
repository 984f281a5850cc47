import Foundations

/// LLaMA 1, 2 and 3 (Touvron et al. 2023; Llama team 2024), and the many models that take its code.
package enum LlamaFamily: ModelFamily {
  package static let name = "Llama"
  package static let architectures = ["LlamaForCausalLM"]
  package static let modelTypes = ["llama"]
  package static let harmlessKeys: Set<String> = ["sliding_window", "use_sliding_window", "max_window_layers"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file, ShapeDefaults(sizes: ShapeDefaults.sizes(32_000, hidden: 4096, inner: 11008, layers: 32, heads: 32))
    )
    try model.readAttentionBias(file)
    model.mlpBias = try file.flag("mlp_bias") ?? false
    try file.require("rope_interleaved", false, "and Telltale rotates halves; convert the weights")
    try file.requireFullAttention(count: model.layerCount)
    return model
  }
}
