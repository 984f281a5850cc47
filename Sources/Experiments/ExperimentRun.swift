import Foundation
import LanguageModels
import Statistics
import Steering
import Torch

/// Runs an experiment from its file to its tables: record, extract, score, judge.
public struct ExperimentRun {
  private let experiment: Experiment
  private let device: Device
  private let directory: RunDirectory
  private var datasets: Datasets
  private var manifest: Manifest
  /// What is being done, for a person who waits.
  private let onStage: (String) -> Void

  /// - Parameters:
  ///   - file: the experiment file; data files in it are relative to its folder.
  ///   - output: the run directory to make.
  public static func run(
    file: URL, output: URL, device: Device = .cpu, version: String, onStage: @escaping (String) -> Void = { _ in }
  ) throws -> ExperimentResults {
    let experiment = try ExperimentFile.load(file)
    var datasets = Datasets(experiment, folder: file.deletingLastPathComponent())
    // Bad data is reported before a directory is made or a model loaded.
    for name in experiment.usedDatasets { _ = try datasets.items(name) }
    let models = try experiment.models.map { try ModelLocator.directory(for: $0) }
    var run = ExperimentRun(
      experiment: experiment, device: device, directory: try RunDirectory(creating: output), datasets: datasets,
      manifest: Manifest(experiment: experiment.name, version: version), onStage: onStage)
    do {
      try run.directory.write(try String(contentsOf: file, encoding: .utf8), to: "experiment.yaml")
      for (name, _) in zip(experiment.models, models) { try run.measure(name) }
      return try run.finish()
    } catch {
      run.directory.removeIfWithoutResults()
      throw error
    }
  }

  private init(
    experiment: Experiment, device: Device, directory: RunDirectory, datasets: Datasets, manifest: Manifest,
    onStage: @escaping (String) -> Void
  ) {
    (self.experiment, self.device, self.directory) = (experiment, device, directory)
    (self.datasets, self.manifest, self.onStage) = (datasets, manifest, onStage)
  }

  // MARK: One model

  private mutating func measure(_ name: String) throws {
    let started = Date()
    onStage("\(name): loading")
    let loaded = try LoadedModel(name, dtype: experiment.dtype, device: device)
    let encoder = try encoder(loaded)
    let short = experiment.shortName(of: name)
    var recordings: [String: Recording] = [:]
    for dataset in experiment.recordedDatasets {
      onStage("\(name): recording \(dataset)")
      recordings[dataset] = try record(dataset, loaded, encoder, stage: "\(short)-\(dataset)")
    }
    for settings in experiment.vectors {
      onStage("\(name): extracting \(settings.name)")
      let made = try extract(settings, loaded, encoder, recordings)
      try made.write(to: directory.file("vectors/\(short)-\(settings.name).safetensors"))
    }
    try writeAuditInputs(loaded, encoder)
    manifest.models.append(Manifest.Model(loaded, seconds: Date().timeIntervalSince(started)))
  }

  /// What the audit needs of the model itself, so that results can be computed again without it.
  private mutating func writeAuditInputs(_ loaded: LoadedModel, _ encoder: PromptEncoder) throws {
    let folder = try auditFolder(loaded.name)
    for dataset in experiment.recordedDatasets {
      guard let letters = try LetterDirection(loaded.model, encoder, datasets.items(dataset)) else { continue }
      try letters.write(to: folder.appendingPathComponent("letters.safetensors"))
      break
    }
    let planted = loaded.directory.appendingPathComponent("planted.safetensors")
    if let data = try? Data(contentsOf: planted) {
      try AtomicFile.write(data, to: folder.appendingPathComponent("planted.safetensors"))
    }
  }

