import Foundations

/// Granite 3 (IBM 2024): Llama with four multipliers.
package enum GraniteFamily: ModelFamily {
  package static let name = "Granite"
  package static let architectures = ["GraniteForCausalLM"]
  package static let modelTypes = ["granite"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file, ShapeDefaults(sizes: ShapeDefaults.sizes(32_000, hidden: 4096, inner: 11008, layers: 32, heads: 32))
    )
    try model.readAttentionBias(file)
    model.mlpBias = try file.flag("mlp_bias") ?? false
    model.embeddingMultiplier = try file.number("embedding_multiplier")
    model.residualMultiplier = try file.number("residual_multiplier")
    model.logitDivisor = try file.positive("logits_scaling")
    let scale = try file.positive("attention_multiplier") ?? 1
    for index in model.layers.indices { model.layers[index].scale = scale }
    return model
  }
}
