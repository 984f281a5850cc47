import Foundation
import Foundations
import Torch

/// The shape of a Llama-family model, as `config.json` states it.
///
/// Architectures: LlamaForCausalLM (LLaMA 1, 2, 3), MistralForCausalLM (also Zephyr) and Qwen2ForCausalLM, which differ
/// only in what is listed here. Anything else is refused by name.
public struct ModelConfiguration: Sendable, Equatable {
  public enum Architecture: String, Sendable, CaseIterable, Codable {
    case llama = "LlamaForCausalLM"
    case mistral = "MistralForCausalLM"
    case qwen2 = "Qwen2ForCausalLM"
  }

  public var architecture: Architecture
  public var vocabularySize: Int
  public var hiddenSize: Int
  public var intermediateSize: Int
  public var layerCount: Int
  public var headCount: Int
  public var keyValueHeadCount: Int
  public var headDimension: Int
  public var normEpsilon: Double
  public var rope: RotaryEmbedding.Configuration
  /// Number of positions that a position sees, itself included; nil sees all. One entry a layer.
  public var windows: [Int?]
  public var queryKeyValueBias: Bool
  public var outputBias: Bool
  public var mlpBias: Bool
  public var tiedEmbeddings: Bool
  /// The dtype the weights are meant for; the stored tensors decide where it is missing.
  public var dtype: DType?
  public var endTokens: [Int]

  /// Query heads that share one key-value head.
  public var headsPerKeyValueHead: Int { headCount / keyValueHeadCount }

  /// Reads `config.json` of a model directory; refuses what would be computed wrongly.
  public init(directory: URL) throws(TelltaleError) {
    let url = directory.appendingPathComponent("config.json")
    let raw: RawConfiguration = try JSONFile.decode(url, remedy: "give the directory of a Hugging Face checkpoint")
    try self.init(raw, file: url.path)
  }
}

/// config.json as it is written, before it is understood.
struct RawConfiguration: Decodable {
  var architectures: [String]?
  var modelType: String?
  var vocabSize, hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads: Int?
  var numKeyValueHeads, headDim, maxPositionEmbeddings, slidingWindow, maxWindowLayers: Int?
  var rmsNormEps, ropeTheta, partialRotaryFactor: Double?
  var ropeScaling, ropeParameters: RawRope?
  var useSlidingWindow, attentionBias, mlpBias, tieWordEmbeddings: Bool?
  var hiddenAct, torchDtype, dtype: String?
  var layerTypes: [String]?
  var eosTokenId: OneOrMany?
  var quantizationConfig: Present?

  struct RawRope: Decodable {
    var ropeType, type: String?
    var factor, lowFreqFactor, highFreqFactor, ropeTheta: Double?
    var originalMaxPositionEmbeddings: Int?
  }

  /// A number, a list of numbers, or null.
  struct OneOrMany: Decodable {
    var values: [Int]
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let one = try? container.decode(Int.self) { values = [one] } else { values = try container.decode([Int].self) }
    }
  }

  /// Only whether the key is there.
  struct Present: Decodable {
    init(from decoder: any Decoder) throws {}
  }
}

extension ModelConfiguration {
  /// Sizes beyond this are no model but an attack or a mistake.
  private static let largestSize = 1 << 24

