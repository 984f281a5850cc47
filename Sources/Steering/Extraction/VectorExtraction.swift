import Foundation
import LanguageModels
import Torch

/// Steering vectors from contrast pairs: the mean difference of activations (Rimsky et al. 2024, "Steering Llama 2 via
/// Contrastive Activation Addition").
public struct VectorExtraction {
  public var read: ReadPosition
  public var layers: [Int]
  public var seed: UInt64
  public var tokenBudget = 4096
  /// Called with every pair's difference, for whoever wants null vectors of the same pairs; not computed without.
  public var onDifferences: ((PairDifferences) throws -> Void)?

  public init(read: ReadPosition, layers: [Int], seed: UInt64) {
    self.read = read
    self.layers = layers
    self.seed = seed
  }

  /// Pairs of an item's matching and other answer.
  public func run(
    _ loaded: LoadedModel, _ encoder: PromptEncoder, _ pairs: [ContrastPair], onProgress: (Int) -> Void = { _ in }
  ) throws -> SteeringVectors {
    let readable = try pairs.map { pair in
      ReadablePair(
        positive: try encoder.readable(
          prefix: pair.prefix, answer: pair.positive, letter: pair.positiveAnswerOffset, at: read),
        negative: try encoder.readable(
          prefix: pair.prefix, answer: pair.negative, letter: pair.negativeAnswerOffset, at: read),
        group: pair.item.group.id)
    }
    var vectors = try run(loaded, readable, onProgress: onProgress)
    vectors.provenance.promptStyle = encoder.builder.style.rawValue
    vectors.provenance.template = encoder.template?.name
    vectors.provenance.letterBalance = Self.letterBalance(pairs.map(\.item))
    vectors.provenance.data = Array(Set(pairs.map(\.item.source))).sorted().joined(separator: " ")
    return vectors
  }

  /// Pairs of any two texts, already tokens.
  public func run(
    _ loaded: LoadedModel, _ pairs: [ReadablePair], onProgress: (Int) -> Void = { _ in }
  ) throws -> SteeringVectors {
    let extraction = try ContrastExtraction(loaded.model, layers: layers, tokenBudget: tokenBudget)
    let result = try extraction.run(
      pairs, seed: seed, keepsDifferences: onDifferences != nil, onProgress: onProgress)
    if let differences = result.pairDifferences {
      let groups = pairs.prefix(differences.size(0)).map(\.group)
      try onDifferences?(PairDifferences(differences: differences, layers: layers, groups: groups))
    }
    var provenance = VectorProvenance()
    provenance.method = "mean-difference"
    provenance.read = read.rawValue
    provenance.model = loaded.name
    provenance.modelFingerprint = loaded.fingerprint
    provenance.tokenizerHash = loaded.tokenizer.contentHash
    provenance.dtype = loaded.model.dtype.rawValue
    provenance.pairs = pairs.count
    provenance.groups = Set(pairs.map(\.group)).count
    provenance.positiveShare = 0.5
    provenance.seed = seed
    provenance.residualNorms = result.residualNorm
    provenance.reliability = result.reliability
    provenance.reliabilityUnit = result.halvesByGroup ? "group" : "pair"
    return SteeringVectors(
      layers: result.difference.mapValues { $0.map(Float.init) }, means: result.mean.mapValues { $0.map(Float.init) },
      provenance: provenance)
  }

  /// "A:12 B:13": how many items have each letter as the matching answer.
  static func letterBalance(_ items: [Item]) -> String {
    let counts = items.reduce(into: [String: Int]()) { $0[$1.matchingLetter ?? "none", default: 0] += 1 }
    return counts.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
  }
}
