import Foundations
import LanguageModels
import Torch

/// Makes the vectors of a recipe: the one place where a recipe meets a model and data.
///
/// Prefixes that texts share are computed once, sequences are packed without padding by a token budget, and nothing is
/// computed above the last layer asked for. Means are accumulated in float64; other estimators need all activations.
public struct VectorExtraction {
  public let recipe: VectorRecipe
  public var layers: [Int]
  /// Of the halves that the reliability is averaged over.
  public var seed: UInt64
  public var splits = 20
  public var tokenBudget = GenerationOptions.defaultTokenBudget
  /// Whether what the two texts of a pair begin with is computed once. Without, a batch-invariant model gives each text the
  /// bits that it has by itself.
  public var sharesPrefixes = true
  /// Called with every pair's difference, for whoever wants null vectors of the same pairs; not computed without.
  public var onDifferences: ((PairDifferences) throws -> Void)?
  /// Loads the model that the contrast `models` subtracts, by the recipe's name of it; nil as the first one is computed.
  public var loadOther: ((String) throws -> LoadedModel)?
  /// Called with the number of pairs that are done.
  public var onProgress: (Int) -> Void = { _ in }

  public init(_ recipe: VectorRecipe, layers: [Int], seed: UInt64) {
    (self.recipe, self.layers, self.seed) = (recipe, layers, seed)
  }

  /// Vectors of a data set's items, for every contrast but texts. For the contrast `spontaneous` they are recorded
  /// first: answered greedily, and labelled by the letter of the answer.
  ///
  /// An item one of whose responses to instructions is empty is left out and counted in the notes.
  ///
  /// Throws `badInput` for items that the contrast cannot be made of, for two models of which tokenizers, widths or layers
  /// differ, and where nothing differs.
  public func run(_ loaded: LoadedModel, _ encoder: PromptEncoder, _ items: [Item]) throws -> SteeringVectors {
    var vectors: SteeringVectors
    switch recipe.contrast {
    case .answers:
      vectors = try run(loaded, encoder, items.map { try encoder.builder.pair(for: $0) })
    case .instructions: vectors = try instructed(loaded, encoder, items)
    case .models:
      let name = recipe.against ?? ""
      let other = try loadOther?(name) ?? LoadedModel(name, dtype: loaded.model.dtype, device: loaded.devices)
      vectors = try run(loaded, minus: other, encoder, items)
    case .spontaneous:
      let recording = try Recorder(loaded, encoder, Recorder.Options(layers: layers)).record(items)
      vectors = try run(recording, of: loaded)
    case .texts:
      throw TelltaleError(.badInput, "a data set's items are no pairs of texts; use another contrast, or give texts")
    }
    try vectors.provenance.state(items, encoder)
    return vectors
  }

  /// Vectors of pairs of texts as they stand; `name` is what the data are called.
  public func run(_ loaded: LoadedModel, _ texts: [TextPair], named name: String) throws -> SteeringVectors {
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let read = recipe.read
    let pairs = try texts.mapConcurrently { pair in
      do {
        return try encoder.readable(positive: pair.positive, negative: pair.negative, group: pair.groupID, at: read)
      } catch let error as TelltaleError {
        throw TelltaleError(error.code, error.message, at: error.location ?? pair.place)
      }
    }
    var vectors = try run(loaded, pairs)
    vectors.provenance.data = name
    vectors.provenance.dataHash = DataHash.of(texts.map { [$0.positive, $0.negative, $0.group] })
    return vectors
  }

  /// Vectors of the rows of a recording with the behaviour against those without (`rows`: their numbers, ascending; nil is
  /// all). Where `loaded` is given they state that they are of it.
  public func run(
    _ recording: ChunkedRecording, rows: [Int]? = nil, of loaded: LoadedModel? = nil
  ) throws -> SteeringVectors {
    var vectors = try recording.vectors(
      at: recipe.read, of: rows ?? Array(recording.rows.indices), estimator: recipe.estimator, seed: seed,
      splits: splits, winsorising: recipe.winsorising)
    vectors.provenance.model = loaded?.name
    vectors.provenance.modelFingerprint = loaded?.fingerprint
    return vectors
  }

  public func run(_ recording: Recording, of loaded: LoadedModel? = nil) throws -> SteeringVectors {
    try run(ChunkedRecording(recording), of: loaded)
  }

  /// Vectors with the differences of their pairs, ready to be compared with others.
  func compared(_ name: String, _ run: (VectorExtraction) throws -> SteeringVectors) throws -> ComparedVector {
    var extraction = self
    var kept: PairDifferences?
    extraction.onDifferences = { kept = $0 }
    return try ComparedVector(name: name, vectors: run(extraction), pairs: kept)
  }

  // MARK: Pairs that are tokens already

  func run(_ loaded: LoadedModel, _ encoder: PromptEncoder, _ pairs: [ContrastPair]) throws -> SteeringVectors {
    let read = recipe.read
    return try run(loaded, pairs.mapConcurrently { try encoder.readable($0, at: read) })
  }

  package func run(_ loaded: LoadedModel, _ pairs: [ReadablePair]) throws -> SteeringVectors {
    try vectors(estimate(loaded.model, pairs), loaded, pairs.map(\.group))
  }

  /// The vectors of what pairs gave, stating where they come from.
  func vectors(
    _ result: PairEstimation.Result, _ loaded: LoadedModel?, _ groups: [String]
  ) throws -> SteeringVectors {
    if let differences = result.pairDifferences {
      let kept = Array(groups.prefix(differences.size(0)))
      try onDifferences?(PairDifferences(differences: differences, layers: layers, groups: kept))
    }
    var provenance = VectorProvenance(recipe)
    if let loaded { provenance.state(loaded) }
    provenance.pairs = result.pairs
    provenance.groups = Set(groups).count
    // With it a mean difference gives the means of both classes; other directions say nothing of them.
    provenance.positiveShare = recipe.estimator == .mean ? 0.5 : nil
    provenance.seed = seed
    provenance.residualNorms = result.residualNorm
    provenance.reliability = result.reliability
    provenance.heldOut = result.heldOut
    provenance.reliabilityUnit = result.halvesByGroup ? "group" : "pair"
    return SteeringVectors(
      layers: result.difference.mapValues { $0.map(Float.init) }, means: result.mean.mapValues { $0.map(Float.init) },
      provenance: provenance)
  }
}
