import Foundation
import Foundations
import LanguageModels
import Steering
import Tokenizers
import Torch

/// An experiment with its data read and its stages worked out: all that is known before a model is loaded.
struct PlannedRun {
  /// What file paths in the experiment are relative to.
  let folder: URL
  let experiment: Experiment
  /// What is frozen in the run directory: the file as it is, or with the models and data given in addition.
  let text: String
  let device: Devices
  let datasets: Datasets
  /// SHA-256 of the items of each data set that is used, in their order.
  let data: [String: String]
  /// The stages with their inputs, in the order in which they are done.
  private(set) var stages: [PlannedStage] = []
  private var hashes: [String: String] = [:]
  private var identities: [ModelName: [String: String]] = [:]

  /// - Parameters:
  ///   - file: data files in it are relative to its folder, and in a run directory's to that of the file it was made of.
  ///   - overrides: models and data instead of those that the file names.
  /// - Throws: what is wrong with file, data or models, before anything is written.
  init(file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), device: Devices) throws {
    folder = RunDirectory.dataFolder(ofExperiment: file)
    self.device = device
    (experiment, text) = try ExperimentFile.load(file, overrides)
    var datasets = Datasets(experiment, folder: folder)
    var data: [String: String] = [:]
    for name in experiment.usedDatasets { data[name] = ContentHash.json(try datasets.items(name)) }
    try datasets.checkSharedQuestions()
    (self.datasets, self.data) = (datasets, data)
    for model in experiment.models { identities[experiment.name(of: model)] = try identity(ofCheckpoint: model) }
    for stage in experiment.stages {
      let planned = PlannedStage(stage, inputs: try stage.inputs(self))
      stages.append(planned)
      hashes[planned.name] = planned.hash
    }
  }

  /// The stages that are done once, so all but the analysis.
  var lasting: [PlannedStage] { stages.filter { !type(of: $0.stage).isRepeated } }

  func stage(_ stage: some Stage) throws -> PlannedStage {
    guard let planned = stages.first(where: { $0.name == stage.name }) else {
      throw TelltaleError(.invalidArgument, "\(stage.name) is no stage of this experiment")
    }
    return planned
  }

  // MARK: Inputs

  /// SHA-256 of a stage's inputs; nil where the experiment has no such stage.
  func hash(of stage: some Stage) -> String? { hashes[stage.name] }

  /// SHA-256 of a vector file that the experiment names.
  func hash(ofVectorFile path: String) throws -> String {
    _ = try SteeringVectors(contentsOf: url(of: path))
    return SHA256.hexadecimalDigest(of: Array(try Data(contentsOf: url(of: path))))
  }

  /// What every stage of a model depends on.
  func identity(of model: ModelName) -> [String: String] { identities[model] ?? [:] }

  private func identity(ofCheckpoint model: String) throws -> [String: String] {
    let directory = try ModelLocator.directory(for: model)
    var inputs = [
      "format": PlannedStage.format, "model": try Fingerprint.checkpoint(directory),
      "tokenizer": try Tokenizer.load(directory: directory).contentHash,
      "dtype": experiment.dtype?.rawValue ?? "the checkpoint's", "device": device.areCPU ? "cpu" : "cuda",
      "seed": "\(experiment.seed)", "prompt settings": ContentHash.json(experiment.prompt),
      "batch-invariant": experiment.recording.batchInvariant.map { "\($0)" } ?? "in float32",
    ]
    // Left out where it is the default, so that runs from before the key can go on.
    if let template, template.hasSuffix(Self.jinja) {
      inputs["chat template"] = SHA256.hexadecimalDigest(of: try InputFile(contentsOf: url(of: template)).bytes)
    }
    if experiment.weights != .dense { inputs["weights"] = experiment.weights.rawValue }
    if experiment.prompt.style == .fewShot {
      // Examples are drawn from questions that no other data set asks.
      inputs["examples"] = ContentHash.json(experiment.usedDatasets.compactMap { data[$0] })
    }
    return inputs
  }

  // MARK: Models and data

  private static let jinja = ".jinja"

  /// The chat template that the experiment names; of a file, its path.
  private var template: String? {
    experiment.prompt.template.map { $0.hasSuffix(Self.jinja) ? url(of: $0).path : $0 }
  }

  /// A file that the experiment names.
  func url(of path: String) -> URL { URL(fileURLWithPath: path, relativeTo: folder) }

  /// A model as the experiment computes with it.
  func load(_ name: String) throws -> LoadedModel {
    let loaded = try LoadedModel(name, dtype: experiment.dtype, weights: experiment.weights, device: device)
    let isInvariant = experiment.recording.batchInvariant ?? (loaded.model.dtype == .float32 && device.areCPU)
    return isInvariant ? loaded.batchInvariant() : loaded
  }

  func recorder(_ loaded: LoadedModel, _ encoder: PromptEncoder) throws -> Recorder {
    var options = Recorder.Options(layers: Array(0..<loaded.model.configuration.layerCount))
    options.labelSource = experiment.recording.label
    options.maxTokens = experiment.recording.maxTokens
    options.turns = experiment.turns
    return try Recorder(loaded, encoder, options)
  }

  /// How a model's texts are rendered and become tokens.
  func encoder(_ tokenizer: Tokenizer) throws -> PromptEncoder {
    let prompt = experiment.prompt
    let format = PromptFormat(
      style: prompt.style, template: template, settings: prompt.chat, examples: prompt.examples)
    guard prompt.style == .fewShot else { return try format.encoder(tokenizer) }
    guard let pool = prompt.examplesFrom else {
      throw TelltaleError(.badInput, "the few-shot style needs prompt.examples-from, the data set of the examples")
    }
    let asked = try experiment.usedDatasets.filter { $0 != pool }.flatMap { try items($0) }
    return try format.encoder(tokenizer, pool: items(pool), asked: asked, seed: experiment.seed)
  }

  /// The items of a data set that the experiment uses.
  func items(_ dataset: String) throws -> [Item] {
    var datasets = datasets
    return try datasets.items(dataset)
  }

  /// The items that a vector is made of: all of its data set, or the balanced few that `pairs` says.
  func items(of settings: Experiment.VectorSettings) throws -> [Item] {
    try drawn(settings.pairs, of: settings.dataset)
  }

  /// The items that are steered, by target.
  func items(of settings: Experiment.SteeringSettings) throws -> [(dataset: String, items: [Item])] {
    try settings.targets.map { ($0, try drawn(settings.take, of: $0)) }
  }

  private func drawn(_ count: Int?, of dataset: String) throws -> [Item] {
    let items = try items(dataset)
    guard let count, count < items.count else { return items }
    return try sample(items, take: count, seed: experiment.seed).items
  }
}
