import Foundations

/// Gemma 2 (Gemma team 2024): norms before and after, scores and logits capped, every other layer sees a window.
package enum Gemma2Family: ModelFamily {
  package static let name = "Gemma-2"
  package static let architectures = ["Gemma2ForCausalLM"]
  package static let modelTypes = ["gemma2"]
  package static let harmlessKeys: Set<String> = ["hidden_act"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 4, headDimension: 256, rope: RopeDefaults(positions: 8192), isTied: true,
        activation: ("hidden_activation", "gelu_pytorch_tanh"),
        sizes: ShapeDefaults.sizes(256_000, hidden: 2304, inner: 9216, layers: 26, heads: 8)))
    try model.readGemma(file)
    model.scoreCap = try file.cap("attn_logit_softcapping", standard: 50)
    model.logitCap = try file.cap("final_logit_softcapping", standard: 30)
    try model.setWindows(file.window(standard: 4096), file) { $0 % 2 == 0 }
    return model
  }
}

extension ModelConfiguration {
  /// What Gemma 2 and 3 have in common.
  mutating func readGemma(_ file: ConfigurationFile) throws(TelltaleError) {
    (norm, placement) = (.rmsOffset, .sandwich)
    embeddingMultiplier = Double(hiddenSize).squareRoot()
    roundsEmbeddingMultiplier = true
    try readAttentionBias(file)
    let scale = 1 / (try file.positive("query_pre_attn_scalar") ?? 256).squareRoot()
    for index in layers.indices { layers[index].scale = scale }
    try file.require("use_bidirectional_attention", false, "and Telltale's attention is causal")
  }
}

extension ConfigurationFile {
  /// A positive number that scores or logits are capped at; none where the key is null.
  func cap(_ key: String, standard: Double?) throws(TelltaleError) -> Double? {
    try positive(key) ?? (states(key) ? nil : standard)
  }
}
