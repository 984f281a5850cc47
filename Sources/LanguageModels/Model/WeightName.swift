/// One of a model's weights by what it does. The names are those of Llama's files, regardless of what a family calls them; what
/// Llama has not is named likewise (`model.layers.3.mlp.experts.2.down_proj.weight`).
package struct WeightName: Hashable, Sendable, CustomStringConvertible {
  package enum Part: String, Sendable { case weight, bias }

  /// nil outside of the decoder blocks.
  package var layer: Int?
  /// `self_attn.q_proj`, `embed_tokens`; of an expert what it is inside of it, `down_proj`.
  package var module: String
  package var expert: Int?
  package var part = Part.weight

  package var description: String {
    guard module != "lm_head" else { return "lm_head.\(part)" }
    guard let layer else { return "model.\(module).\(part)" }
    return "model.layers.\(layer).\(expert.map { "mlp.experts.\($0)." } ?? "")\(module).\(part)"
  }

  static let embedding = WeightName(module: "embed_tokens")
  static let positions = WeightName(module: "embed_positions")
  static let head = WeightName(module: "lm_head")

  /// Whether it is the matrix of a linear map that int8 is for.
  var isProjection: Bool { part == .weight && (module.hasSuffix("_proj") || module == "lm_head") }

  /// Whether the stream begins with it.
  var isInput: Bool { self == .embedding || self == .positions }

  /// The same module's other part.
  func with(_ part: Part) -> WeightName {
    var name = self
    name.part = part
    return name
  }
}

/// A weight that a design has, and its shape.
package struct NamedShape: Sendable, Equatable {
  package var name: WeightName
  package var shape: [Int]
}

extension ModelConfiguration {
  /// Every weight of a model of this design, in a fixed order.
  package var weights: [NamedShape] {
    var all = [NamedShape(name: .embedding, shape: [vocabularySize, hiddenSize])]
    if let learnedPositions { all.append(NamedShape(name: .positions, shape: [learnedPositions, hiddenSize])) }
    for index in layers.indices { all += blockWeights(index) }
    all += normWeights(nil, "norm", hiddenSize)
    return tiedEmbeddings ? all : all + [NamedShape(name: .head, shape: [vocabularySize, hiddenSize])]
  }

  private func blockWeights(_ index: Int) -> [NamedShape] {
    let maps = projections(layer: index)
    var all = maps.map { NamedShape(name: $0.name, shape: [$0.output, $0.input]) }
    for norm in normNames { all += normWeights(index, norm, hiddenSize) }
    all += maps.filter(\.bias).map { NamedShape(name: $0.name.with(.bias), shape: [$0.output]) }
    switch queryKeyNorm {
    case .none: break
    case .perHead:
      for name in ["q_norm", "k_norm"] { all += normWeights(index, "self_attn.\(name)", headDimension) }
    case .flat:
      all += normWeights(index, "self_attn.q_norm", headCount * headDimension)
      all += normWeights(index, "self_attn.k_norm", keyValueHeadCount * headDimension)
    }
    if hasSinks {
      all.append(NamedShape(name: WeightName(layer: index, module: "self_attn.sinks"), shape: [headCount]))
    }
    return all
  }

  /// The norms of a block's stream, as `placement` has them.
  var normNames: [String] {
    switch placement {
    case .before, .parallel: ["input_layernorm", "post_attention_layernorm"]
    case .after: ["post_attention_layernorm", "post_feedforward_layernorm"]
    case .sandwich:
      ["input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"]
    }
  }

  private func normWeights(_ layer: Int?, _ module: String, _ width: Int) -> [NamedShape] {
    let weight = WeightName(layer: layer, module: module)
    return (norm == .layer ? [weight, weight.with(.bias)] : [weight]).map { NamedShape(name: $0, shape: [width]) }
  }

  /// A linear map of a block.
  struct LinearMap {
    var name: WeightName
    var output, input: Int
    var bias: Bool
  }

  private func projections(layer: Int) -> [LinearMap] {
    let wide = headCount * headDimension
    let narrow = keyValueHeadCount * headDimension
    func map(_ module: String, _ output: Int, _ input: Int, _ bias: Bool) -> LinearMap {
      LinearMap(name: WeightName(layer: layer, module: module), output: output, input: input, bias: bias)
    }
    let attention = [
      map("self_attn.q_proj", wide, hiddenSize, queryKeyValueBias),
      map("self_attn.k_proj", narrow, hiddenSize, queryKeyValueBias),
      map("self_attn.v_proj", narrow, hiddenSize, queryKeyValueBias),
      map("self_attn.o_proj", hiddenSize, wide, outputBias),
    ]
    guard let experts, layers[layer].hasExperts else {
      return attention + network(layer, "mlp.", intermediateSize, bias: mlpBias)
    }
    let own = (0..<experts.count).flatMap { expert in
      network(layer, "", experts.intermediateSize, bias: experts.bias).map { map in
        var map = map
        map.name.expert = expert
        return map
      }
    }
    return attention + [map("mlp.router", experts.count, hiddenSize, experts.bias)] + own
  }

  private func network(_ layer: Int, _ path: String, _ inner: Int, bias: Bool) -> [LinearMap] {
    let shapes = [("gate_proj", inner, hiddenSize), ("up_proj", inner, hiddenSize), ("down_proj", hiddenSize, inner)]
    return shapes.filter { isGated || $0.0 != "gate_proj" }.map { module, output, input in
      LinearMap(
        name: WeightName(layer: layer, module: path + module), output: output, input: input, bias: bias)
    }
  }
}
