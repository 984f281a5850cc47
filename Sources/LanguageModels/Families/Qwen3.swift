import Foundations

/// Qwen3, dense (Qwen team 2025): queries and keys normalised per head, a head width that is stated separately.
package enum Qwen3Family: ModelFamily {
  package static let name = "Qwen3"
  package static let architectures = ["Qwen3ForCausalLM"]
  package static let modelTypes = ["qwen3"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 32, headDimension: 128, rope: RopeDefaults(positions: 32768),
        sizes: ShapeDefaults.sizes(151_936, hidden: 4096, inner: 22016, layers: 32, heads: 32)))
    model.queryKeyNorm = .perHead
    try model.readAttentionBias(file)
    try model.readLateWindows(file)
    return model
  }
}
