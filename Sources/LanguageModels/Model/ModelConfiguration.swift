import Foundation
import Foundations
import Torch

/// What a model is, apart from its numbers: its sizes, and what of the one forward pass its family does otherwise.
///
/// Llama's answers are the defaults, so that a family states only where it differs.
public struct ModelConfiguration: Sendable, Equatable {
  /// How the family calls itself: `Llama`, `Gemma-2`.
  public var family: String
  public var vocabularySize: Int
  public var hiddenSize: Int
  /// Width of the dense feed-forward network.
  public var intermediateSize: Int
  public var headCount: Int
  public var keyValueHeadCount: Int
  public var headDimension: Int
  public var normEpsilon: Double
  /// What differs between decoder blocks, one entry each.
  public var layers: [LayerDesign]
  public var norm = NormKind.rms
  public var placement = NormPlacement.before
  public var queryKeyNorm = QueryKeyNorm.none
  public var activation = Activation.silu
  /// Whether the feed-forward network multiplies with a gate: down(activation(gate x) * up x), else down(activation(up x)).
  public var isGated = true
  public var queryKeyValueBias = false
  public var outputBias = false
  public var mlpBias = false
  public var experts: ExpertDesign?
  /// Attention scores s become cap tanh(s / cap).
  public var scoreCap: Double?
  /// Logits likewise.
  public var logitCap: Double?
  /// Whether a learned logit for each head takes its share of the attention without a value.
  public var hasSinks = false
  /// Positions that have a learned embedding, added to the token's; nil where rotation alone tells positions apart.
  public var learnedPositions: Int?
  /// Queries and keys are rotated in float32 and rounded once, as OLMo does.
  public var rotatesInFloat32 = false
  public var embeddingMultiplier: Double?
  /// Whether that factor is first rounded to the model's dtype, as Gemma's is.
  public var roundsEmbeddingMultiplier = false
  /// What attention and the feed-forward network add is multiplied by it.
  public var residualMultiplier: Double?
  public var logitDivisor: Double?
  public var tiedEmbeddings = false
  /// The dtype the weights are meant for; the stored tensors decide where it is missing.
  public var dtype: DType?
  public var endTokens: [Int] = []
  /// Sentences about what the configuration states and this model does not look at.
  public var warnings: [String] = []

  public var layerCount: Int { layers.count }

  /// Query heads that share one key-value head.
  public var headsPerKeyValueHead: Int { headCount / keyValueHeadCount }

  /// Number of positions that a position sees, itself included; nil sees all. One entry a layer.
  public var windows: [Int?] { layers.map(\.window) }

  /// Sequences of more tokens are computed otherwise from their first token on (longrope); nil where none are.
  public var lengthSwitch: Int? {
    layers.lazy.compactMap { if case .longrope(let rope)? = $0.rope?.scaling { rope.trained } else { nil } }.first
  }
}

/// What one decoder block does otherwise than its neighbours.
public struct LayerDesign: Sendable, Equatable {
  /// Number of positions that a position sees, itself included; nil sees all.
  public var window: Int?
  /// nil where queries and keys are not rotated.
  public var rope: RotaryEmbedding.Configuration?
  /// Products of queries and keys are multiplied by it.
  public var scale: Double
  public var hasExperts = false
}

/// How a normalisation scales. Sums are float32 everywhere.
public enum NormKind: String, Sendable, Equatable {
  /// To unit root mean square, rounded, then times the weight (Llama).
  case rms
  /// The same, multiplied in float32 and rounded once (OLMo).
  case rmsRoundedOnce = "rms-rounded-once"
  /// The same with 1 + weight (Gemma).
  case rmsOffset = "rms-offset"
  /// To zero mean and unit variance, with a bias (GPT-2).
  case layer
}

/// Where a block normalises.
public enum NormPlacement: String, Sendable, Equatable {
  /// What attention and the feed-forward network read.
  case before
  /// What they read and what they add to the stream.
  case sandwich
  /// What they add.
  case after
  /// What they read, both the same stream: x + attention(norm x) + network(norm x).
  case parallel
}

/// Whether queries and keys are normalised before they are rotated.
public enum QueryKeyNorm: String, Sendable, Equatable {
  case none
  /// Every head by itself, with one weight [head dimension] for all.
  case perHead = "per-head"
  /// The whole projection.
  case flat
}

/// A feed-forward network of which each token goes through a few of many.
public struct ExpertDesign: Sendable, Equatable {
  /// How the router's logits become weights.
  public enum Routing: String, Sendable, Equatable {
    /// Softmax over all experts, the largest as they are.
    case softmaxThenTop = "softmax-top"
    /// The same, made to sum to 1.
    case renormalised
    /// The largest logits, softmax over those.
    case topThenSoftmax = "top-softmax"
  }

  public var count: Int
  /// Experts that a token goes through.
  public var perToken: Int
  public var intermediateSize: Int
  public var routing: Routing
  /// Whether the router and the experts' projections have biases.
  public var bias = false
}

extension ModelConfiguration {
  /// Reads `config.json` of a model directory; refuses what would be computed wrongly.
  public init(directory: URL) throws(TelltaleError) {
    try self.init(ConfigurationFile(directory: directory))
  }

  /// Reads a configuration by the family that it names.
  package init(_ file: ConfigurationFile) throws(TelltaleError) {
    let family = try ModelFamilies.family(of: file)
    if let settings = file.quantisation() { _ = try PackedFormats.format(settings) }
    self = try family.design(file)
    self.family = family.name
    try ModelFamilies.check(self, file)
    warnings = file.unread(besides: ModelFamilies.harmlessKeys.union(family.harmlessKeys)).map {
      "\(file.file): \"\(SafeText.quoted($0))\" is not a key that Telltale knows of a \(family.name) model; it is not looked at"
    }
  }
}
