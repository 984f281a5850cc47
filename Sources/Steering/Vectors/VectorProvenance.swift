import Foundations
import LanguageModels

/// Where a vector comes from: what its file states in addition to the numbers. Unknown parts are nil.
public struct VectorProvenance: Sendable, Equatable {
  /// The file it was read from; not stored.
  public var file: String?
  /// What was contrasted, by the name of a ``VectorRecipe/Contrast``; nil where that is not stated, as in imported files.
  public var contrast: String?
  /// How activations became a direction, by the name of an ``Estimator``; nil where that is not stated.
  public var estimator: String?
  public var read: String?
  public var model: String?
  public var modelFingerprint: String?
  /// The commit of the Hugging Face repository, where the model was a snapshot of the local cache.
  public var modelRevision: String?
  public var tokenizerHash: String?
  public var template: String?
  public var promptStyle: String?
  public var data: String?
  /// SHA-256 of the rows as they were used.
  public var dataHash: String?
  /// SHA-256 of the files they were read from, where they were.
  public var dataFiles: String?
  public var pairs: Int?
  public var groups: Int?
  /// How many pairs have each letter as the matching answer, e.g. "A:100 B:100".
  public var letterBalance: String?
  /// The share of positive examples (rows with the behaviour, matching halves): what class means are computed with.
  public var positiveShare: Double?
  public var seed: UInt64?
  /// The share of the coordinates of every activation that was winsorised; nil where none was.
  public var winsorised: Double?
  public var dtype: String?
  /// Mean norm of the residual stream at the read position, by layer.
  public var residualNorms: [Int: Double] = [:]
  /// Split-half reliability (Spearman-Brown), by layer.
  public var reliability: [Int: Double] = [:]
  /// How well the direction of one half of the data separates the other half (pairs on the right side, AUROC of rows), by
  /// layer.
  public var heldOut: [Int: Double] = [:]
  /// How the halves were drawn: by group, or by pair where there is one group only.
  public var reliabilityUnit: String?
  /// Of a result of vector arithmetic: what was done with which files.
  public var combined: String?
  /// The model whose activations were subtracted.
  public var against: String?
  /// The file of another tool it came from, and how that tool counts layers.
  public var importedFrom: String?
  public var importedConvention: String?
  /// What could not be balanced and other sentences for the reader.
  public var notes: [String] = []

  public init() {}

  init(_ recipe: VectorRecipe) {
    (contrast, estimator, read) = (recipe.contrast.rawValue, recipe.estimator.rawValue, recipe.read.rawValue)
    winsorised = recipe.winsorising?.share
  }

  /// The model that vectors are of.
  mutating func state(_ loaded: LoadedModel) {
    (model, modelFingerprint, modelRevision) = (loaded.name, loaded.fingerprint, loaded.revision)
    (tokenizerHash, dtype) = (loaded.tokenizer.contentHash, loaded.model.arithmetic)
  }

  /// The data and the prompts that vectors were made from.
  mutating func state(_ items: [Item], _ encoder: PromptEncoder) throws {
    promptStyle = encoder.builder.style.rawValue
    template = encoder.template?.identity
    let letters = items.reduce(into: [String: Int]()) { $0[$1.matchingLetter ?? "none", default: 0] += 1 }
    letterBalance = letters.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: " ")
    data = Set(items.map(\.source)).sorted().joined(separator: " ")
    dataHash = try encoder.dataHash(items)
  }
}

/// The metadata of a vector file.
extension VectorProvenance {
  /// What is stated as it is, by its name in the file.
  private static var texts: [(name: String, path: WritableKeyPath<VectorProvenance, String?>)] {
    [
      ("contrast", \.contrast), ("estimator", \.estimator), ("read", \.read), ("model", \.model),
      ("against", \.against),
      ("model_fingerprint", \.modelFingerprint), ("model_revision", \.modelRevision),
      ("tokenizer_hash", \.tokenizerHash), ("template", \.template),
      ("prompt_style", \.promptStyle), ("data", \.data), ("data_hash", \.dataHash), ("data_files", \.dataFiles),
      ("letter_balance", \.letterBalance), ("imported_from", \.importedFrom),
      ("imported_convention", \.importedConvention), ("dtype", \.dtype), ("combined", \.combined),
      ("reliability_unit", \.reliabilityUnit),
    ]
  }

  /// Numbers by layer.
  private static var byLayer: [(name: String, path: WritableKeyPath<VectorProvenance, [Int: Double]>)] {
    [("residual_norms", \.residualNorms), ("reliability", \.reliability), ("held_out", \.heldOut)]
  }

  /// Where the vector comes from, in words, for a person: what the file states besides numbers by layer and notes.
  package var stated: [String: String] {
    metadata.filter { name, _ in
      !["notes", "telltale", "layer_convention"].contains(name) && !Self.byLayer.contains { $0.name == name }
    }
  }

  /// What is not known is left out.
  var metadata: [String: String] {
    var stated = [
      "format": "telltale.vectors.v1", "site": "resid_post", "layer_convention": SteeringVectors.layerConvention,
      "telltale": Version.current,
    ]
    for (name, path) in Self.texts { stated[name] = self[keyPath: path] }
    for (name, path) in Self.byLayer where !self[keyPath: path].isEmpty {
      stated[name] = SteeringVectors.list(self[keyPath: path])
    }
    stated["pairs"] = pairs.map(String.init)
    stated["groups"] = groups.map(String.init)
    stated["positive_share"] = positiveShare.map { "\($0)" }
    stated["seed"] = seed.map(String.init)
    stated["winsorised"] = winsorised.map { "\($0)" }
    stated["notes"] = notes.isEmpty ? nil : notes.joined(separator: "\n")
    return stated
  }

  init(_ metadata: [String: String], file: String) {
    self.file = file
    for (name, path) in Self.texts { self[keyPath: path] = metadata[name] }
    for (name, path) in Self.byLayer { self[keyPath: path] = SteeringVectors.numbers(metadata[name] ?? "") }
    pairs = metadata["pairs"].flatMap { Int($0) }
    groups = metadata["groups"].flatMap { Int($0) }
    positiveShare = metadata["positive_share"].flatMap { Double($0) }.flatMap { (0...1).contains($0) ? $0 : nil }
    seed = metadata["seed"].flatMap { UInt64($0) }
    winsorised = metadata["winsorised"].flatMap { Double($0) }.flatMap { try? Winsorising(share: $0) }?.share
    notes = metadata["notes"].map { $0.split(separator: "\n").map(String.init) } ?? []
    if let method = metadata["method"] { readMethod(method) }
  }

  /// What earlier versions called `method` was the contrast, or, of pairs and rows that were not averaged, the estimator.
  private mutating func readMethod(_ method: String) {
    let ofPairs = promptStyle == nil ? VectorRecipe.Contrast.texts : .answers
    let named: VectorRecipe.Contrast? =
      switch method {
      case "mean-difference": ofPairs
      case _ where Estimator(rawValue: method) != nil: tokenizerHash == nil ? .spontaneous : ofPairs
      default: VectorRecipe.Contrast(named: method)
      }
    contrast = contrast ?? named?.rawValue
  }
}
