import Foundation
import Foundations
import Torch

/// A model of a well-known shape with random weights, held in memory: what it computes means nothing, how fast it
/// computes is what the real model of that shape reaches.
package enum GeneratedModel {
  package enum Shape: String, CaseIterable, Sendable {
    case mistral7B = "mistral-7b"
    case llama7B = "llama-7b"
    case llama3of8B = "llama-3-8b"
    case qwen25of7B = "qwen2.5-7b"
    /// The real depth of larger models at a size that a whole sweep can be timed on.
    case smolLM2of135M = "smollm2-135m"
    /// Of the size of the embedded organisms: about a million parameters.
    case tiny
  }

  /// Standard deviation of the weights, as such models are initialised with.
  private static let deviation = 0.02

  /// The model of `shape`, cut to its first `layers` decoder blocks (default: all), with normal weights of standard
  /// deviation 0.02, norms of one and biases of zero. The same for the same seed, shape, layers, dtype and kind of device.
  ///
  /// Refuses a number of layers that the shape does not have, and on the CPU a model beyond four fifths of its memory.
  package static func make(
    _ shape: Shape, layers: Int? = nil, dtype: DType = .bfloat16, weights format: WeightFormat = .dense,
    device: Device = .cpu, seed: UInt64
  ) throws -> LanguageModel {
    let configuration = try configuration(shape, layers: layers)
    let tensors = shapes(configuration)
    let bytes = tensors.reduce(0) { $0 + $1.shape.reduce(format.rounds($1.name) ? 1 : dtype.size, *) }
    let available = ProcessInfo.processInfo.physicalMemory / 5 * 4
    guard device != .cpu || bytes <= available else {
      throw TelltaleError(
        .badInput,
        "\(configuration.layerCount) layers of \(shape.rawValue) need \(bytes >> 30) GiB of the \(available >> 30) GiB "
          + "that may be used; ask for fewer layers")
    }
    var weights: [String: Tensor] = [:]
    var int8: [String: Int8Matrix] = [:]
    for (index, (name, shape)) in tensors.enumerated() {
      let own = try weight(name, shape, dtype, device, seed: seed &+ UInt64(index))
      if format.rounds(name) {
        int8[name] = try Int8Matrix(own.moved(to: .cpu)).moved(to: device)
      } else {
        weights[name] = own
      }
    }
    return try LanguageModel(configuration, weights: weights, int8: int8)
  }

  private static func weight(
    _ name: String, _ shape: [Int], _ dtype: DType, _ device: Device, seed: UInt64
  ) throws -> Tensor {
    if name.hasSuffix("norm.weight") { return try Tensor.ones(shape, dtype: dtype, device: device) }
    if name.hasSuffix("bias") { return try Tensor.zeros(shape, dtype: dtype, device: device) }
    // Drawn in float32, which libtorch does several times faster than in a narrow type.
    return try Tensor.randomNormal(shape, device: device, seed: seed).converted(to: dtype) * deviation
  }

  /// The names of a checkpoint of this configuration and the shape of each, in a fixed order.
  private static func shapes(_ model: ModelConfiguration) -> [(name: String, shape: [Int])] {
    let (hidden, inner) = (model.hiddenSize, model.intermediateSize)
    let wide = model.headCount * model.headDimension
    let narrow = model.keyValueHeadCount * model.headDimension
    var all = [("model.embed_tokens.weight", [model.vocabularySize, hidden])]
    for layer in 0..<model.layerCount {
      var own: [(String, [Int])] = [
        ("self_attn.q_proj.weight", [wide, hidden]), ("self_attn.k_proj.weight", [narrow, hidden]),
        ("self_attn.v_proj.weight", [narrow, hidden]), ("self_attn.o_proj.weight", [hidden, wide]),
        ("mlp.gate_proj.weight", [inner, hidden]), ("mlp.up_proj.weight", [inner, hidden]),
        ("mlp.down_proj.weight", [hidden, inner]), ("input_layernorm.weight", [hidden]),
        ("post_attention_layernorm.weight", [hidden]),
      ]
      if model.queryKeyValueBias {
        own += [
          ("self_attn.q_proj.bias", [wide]), ("self_attn.k_proj.bias", [narrow]), ("self_attn.v_proj.bias", [narrow]),
        ]
      }
      all += own.map { ("model.layers.\(layer).\($0.0)", $0.1) }
    }
    all.append(("model.norm.weight", [hidden]))
    return model.tiedEmbeddings ? all : all + [("lm_head.weight", [model.vocabularySize, hidden])]
  }

  // MARK: Shapes

  /// The configuration of a shape, as the config.json of the model it is named after states it.
  package static func configuration(_ shape: Shape, layers: Int? = nil) throws(TelltaleError) -> ModelConfiguration {
    var raw = raw(shape)
    let whole = raw.numHiddenLayers ?? 0
    if let layers, !(1...whole).contains(layers) {
      throw TelltaleError(.badInput, "\(shape.rawValue) has 1 to \(whole) layers to take, not \(layers)")
    }
    raw.numHiddenLayers = layers ?? whole
    return try ModelConfiguration(raw, file: shape.rawValue)
  }

  private static func raw(_ shape: Shape) -> RawConfiguration {
    var raw = RawConfiguration()
    raw.architectures = ["LlamaForCausalLM"]
    raw.rmsNormEps = 1e-5
    switch shape {
    case .mistral7B:
      raw.architectures = ["MistralForCausalLM"]
      raw.slidingWindow = 4096
      raw.setSizes(vocabulary: 32000, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    case .llama7B:
      raw.setSizes(vocabulary: 32000, hidden: 4096, intermediate: 11008, layers: 32, heads: 32, keyValueHeads: 32)
    case .llama3of8B:
      raw.ropeTheta = 500_000
      raw.setSizes(vocabulary: 128_256, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    case .qwen25of7B:
      raw.architectures = ["Qwen2ForCausalLM"]
      raw.rmsNormEps = 1e-6
      raw.ropeTheta = 1_000_000
      raw.setSizes(vocabulary: 152_064, hidden: 3584, intermediate: 18944, layers: 28, heads: 28, keyValueHeads: 4)
    case .smolLM2of135M:
      raw.ropeTheta = 100_000
      raw.tieWordEmbeddings = true
      raw.setSizes(vocabulary: 49152, hidden: 576, intermediate: 1536, layers: 30, heads: 9, keyValueHeads: 3)
    case .tiny:
      raw.setSizes(vocabulary: 1024, hidden: 128, intermediate: 384, layers: 6, heads: 4, keyValueHeads: 4)
    }
    return raw
  }
}

extension RawConfiguration {
  fileprivate mutating func setSizes(
    vocabulary: Int, hidden: Int, intermediate: Int, layers: Int, heads: Int, keyValueHeads: Int
  ) {
    (vocabSize, hiddenSize, intermediateSize) = (vocabulary, hidden, intermediate)
    (numHiddenLayers, numAttentionHeads, numKeyValueHeads) = (layers, heads, keyValueHeads)
  }
}

/// What a model costs to run, counted from its configuration.
extension ModelConfiguration {
  /// Parameters of one decoder block's projections of keys and values: computed for every token that is attended to.
  package var keyValueParameters: Int { 2 * hiddenSize * keyValueHeadCount * headDimension }

  /// Parameters of the projection of queries.
  package var queryParameters: Int { hiddenSize * headCount * headDimension }

  /// Parameters of what follows attention in a block: the output projection and the feed-forward network.
  package var afterAttentionParameters: Int {
    headCount * headDimension * hiddenSize + 3 * hiddenSize * intermediateSize
  }

  /// Parameters of all projections of one decoder block.
  package var blockParameters: Int { keyValueParameters + queryParameters + afterAttentionParameters }

  /// Parameters of the output head.
  package var headParameters: Int { vocabularySize * hiddenSize }
}
