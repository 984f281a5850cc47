import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct Extract: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make steering vectors from contrast pairs, instructions, recordings or two models.",
    discussion: """
      Runs the matching and the other answer of every row and writes, per layer, a direction of the residual stream at \
      the read position. The file states where it comes from, its norms, the letter balance and the split-half \
      reliability.

      --estimator: mean (difference of means, as long as it is), pca and pca-centred (first component of the pairs' \
      differences), logistic (on differences), probe (logistic, on both classes), discriminant (shrunk). All but the \
      mean are unit vectors.

      Instead of a row's answers: --positive and --negative contrast instructions on the rows' prompts, read at prompt, \
      continuation or continuation-mean of the responses; --against subtracts another model's activations on the same \
      tokens; --recording takes the labelled rows of telltale record instead of --pairs.

      Formats: anthropic (JSON Lines), caa (JSON list), contrast (question, answer, contrastive_answer), and texts, \
      JSON Lines of {"positive": "...", "negative": "..."} that are run as they stand; "group" may name the question.
      """)

  @OptionGroup var model: ModelOptions
  @Option(name: .customLong("pairs"), help: "The data file; give the option again for more files.")
  var files: [String] = []
  @Option(help: "anthropic, caa, contrast or texts (default: told from the content).")
  var format: String?
  @OptionGroup var recipe: RecipeOptions
  @Option(
    name: .customLong("compute"),
    help: """
      int8: round the weights to int8 and multiply them with 8 bits of the tokens that a pair shares, 16 of the others; \
      for --pairs only.
      """)
  var arithmetic: ProductArithmetic?
  @Option(help: "all, or layers such as 0,3 or 8-12, counted from 0.")
  var layers = LayerList.all
  @OptionGroup var items: ItemOptions
  @OptionGroup var prompt: PromptOptions
  @Option(help: "Tokens that one pass may hold.")
  var tokenBudget = 4096
  @Option(help: "The vector file to write.")
  var output: String
  @Flag(help: "Also write every pair's difference beside the vector, which telltale compare takes its intervals from.")
  var keepDifferences = false
  @Flag(help: "Print the summary as JSON.")
  var json = false

  var recording: String? { recipe.recording }

  func validate() throws {
    guard files.isEmpty == (recording != nil) else {
      throw ValidationError("give either --pairs or --recording")
    }
    guard arithmetic == nil || recipe.isPlain else {
      throw ValidationError(
        "--compute int8 rounds what the two texts of a pair share, so that it is for the answers of --pairs alone; "
          + "--weights int8 is for everything")
    }
    guard format != "texts" || recipe.isPlain else {
      throw ValidationError("--format texts has no prompts to instruct or to read in two models; give a data set")
    }
  }

  func run() throws {
    let recipe = try recipe.recipe(ofTexts: format == "texts")
    let device = try model.compute.prepare()
    var vectors: SteeringVectors
    if let recording {
      vectors = try extractRecording(recording, recipe)
    } else {
      vectors = try format == "texts" ? extractTexts(recipe, device) : extractItems(recipe, device)
      vectors.provenance.dataFiles =
        try files.map { try Fingerprint.file(URL(fileURLWithPath: $0)) }.joined(separator: " ")
    }
    try vectors.write(to: URL(fileURLWithPath: output))
    try report(vectors)
  }

  private func extractRecording(_ folder: String, _ recipe: VectorRecipe) throws -> SteeringVectors {
    let directory = try ModelLocator.directory(for: model.name)
    let configuration = try ModelConfiguration(directory: directory)
    var recording = try RecordingFolder.read(URL(fileURLWithPath: folder))
    guard recording.activations[recipe.read].map({ $0.size(2) == configuration.hiddenSize }) ?? true,
      (recording.layers.last ?? 0) < configuration.layerCount
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
    vectors.provenance.model = model.name
    vectors.provenance.modelFingerprint = try Fingerprint.checkpoint(directory)
    return vectors
  }

  private func extractItems(_ recipe: VectorRecipe, _ device: Devices) throws -> SteeringVectors {
    let data = try items.load(files, format: format, others: ["texts"])
    let loaded = try loaded(on: device)
    let encoder = try prompt.encoder(loaded.tokenizer, items: data.drawn, pool: data.all, seed: items.seed)
    var extraction = try extraction(recipe, loaded, pairs: data.drawn.count)
    extraction.loadOther = {
      try LoadedModel($0, dtype: model.compute.computationType(), weights: model.compute.weights, device: device)
    }
    var vectors = try extraction.run(loaded, encoder, data.drawn)
    vectors.provenance.notes += data.notes
    return vectors
  }

  private func loaded(on device: Devices) throws -> LoadedModel {
    guard arithmetic != nil else { return try model.loaded(on: device) }
    var options = model
    options.compute.weights = .int8
    return try options.loaded(on: device).roundingSharedTokens()
  }

  private func extractTexts(_ recipe: VectorRecipe, _ device: Devices) throws -> SteeringVectors {
    let pairs = try textPairs()
    let loaded = try loaded(on: device)
    let name = files.map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: " ")
    return try extraction(recipe, loaded, pairs: pairs.count).run(loaded, pairs, named: name)
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

  private func extraction(_ recipe: VectorRecipe, _ loaded: LoadedModel, pairs: Int) throws -> VectorExtraction {
    let layers = try layers.resolve(loaded.model.configuration)
    var extraction = VectorExtraction(recipe, layers: layers, seed: items.seed)
    extraction.tokenBudget = tokenBudget
    let progress = ProgressBox(ProgressLine("pairs", total: pairs))
    extraction.onProgress = { progress.update($0) }
    if keepDifferences {
      let url = PairDifferences.url(beside: URL(fileURLWithPath: output))
      extraction.onDifferences = { try $0.write(to: url) }
    }
    return extraction
  }
}
