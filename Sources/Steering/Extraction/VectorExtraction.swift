import Foundation
import LanguageModels
import Torch

/// Steering vectors from contrast pairs: by default the mean difference of activations (Rimsky et al. 2024, "Steering
/// Llama 2 via Contrastive Activation Addition").
public struct VectorExtraction {
  public var read: ReadPosition
  public var estimator = Estimator.mean
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
    var vectors = try run(loaded, readable(pairs, encoder), onProgress: onProgress)
    vectors.provenance.state(pairs.map(\.item), encoder)
    return vectors
  }

  private func readable(_ pairs: [ContrastPair], _ encoder: PromptEncoder) throws -> [ReadablePair] {
    let read = read
    return try pairs.mapConcurrently { try Self.readable($0, encoder, at: read) }
  }

  static func readable(
    _ pair: ContrastPair, _ encoder: PromptEncoder, at read: ReadPosition
  ) throws -> ReadablePair {
    ReadablePair(
      positive: try encoder.readable(
        prefix: pair.prefix, answer: pair.positive, letter: pair.positiveAnswerOffset, at: read),
      negative: try encoder.readable(
        prefix: pair.prefix, answer: pair.negative, letter: pair.negativeAnswerOffset, at: read),
      group: pair.item.group.id)
  }

  /// Pairs of any two texts, already tokens.
  public func run(
    _ loaded: LoadedModel, _ pairs: [ReadablePair], onProgress: (Int) -> Void = { _ in }
  ) throws -> SteeringVectors {
    let extraction = try ContrastExtraction(loaded.model, layers: layers, tokenBudget: tokenBudget)
    let result = try extraction.run(
      pairs, estimator: estimator, seed: seed, keepsDifferences: onDifferences != nil, onProgress: onProgress)
    return try vectors(result, loaded, pairs.map(\.group))
  }

  /// The vectors of a result, stating where they come from.
  func vectors(
    _ result: ContrastExtraction.Result, _ loaded: LoadedModel, _ groups: [String]
  ) throws -> SteeringVectors {
    if let differences = result.pairDifferences {
      let kept = Array(groups.prefix(differences.size(0)))
      try onDifferences?(PairDifferences(differences: differences, layers: layers, groups: kept))
    }
    var provenance = VectorProvenance(estimator)
    provenance.method = estimator == .mean ? "mean-difference" : estimator.rawValue
    provenance.read = read.rawValue
    provenance.model = loaded.name
    provenance.modelFingerprint = loaded.fingerprint
    provenance.tokenizerHash = loaded.tokenizer.contentHash
    provenance.dtype = loaded.model.arithmetic
    provenance.pairs = result.pairs
    provenance.groups = Set(groups).count
    // With it a mean difference gives the means of both classes; other directions say nothing of them.
    provenance.positiveShare = estimator == .mean ? 0.5 : nil
    provenance.seed = seed
    provenance.residualNorms = result.residualNorm
    provenance.reliability = result.reliability
    provenance.heldOut = result.heldOut
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
