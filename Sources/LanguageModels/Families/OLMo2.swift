import Foundations

/// OLMo 2 (OLMo team 2024): norms after attention and network only, queries and keys normalised as a whole.
package enum OLMo2Family: ModelFamily {
  package static let name = "OLMo-2"
  package static let architectures = ["Olmo2ForCausalLM"]
  package static let modelTypes = ["olmo2"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        epsilon: 1e-5, sizes: ShapeDefaults.sizes(50_304, hidden: 4096, inner: 11008, layers: 32, heads: 32)))
    try model.readOLMo(file)
    try file.requireFullAttention(count: model.layerCount)
    return model
  }
}

extension ModelConfiguration {
  /// What OLMo 2 and 3 have in common.
  mutating func readOLMo(_ file: ConfigurationFile) throws(TelltaleError) {
    (norm, placement, queryKeyNorm) = (.rmsRoundedOnce, .after, .flat)
    rotatesInFloat32 = true
    try readAttentionBias(file)
    try file.require("clip_qkv", 0, "and OLMo 2 and 3 clip nothing")
  }
}
