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
  /// What is frozen in the run directory: the file as it is, or with the models and data given beside it.
  let text: String
  let device: Device
  var datasets: Datasets
  let plan: StagePlan
  /// The stages of each model of the experiment, in the order of its models.
  let stages: [[Stage]]
  /// Comparing vectors, which needs those of all models and no model itself.
  let comparisons: [Stage]

  /// - Parameters:
  ///   - file: data files in it are relative to its folder, and in a run directory's to that of the file it was made of.
  ///   - overrides: models and data in the place of those that the file names.
  /// - Throws: whatever is wrong with file, data or models, before anything is written.
  init(file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), device: Device) throws {
    folder = RunDirectory.dataFolder(ofExperiment: file)
    self.device = device
    (experiment, text) = try ExperimentFile.load(file, overrides)
    var datasets = Datasets(experiment, folder: folder)
    for name in experiment.usedDatasets { _ = try datasets.items(name) }
    try datasets.checkSharedQuestions()
    let plan = try StagePlan(experiment, &datasets, device: device)
    stages = try experiment.models.map { try plan.stages(of: $0) }
    comparisons = try plan.comparisons(of: stages.flatMap { $0 }) { [folder] path in
      let url = URL(fileURLWithPath: path, relativeTo: folder)
      _ = try SteeringVectors(contentsOf: url)
      return SHA256.hexadecimalDigest(of: Array(try Data(contentsOf: url)))
    }
    self.plan = plan
    self.datasets = datasets
  }

  var allStages: [Stage] { stages.flatMap { $0 } + comparisons }

  /// A model as the experiment computes with it.
  func load(_ name: String) throws -> LoadedModel {
    let loaded = try LoadedModel(name, dtype: experiment.dtype, weights: experiment.weights, device: device)
    let isInvariant = experiment.recording.batchInvariant ?? (loaded.model.dtype == .float32 && device == .cpu)
    return isInvariant ? loaded.batchInvariant() : loaded
  }

  func recorder(_ loaded: LoadedModel, _ encoder: PromptEncoder) throws -> Recorder {
    var options = Recorder.Options(layers: Array(0..<loaded.model.configuration.layerCount))
    options.labelSource = experiment.recording.label
    options.maxTokens = experiment.recording.maxTokens
    return try Recorder(loaded, encoder, options)
  }

  /// How a model's texts are rendered and become tokens.
  func encoder(_ tokenizer: Tokenizer) throws -> PromptEncoder {
    let prompt = experiment.prompt
    switch prompt.style {
    case .plain: return .plain(tokenizer)
    case .chat: return try .chat(tokenizer, template: prompt.template)
    case .fewShot:
      guard let pool = prompt.examplesFrom else {
        throw TelltaleError(.badInput, "the few-shot style needs prompt.examples-from, the data set of the examples")
      }
      var asked: Set<QuestionGroup> = []
      for name in experiment.usedDatasets where name != pool { asked.formUnion(try items(name).map(\.group)) }
      let header = try FewShotHeader(
        count: prompt.examples, from: items(pool), excluding: asked, seed: experiment.seed)
      return .fewShot(tokenizer, header)
    }
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
