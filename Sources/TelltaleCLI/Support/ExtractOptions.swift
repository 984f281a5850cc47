import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// What a vector is made of, without the model: shared by `extract` and the worker.
struct ExtractOptions: ParsableArguments {
  @Option(name: .customLong("pairs"), help: "The data file; give the option again for more files.")
  var files: [String] = []
  @Option(help: "anthropic, caa, contrast or texts (default: told from the content).")
  var format: String?
  @OptionGroup var recipe: RecipeOptions
  @Option(help: "all, or layers such as 0,3 or 8-12, counted from 0.")
  var layers = LayerList.all
  @OptionGroup var items: ItemOptions
  @OptionGroup var prompt: PromptOptions
  @OptionGroup var budget: BudgetOptions

  /// What happens while vectors are made.
  struct Hooks {
    var onProgress: (_ done: Int, _ total: Int) -> Void
    /// Loads the model that `--against` names.
    var loadOther: ((String) throws -> LoadedModel)?
    var onDifferences: ((PairDifferences) throws -> Void)?
    /// Called when all is known to be right, with the number of pairs.
    var onBegin: ((LoadedModel, Int) -> Void)?

    init(onProgress: @escaping (_ done: Int, _ total: Int) -> Void) { self.onProgress = onProgress }
  }

  private var isOfTexts: Bool { format == "texts" }

  func validate() throws {
    guard files.isEmpty == (recipe.recording != nil) else {
      throw ValidationError("give either --pairs or --recording")
    }
    guard !isOfTexts || recipe.isPlain else {
      throw ValidationError("--format texts has no prompts to instruct or to read in two models; give a data set")
    }
  }

  func chosenRecipe() throws -> VectorRecipe { try recipe.recipe(ofTexts: isOfTexts) }

  // MARK: From a recording

  /// Vectors of the labelled rows of a recording, which must fit the model that it is said to be from.
  func vectors(ofRecordingFrom model: ModelIdentity) throws -> SteeringVectors {
    guard let folder = recipe.recording else { throw ValidationError("give --recording") }
    let recipe = try chosenRecipe()
    var recording = try RecordingFolder.read(URL(fileURLWithPath: folder))
    guard recording.activations[recipe.read].map({ $0.size(2) == model.configuration.hiddenSize }) ?? true,
      (recording.layers.last ?? 0) < model.configuration.layerCount
    else {
      throw TelltaleError(
        .badInput,
        "is of another model than \(model.name), whose width or layers differ; name the model it was recorded from",
        at: InputLocation(file: folder))
    }
    if let take = items.take, take < recording.rows.count {
      recording = try recording.selecting(Array(0..<max(take, 0)))
    }
    var vectors = try VectorExtraction(recipe, layers: recording.layers, seed: items.seed).run(recording)
    if let wanted = layers.numbers {
      vectors.layers = vectors.layers.filter { wanted.contains($0.key) }
      vectors.means = vectors.means.filter { wanted.contains($0.key) }
    }
    guard !vectors.layers.isEmpty else {
      throw TelltaleError(.badInput, "--layers names no layer that \(folder) holds")
    }
    (vectors.provenance.model, vectors.provenance.modelFingerprint) = (model.name, model.fingerprint)
    return vectors
  }

  // MARK: From data files

  /// Vectors of the pairs of the data files, read in a model.
  func vectors(of loaded: LoadedModel, _ hooks: Hooks) throws -> SteeringVectors {
    let recipe = try chosenRecipe()
    var vectors = try isOfTexts ? ofTexts(recipe, loaded, hooks) : ofItems(recipe, loaded, hooks)
    vectors.provenance.dataFiles =
      try files.map { try Fingerprint.file(URL(fileURLWithPath: $0)) }.joined(separator: " ")
    return vectors
  }

  private func ofItems(_ recipe: VectorRecipe, _ loaded: LoadedModel, _ hooks: Hooks) throws -> SteeringVectors {
    let data = try items.load(files, format: format, others: ["texts"])
    let encoder = try prompt.encoder(loaded.tokenizer, items: data.drawn, pool: data.all, seed: items.seed)
    var extraction = try extraction(recipe, loaded, pairs: data.drawn.count, hooks)
    if let other = hooks.loadOther { extraction.loadOther = other }
    var vectors = try extraction.run(loaded, encoder, data.drawn)
    vectors.provenance.notes += data.notes
    return vectors
  }

  private func ofTexts(_ recipe: VectorRecipe, _ loaded: LoadedModel, _ hooks: Hooks) throws -> SteeringVectors {
    let name = files.map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: " ")
    let pairs = try textPairs()
    return try extraction(recipe, loaded, pairs: pairs.count, hooks).run(loaded, pairs, named: name)
  }

  /// The first `--take` pairs of the files.
  private func textPairs() throws -> [TextPair] {
    if let take = items.take, take < 1 {
      throw TelltaleError(.badInput, "--take \(take) takes no pairs; give at least 1")
    }
    var pairs: [TextPair] = []
    for file in files {
      let rows: [(line: Int, row: TextPair)] = try JSONLines.numbered(
        file, expecting: #"{"positive": "...", "negative": "..."}"#)
      pairs += rows.map { $0.row.placed(at: InputLocation(file: file, line: $0.line)) }
    }
    return Array(pairs.prefix(items.take ?? pairs.count))
  }

  private func extraction(
    _ recipe: VectorRecipe, _ loaded: LoadedModel, pairs: Int, _ hooks: Hooks
  ) throws -> VectorExtraction {
    let layers = try layers.resolve(loaded.model.configuration)
    var extraction = VectorExtraction(recipe, layers: layers, seed: items.seed)
    extraction.sharesPrefixes = !loaded.model.isBatchInvariant
    extraction.tokenBudget = budget.tokenBudget
    extraction.onProgress = { hooks.onProgress($0, pairs) }
    if let kept = hooks.onDifferences { extraction.onDifferences = kept }
    hooks.onBegin?(loaded, pairs)
    return extraction
  }
}

/// Which model it is, without its weights.
struct ModelIdentity {
  let name: String
  let configuration: ModelConfiguration
  let fingerprint: String

  init(_ name: String) throws {
    let directory = try ModelLocator.directory(for: name)
    (self.name, configuration) = (name, try ModelConfiguration(ofModelAt: directory))
    fingerprint = try Fingerprint.checkpoint(directory)
  }

  init(_ loaded: LoadedModel) {
    (name, configuration, fingerprint) = (loaded.name, loaded.model.configuration, loaded.fingerprint)
  }
}
