import Foundations

/// The text part of Gemma 3 (Gemma team 2025), by itself or inside a model that also sees images: five layers with a window
/// and their own rotation to one without, queries and keys normalised, no caps.
package enum Gemma3Family: ModelFamily {
  package static let name = "Gemma-3"
  package static let architectures = ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"]
  package static let modelTypes = ["gemma3_text", "gemma3"]
  package static let harmlessKeys: Set<String> = [
    "hidden_act", "_sliding_window_pattern", "vision_config", "mm_tokens_per_image", "boi_token_index",
    "eoi_token_index", "image_token_index", "boi_token_id", "eoi_token_id", "image_token_id", "video_token_id",
  ]
  package static let prefixes = ["model.", "language_model.model.", "model.language_model.", "language_model."]

  /// A published configuration inside of a larger one leaves out what is as in the smallest model.
  private static let sizes = [
    "vocab_size": 262_208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
    "num_attention_heads": 8,
  ]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    guard let text = try file.object("text_config") else { return try design(text: file) }
    text.ignore(ModelFamilies.harmlessKeys.union(harmlessKeys))
    var model = try design(text: text)
    let (own, whole) = (try text.flag("tie_word_embeddings"), try file.flag("tie_word_embeddings"))
    model.tiedEmbeddings = own ?? whole ?? true
    model.endTokens = try file.oneOrMany("eos_token_id") ?? model.endTokens
    let dtype = try file.dtype()
    model.dtype = model.dtype ?? dtype
    return model
  }

  private static func design(text file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    let full = RopeDefaults(theta: 1_000_000, positions: 131_072)
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 4, headDimension: 256, rope: full, isTied: true,
        activation: ("hidden_activation", "gelu_pytorch_tanh"), sizes: sizes))
    try model.readGemma(file)
    model.queryKeyNorm = .perHead
    model.scoreCap = try file.cap("attn_logit_softcapping", standard: nil)
    model.logitCap = try file.cap("final_logit_softcapping", standard: nil)
    guard model.scoreCap == nil else {
      throw file.refuse("attn_logit_softcapping", "is set, and Gemma 3's attention does not look at it; remove it")
    }
    let pattern = try file.size("sliding_window_pattern", standard: 6)
    let window = try file.window(standard: 4096)
    try model.setWindows(window, file) { ($0 + 1) % pattern != 0 }
    let local = try file.rope(
      headDimension: model.headDimension, RopeDefaults(thetaKey: "rope_local_base_freq"), for: .sliding, scaled: false)
    for index in model.layers.indices where model.layers[index].window != nil { model.layers[index].rope = local }
    return model
  }
}