  init(_ raw: RawConfiguration, file: String) throws(TelltaleError) {
    func refuse(_ item: String?, _ message: String) -> TelltaleError {
      TelltaleError(.badInput, message, at: InputLocation(file: file, item: item))
    }
    func size(_ value: Int?, _ name: String, largest: Int = Self.largestSize) throws(TelltaleError) -> Int {
      guard let value else { throw refuse(name, "is missing; this is not the configuration of a language model") }
      guard value > 0, value <= largest else {
        throw refuse(name, "is \(value), which no model has; fetch the file anew")
      }
      return value
    }

    architecture = try Self.architecture(raw, refuse)
    vocabularySize = try size(raw.vocabSize, "vocab_size")
    hiddenSize = try size(raw.hiddenSize, "hidden_size")
    intermediateSize = try size(raw.intermediateSize, "intermediate_size")
    layerCount = try size(raw.numHiddenLayers, "num_hidden_layers", largest: 4096)
    headCount = try size(raw.numAttentionHeads, "num_attention_heads", largest: 65536)
    keyValueHeadCount = try size(raw.numKeyValueHeads ?? headCount, "num_key_value_heads", largest: 65536)
    guard headCount % keyValueHeadCount == 0 else {
      throw refuse("num_key_value_heads", "does not divide the \(headCount) attention heads; fetch the file anew")
    }
    guard raw.headDim != nil || hiddenSize % headCount == 0 else {
      throw refuse("num_attention_heads", "does not divide the hidden size \(hiddenSize); fetch the file anew")
    }
    headDimension = try size(raw.headDim ?? hiddenSize / headCount, "head_dim", largest: 65536)
    guard headDimension % 2 == 0 else { throw refuse("head_dim", "is odd, which rotary embeddings cannot have") }
    normEpsilon = raw.rmsNormEps ?? 1e-6
    guard normEpsilon.isFinite, normEpsilon >= 0 else { throw refuse("rms_norm_eps", "is \(normEpsilon)") }
    try Self.refuseWhatIsNotSupported(raw, refuse)
    rope = try RotaryEmbedding.Configuration(raw, headDimension: headDimension, refuse)
    windows = try Self.windows(raw, architecture, layerCount, refuse)
    queryKeyValueBias = architecture == .qwen2 || (architecture == .llama && raw.attentionBias ?? false)
    outputBias = architecture == .llama && raw.attentionBias ?? false
    mlpBias = architecture == .llama && raw.mlpBias ?? false
    tiedEmbeddings = raw.tieWordEmbeddings ?? false
    dtype = (raw.dtype ?? raw.torchDtype).flatMap(DType.init(rawValue:))
    endTokens = raw.eosTokenId?.values ?? []
  }

  private static func architecture(
    _ raw: RawConfiguration, _ refuse: (String?, String) -> TelltaleError
  ) throws(TelltaleError) -> Architecture {
    let supported = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
    guard let name = raw.architectures?.first else {
      throw refuse("architectures", "is missing; Telltale needs one of \(supported)")
    }
    guard let known = Architecture(rawValue: name) else {
      throw refuse("architectures", "\(name.prefix(80)) is not supported; Telltale runs \(supported)")
    }
    return known
  }

  private static func refuseWhatIsNotSupported(
    _ raw: RawConfiguration, _ refuse: (String?, String) -> TelltaleError
  ) throws(TelltaleError) {
    if let activation = raw.hiddenAct, activation != "silu" {
      throw refuse("hidden_act", "\"\(activation.prefix(40))\" is not supported; the Llama family uses silu")
    }
    if raw.quantizationConfig != nil {
      throw refuse("quantization_config", "quantised checkpoints are not supported; give the unquantised one")
    }
    if let factor = raw.partialRotaryFactor, factor != 1 {
      throw refuse("partial_rotary_factor", "is \(factor); only 1 is supported")
    }
  }

  /// Which layers see only a window. Mistral: all; Qwen2: from `maxWindowLayers` on, when switched on; `layerTypes`
  /// overrides both where it is there.
  private static func windows(
    _ raw: RawConfiguration, _ architecture: Architecture, _ layers: Int, _ refuse: (String?, String) -> TelltaleError
  ) throws(TelltaleError) -> [Int?] {
    guard architecture != .llama, let window = raw.slidingWindow, raw.useSlidingWindow ?? (architecture == .mistral)
    else { return Array(repeating: nil, count: layers) }
    guard window > 0 else { throw refuse("sliding_window", "is \(window); it must be at least 1") }
    if let types = raw.layerTypes {
      guard types.count == layers else { throw refuse("layer_types", "names \(types.count) of \(layers) layers") }
      return types.map { $0 == "sliding_attention" ? window : nil }
    }
    // 28 is transformers' default for Qwen2.
    let first = architecture == .mistral ? 0 : raw.maxWindowLayers ?? 28
    return (0..<layers).map { $0 >= first ? window : nil }
  }
}
