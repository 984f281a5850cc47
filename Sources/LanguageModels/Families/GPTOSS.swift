import Foundations

/// gpt-oss (OpenAI 2025): sinks, windows on every other layer, yarn, experts with biases and their own gate.
package enum GPTOSSFamily: ModelFamily {
  package static let name = "gpt-oss"
  package static let architectures = ["GptOssForCausalLM"]
  package static let modelTypes = ["gpt_oss"]
  package static let harmlessKeys: Set<String> = [
    "attention_bias", "hidden_act", "experts_per_token", "initial_context_length",
  ]

  /// The scaling of a configuration that states none.
  private static let published = RotaryEmbedding.Yarn(
    factor: 32, trained: 4096, truncates: false, attention: 1.346_573_590_279_972_7)

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 8, headDimension: 64, epsilon: 1e-5, rope: RopeDefaults(theta: 150_000, positions: 131_072),
        sizes: ShapeDefaults.sizes(201_088, hidden: 2880, inner: 2880, layers: 36, heads: 64)))
    (model.norm, model.activation, model.hasSinks) = (.rmsRoundedOnce, .clampedSwiGLU, true)
    (model.queryKeyValueBias, model.outputBias) = (true, true)
    try file.require("swiglu_limit", 7, "only 7 is supported")
    try model.setWindows(file.window(standard: 128), file) { $0 % 2 == 0 }
    model.experts = ExpertDesign(
      count: try file.size("num_local_experts", standard: 128, largest: 65536),
      perToken: try file.size("num_experts_per_tok", standard: 4, largest: 65536),
      intermediateSize: model.intermediateSize, routing: .topThenSoftmax, bias: true)
    let isScaled = file.states("rope_scaling") || file.states("rope_parameters")
    for index in model.layers.indices {
      model.layers[index].hasExperts = true
      if !isScaled { model.layers[index].rope?.scaling = .yarn(published) }
    }
    return model
  }

  package static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace {
    guard let layer = name.layer else { return WeightPlace("\(name)") }
    let block = "model.layers.\(layer)"
    if name.module == "self_attn.sinks" { return WeightPlace("\(block).self_attn.sinks") }
    guard let expert = name.expert else { return WeightPlace("\(name)") }
    let suffix = name.part == .bias ? "_bias" : ""
    let layout: [WeightPlace.Step] = name.part == .bias ? [.slice(expert)] : [.slice(expert), .transposed]
    if name.module == "down_proj" { return WeightPlace("\(block).mlp.experts.down_proj\(suffix)", layout) }
    // Gate and up take turns, output by output.
    let part = WeightPlace.Step.interleaved(part: name.module == "gate_proj" ? 0 : 1, of: 2, block: 1)
    return WeightPlace("\(block).mlp.experts.gate_up_proj\(suffix)", layout + [part])
  }
}