  private func auditFolder(_ model: String) throws -> URL {
    let folder = directory.file("audit/\(experiment.shortName(of: model))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private mutating func encoder(_ loaded: LoadedModel) throws -> PromptEncoder {
    let prompt = experiment.prompt
    switch prompt.style {
    case .plain: return .plain(loaded.tokenizer)
    case .chat: return try .chat(loaded.tokenizer, template: prompt.template)
    case .fewShot:
      guard let pool = prompt.examplesFrom else {
        throw ExperimentError(.badInput, "the few-shot style needs prompt.examples-from, the data set of the examples")
      }
      var asked: Set<QuestionGroup> = []
      for name in experiment.usedDatasets where name != pool { asked.formUnion(try datasets.items(name).map(\.group)) }
      let header = try FewShotHeader(
        count: prompt.examples, from: datasets.items(pool), excluding: asked, seed: experiment.seed)
      return .fewShot(loaded.tokenizer, header)
    }
  }

  private mutating func record(
    _ dataset: String, _ loaded: LoadedModel, _ encoder: PromptEncoder, stage: String
  ) throws -> Recording {
    var options = Recorder.Options(layers: Array(0..<loaded.model.configuration.layerCount))
    options.labelSource = experiment.recording.label
    options.maxTokens = experiment.recording.maxTokens
    let recording = try Recorder(loaded, encoder, options).record(datasets.items(dataset))
    try directory.write(recording, stage: stage, number: 0)
    let unlabelled = recording.rows.count { $0.label == nil }
    manifest.recordings[stage] = Manifest.Recording(
      rows: recording.rows.count, unparsable: unlabelled, positives: recording.rows.count { $0.label == 1 })
    return recording
  }

  private mutating func extract(
    _ settings: Experiment.VectorSettings, _ loaded: LoadedModel, _ encoder: PromptEncoder,
    _ recordings: [String: Recording]
  ) throws -> SteeringVectors {
    var extraction = VectorExtraction(
      read: settings.read, layers: Array(0..<loaded.model.configuration.layerCount), seed: experiment.seed)
    let differences = try auditFolder(loaded.name).appendingPathComponent("differences-\(settings.name).safetensors")
    extraction.estimator = settings.estimator
    extraction.onDifferences = { try $0.write(to: differences) }
    let items = try drawn(settings)
    switch settings.method {
    case .contrastPairs:
      return try extraction.run(loaded, encoder, items.map { try encoder.builder.pair(for: $0) })
    case .instructions:
      let pairs = try InstructionPairs(positive: settings.positive ?? [], negative: settings.negative ?? [])
      return try extraction.run(loaded, encoder, pairs, items, maxTokens: settings.maxTokens)
    case .modelDifference:
      let other = try LoadedModel(settings.against ?? "", dtype: experiment.dtype, device: device)
      return try extraction.run(loaded, minus: other, encoder, items)
    case .classMean:
      guard let recording = recordings[settings.dataset] else {
        throw ExperimentError(.failed, "the data set \(settings.dataset) was not recorded")
      }
      let wanted = Set(items.map(\.id))
      let own = try recording.selecting(recording.rows.indices.filter { wanted.contains(recording.rows[$0].id) })
      var vectors = try own.vectors(at: settings.read, estimator: settings.estimator, seed: experiment.seed)
      vectors.provenance.model = loaded.name
      vectors.provenance.modelFingerprint = loaded.fingerprint
      return vectors
    }
  }

  /// The items that a vector is made of: all of its data set, or the balanced few that `pairs` says.
  private mutating func drawn(_ settings: Experiment.VectorSettings) throws -> [Item] {
    let items = try datasets.items(settings.dataset)
    guard let count = settings.pairs, count < items.count else { return items }
    return try sample(items, take: count, seed: experiment.seed).items
  }

  // MARK: Results

  private mutating func finish() throws -> ExperimentResults {
    var results = try Analysis(StoredRun(directory.url), onStage: onStage).write()
    manifest.finished = Date()
    try directory.write(manifest, json: "manifest.json")
    results.notes = datasets.notes
    return results
  }
}

extension Experiment {
  /// Data sets that are put to the models: targets of predictions, and what class means are made of.
  var recordedDatasets: [String] {
    let spontaneous = vectors.filter { $0.method == .classMean }.map(\.dataset)
    return Array(Set(predictions.flatMap(\.targets) + spontaneous)).sorted()
  }

  /// The name of a model in files and tables: the last part of its path or id, unless another model ends alike.
  public func shortName(of model: String) -> String {
    func last(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
    guard models.count(where: { last($0) == last(model) }) > 1 else { return last(model) }
    return model.split(separator: "/").joined(separator: "-")
  }

  var usedDatasets: [String] {
    Array(Set(recordedDatasets + vectors.map(\.dataset) + [prompt.examplesFrom].compactMap { $0 })).sorted()
  }
}
