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
    /// Eight experts, two a token.
    case mixtral8x7B = "mixtral-8x7b"
    /// Norms around everything, windows, capped scores.
    case gemma2of2B = "gemma-2-2b"
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
  /// Norms that are centred on zero (1 + weight) are not told apart: how fast a model computes does not depend on it.
  ///
  /// Refuses a number of layers that the shape does not have, and on the CPU a model beyond four fifths of its memory.
  package static func make(
    _ shape: Shape, layers: Int? = nil, dtype: DType = .bfloat16, weights format: WeightFormat = .dense,
    device: Device = .cpu, seed: UInt64
  ) throws -> LanguageModel {
    let configuration = try configuration(shape, layers: layers)
    let tensors = configuration.weights
    let bytes = tensors.reduce(0) { $0 + format.byteCount($1, dtype) }
    let available = ProcessInfo.processInfo.physicalMemory / 5 * 4
    guard device != .cpu || bytes <= available else {
      throw TelltaleError(
        .badInput,
        "\(configuration.layerCount) layers of \(shape.rawValue) need \(bytes >> 30) GiB of the \(available >> 30) GiB "
          + "that may be used; ask for fewer layers")
    }
    var weights: [String: Tensor] = [:]
    var packed: [String: PackedMatrix] = [:]
    for (index, named) in tensors.enumerated() {
      let own = try weight("\(named.name)", named.shape, dtype, device, seed: seed &+ UInt64(index))
      if let matrix = try PackedMatrix(format, named, rounding: { try own.moved(to: .cpu) }) {
        packed["\(named.name)"] = try matrix.moved(to: device)
      } else {
        weights["\(named.name)"] = own
      }
    }
    return try LanguageModel(configuration, weights: weights, packed: packed, format)
  }

  private static func weight(
    _ name: String, _ shape: [Int], _ dtype: DType, _ device: Device, seed: UInt64
  ) throws -> Tensor {
    if name.hasSuffix("norm.weight") { return try Tensor.ones(shape, dtype: dtype, device: device) }
    if name.hasSuffix("bias") { return try Tensor.zeros(shape, dtype: dtype, device: device) }
    // Drawn in float32, which libtorch does several times faster than in a narrow type.
    return try Tensor.randomNormal(shape, device: device, seed: seed).converted(to: dtype) * deviation
  }

  // MARK: Shapes

  /// The configuration of a shape, as the config.json of the model it is named after states it.
  package static func configuration(_ shape: Shape, layers: Int? = nil) throws(TelltaleError) -> ModelConfiguration {
    var configuration = try ModelConfiguration(ConfigurationFile(text: Array(text(shape).utf8), file: shape.rawValue))
    let whole = configuration.layerCount
    if let layers, !(1...whole).contains(layers) {
      throw TelltaleError(.badInput, "\(shape.rawValue) has 1 to \(whole) layers to take, not \(layers)")
    }
    configuration.layers = Array(configuration.layers.prefix(layers ?? whole))
    return configuration
  }

  /// What matters of a published config.json.
  private static func text(_ shape: Shape) -> String {
    switch shape {
    case .mistral7B:
      #"{"architectures": ["MistralForCausalLM"], "rms_norm_eps": 1e-5, "sliding_window": 4096, "#
        + sizes(vocabulary: 32000, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    case .mixtral8x7B:
      #"{"architectures": ["MixtralForCausalLM"], "rms_norm_eps": 1e-5, "#
        + sizes(vocabulary: 32000, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    case .llama7B:
      #"{"architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "#
        + sizes(vocabulary: 32000, hidden: 4096, intermediate: 11008, layers: 32, heads: 32, keyValueHeads: 32)
    case .llama3of8B:
      #"{"architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "rope_theta": 500000, "#
        + sizes(vocabulary: 128_256, hidden: 4096, intermediate: 14336, layers: 32, heads: 32, keyValueHeads: 8)
    case .qwen25of7B:
      #"{"architectures": ["Qwen2ForCausalLM"], "rms_norm_eps": 1e-6, "rope_theta": 1000000, "#
        + sizes(vocabulary: 152_064, hidden: 3584, intermediate: 18944, layers: 28, heads: 28, keyValueHeads: 4)
    case .gemma2of2B:
      #"{"architectures": ["Gemma2ForCausalLM"], "#
        + sizes(vocabulary: 256_000, hidden: 2304, intermediate: 9216, layers: 26, heads: 8, keyValueHeads: 4)
    case .smolLM2of135M:
      #"{"architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "rope_theta": 100000, "#
        + #""tie_word_embeddings": true, "#
        + sizes(vocabulary: 49152, hidden: 576, intermediate: 1536, layers: 30, heads: 9, keyValueHeads: 3)
    case .tiny:
      #"{"architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "#
        + sizes(vocabulary: 1024, hidden: 128, intermediate: 384, layers: 6, heads: 4, keyValueHeads: 4)
    }
  }

  private static func sizes(
    vocabulary: Int, hidden: Int, intermediate: Int, layers: Int, heads: Int, keyValueHeads: Int
  ) -> String {
    """
    "vocab_size": \(vocabulary), "hidden_size": \(hidden), "intermediate_size": \(intermediate), \
    "num_hidden_layers": \(layers), "num_attention_heads": \(heads), "num_key_value_heads": \(keyValueHeads)}
    """
  }
}

/// What a model costs to run, counted from its configuration.
extension ModelConfiguration {
  /// Parameters of one decoder block's projections of keys and values: computed for every token that is attended to.
  package var keyValueParameters: Int { 2 * hiddenSize * keyValueHeadCount * headDimension }

  /// Parameters of the projection of queries.
  package var queryParameters: Int { hiddenSize * headCount * headDimension }

  /// Parameters of what follows attention in a block, as a token uses them: the output projection and the feed-forward
  /// network, of which a token goes through some experts only; the mean over the blocks.
  package var afterAttentionParameters: Int {
    let dense = layers.filter { !$0.hasExperts }.count * intermediateSize
    let sparse = experts.map { layers.filter(\.hasExperts).count * $0.perToken * $0.intermediateSize } ?? 0
    return headCount * headDimension * hiddenSize + (isGated ? 3 : 2) * hiddenSize * (dense + sparse) / layerCount
  }

  /// Parameters of all projections of one decoder block.
  package var blockParameters: Int { keyValueParameters + queryParameters + afterAttentionParameters }

  /// Parameters of the output head.
  package var headParameters: Int { vocabularySize * hiddenSize }
}
