import Foundation
import Foundations
import LanguageModels
import Statistics
import Steering
import Torch

/// Runs an experiment from its file to its tables: record, extract, score, judge.
///
/// Every stage is done once for given inputs. A run that was interrupted is continued by running the same file into the
/// same directory with `resume`: what is whole is kept, what is missing or has other inputs is done anew.
public struct ExperimentRun {
  /// What is being done, for a person who waits.
  public struct Events: Sendable {
    public var onStage: @Sendable (String) -> Void
    /// Rows of a recording that are done, of how many.
    public var onRows: @Sendable (_ title: String, _ done: Int, _ total: Int) -> Void

    public init(
      onStage: @escaping @Sendable (String) -> Void = { _ in },
      onRows: @escaping @Sendable (_ title: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) {
      (self.onStage, self.onRows) = (onStage, onRows)
    }
  }

  let planned: PlannedRun
  let directory: RunDirectory
  let events: Events
  private var manifest: Manifest
  var experiment: Experiment { planned.experiment }
  private var onStage: (String) -> Void { events.onStage }

  /// - Parameters:
  ///   - file: the experiment file; data files in it are relative to its folder. To go on from a run directory alone: the
  ///     `experiment.yaml` in it, with the directory as `output`.
  ///   - overrides: models and data in the place of those that the file names.
  ///   - output: the run directory to make, or with `resume` to continue.
  public static func run(
    file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), output: URL, resume: Bool = false,
    device: Device = .cpu, version: String,
    events: Events = Events()
  ) throws -> ExperimentResults {
    try begin(
      file: file, overrides: overrides, output: output, resume: resume, device: device, version: version, events
    ) {
      run in
      for (name, stages) in zip(run.experiment.models, run.planned.stages) { try run.measure(name, stages) }
      try run.compareVectors()
      return try run.finish()
    }
  }

  /// Makes or reopens the run directory, has it to itself while `body` works, and freezes the experiment in it.
  static func begin<Outcome>(
    file: URL, overrides: ExperimentOverrides, output: URL, resume: Bool, device: Device, version: String,
    _ events: Events,
    _ body: (inout ExperimentRun) throws -> Outcome
  ) throws -> Outcome {
    // Bad data is reported before a directory is made or a model loaded.
    let planned = try PlannedRun(file: file, overrides: overrides, device: device)
    let directory =
      try resume ? RunDirectory(resuming: output, planned.experiment) : RunDirectory(creating: output)
    let lock = try RunLock(directory.url)
    defer { withExtendedLifetime(lock) {} }
    directory.removeUnfinishedFiles()
    var run = ExperimentRun(planned, directory, version: version, events)
    do {
      try run.prepare()
      return try body(&run)
    } catch {
      if !resume { directory.removeIfWithoutResults() }
      throw error
    }
  }

  init(_ planned: PlannedRun, _ directory: RunDirectory, version: String, _ events: Events) {
    (self.planned, self.directory, self.events) = (planned, directory, events)
    manifest = directory.manifest ?? Manifest(experiment: planned.experiment.name, version: version)
  }

  /// Freezes the experiment file and clears away what was made of other inputs, before anything new is made: results of
  /// old and new inputs never lie side by side.
  private mutating func prepare() throws {
    let stages = planned.allStages
    for sentence in experiment.impossibleVectors { onStage(sentence) }
    let changes = try directory.forgetChanged(stages)
    if let changes { onStage(changes) }
    if stages.contains(where: { !directory.isDone($0) }) {
      try directory.forget(Stage(kind: .analysis, model: "", subject: "", inputs: [:]))
      if changes != nil { try RunStore.forgetScores(directory) }
    }
    try directory.write(planned.text, to: "experiment.yaml")
    manifest.folder = planned.folder.standardizedFileURL.path
    try directory.write(manifest, json: "manifest.json")
  }

  // MARK: One model

  private mutating func measure(_ name: String, _ stages: [Stage]) throws {
    guard stages.contains(where: { !directory.isDone($0) }) else {
      onStage("\(name): recordings and vectors are there")
      return
    }
    let started = Date()
    onStage("\(name): loading")
    let loaded = try planned.load(name)
    let encoder = try planned.encoder(loaded.tokenizer)
    var steering: SteeringStage?
    for stage in stages where !directory.isDone(stage) {
      switch stage.kind {
      case .record: try record(stage, loaded, encoder)
      case .extract: try extract(stage, loaded, encoder)
      case .steer: try steer(stage, loaded, encoder, &steering)
      case .audit: try writeAuditInputs(stage, loaded, encoder)
      case .compare, .analysis: break
      }
    }
    manifest.note(Manifest.Model(loaded, seconds: Date().timeIntervalSince(started)))
    try directory.write(manifest, json: "manifest.json")
  }

  func extract(_ stage: Stage, _ loaded: LoadedModel, _ encoder: PromptEncoder) throws {
    guard let settings = experiment.vectors.first(where: { $0.name == stage.subject }) else { return }
    onStage("\(loaded.name): extracting \(settings.name)")
    var recordings: [String: ChunkedRecording] = [:]
    if settings.method == .classMean {
      recordings[settings.dataset] = try directory.recording(stage: "\(stage.model)-\(settings.dataset)")
    }
    let made = try extract(settings, loaded, encoder, recordings)
    try made.write(to: directory.file("vectors/\(stage.model)-\(settings.name).safetensors"))
    try directory.finish(stage)
  }

  /// - Parameter made: what the vectors of one model share, made for the first.
  private mutating func steer(
    _ stage: Stage, _ loaded: LoadedModel, _ encoder: PromptEncoder, _ made: inout SteeringStage?
  ) throws {
    guard let settings = experiment.steering else { return }
    onStage("\(loaded.name): steering with \(stage.subject)")
    let steering = try made ?? SteeringStage(settings, loaded, encoder, planned.items(of: settings))
    made = steering
    let vectors = try SteeringVectors(
      contentsOf: directory.file("vectors/\(stage.model)-\(stage.subject).safetensors"))
    let folder = directory.file("steering")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try directory.write(try steering.run(vectors), json: "steering/\(stage.model)-\(stage.subject).json")
    try directory.finish(stage)
  }

  private func compareVectors() throws {
    let waiting = planned.comparisons.filter { !directory.isDone($0) }
    guard !waiting.isEmpty else { return }
    try FileManager.default.createDirectory(at: directory.file("comparisons"), withIntermediateDirectories: true)
    let comparison = ComparisonStage(try StoredRun(directory.url), planned, onNote: onStage)
    for stage in waiting {
      onStage("\(stage.model): comparing \(stage.subject) with other vectors")
      let result = try comparison.compare(stage.subject, of: stage.model)
      try directory.write(result, json: "comparisons/\(stage.model)-\(stage.subject).json")
      try directory.finish(stage)
    }
  }

  /// What the audit needs of the model itself, so that results can be computed again without it.
  func writeAuditInputs(_ stage: Stage, _ loaded: LoadedModel, _ encoder: PromptEncoder) throws {
    let folder = try auditFolder(loaded.name)
    for dataset in experiment.recordedDatasets {
      guard let letters = try LetterDirection(loaded.model, encoder, planned.items(dataset)) else { continue }
      try letters.write(to: folder.appendingPathComponent("letters.safetensors"))
      break
    }
    let planted = loaded.directory.appendingPathComponent("planted.safetensors")
    if let data = try? Data(contentsOf: planted) {
      try AtomicFile.write(data, to: folder.appendingPathComponent("planted.safetensors"))
    }
    try directory.finish(stage)
  }

  private func auditFolder(_ model: String) throws -> URL {
    let folder = directory.file("audit/\(experiment.shortName(of: model))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private mutating func record(_ stage: Stage, _ loaded: LoadedModel, _ encoder: PromptEncoder) throws {
    let title = "\(loaded.name): recording \(stage.subject)"
    onStage(title)
    let recorder = try planned.recorder(loaded, encoder)
    let items = try planned.items(stage.subject)
    let recording = RecordingStage(directory: directory, stage: stage, chunkRows: experiment.recording.chunkRows)
    let onRows = events.onRows
    let tally = try recording.run(
      items, onRows: { onRows(title, $0, items.count) },
      record: { part, before in try recorder.record(part) { onRows(title, before + $0, items.count) } })
    manifest.recordings[recording.folder] = Manifest.Recording(
      rows: tally.rows, unparsable: tally.unparsable, positives: tally.positives)
  }

  private func extract(
    _ settings: Experiment.VectorSettings, _ loaded: LoadedModel, _ encoder: PromptEncoder,
    _ recordings: [String: ChunkedRecording]
  ) throws -> SteeringVectors {
    var extraction = VectorExtraction(
      read: settings.read, layers: Array(0..<loaded.model.configuration.layerCount), seed: experiment.seed)
    let differences = try auditFolder(loaded.name).appendingPathComponent("differences-\(settings.name).safetensors")
    extraction.estimator = settings.estimator
    extraction.onDifferences = { try $0.write(to: differences) }
    let items = try planned.items(of: settings)
    switch settings.method {
    case .contrastPairs:
      return try extraction.run(loaded, encoder, items.map { try encoder.builder.pair(for: $0) })
    case .instructions:
      let pairs = try InstructionPairs(positive: settings.positive ?? [], negative: settings.negative ?? [])
      return try extraction.run(loaded, encoder, pairs, items, maxTokens: settings.maxTokens)
    case .modelDifference:
      let other = try LoadedModel(
        settings.against ?? "", dtype: experiment.dtype, weights: experiment.weights, device: planned.device)
      return try extraction.run(loaded, minus: other, encoder, items)
    case .classMean:
      guard let recording = recordings[settings.dataset] else {
        throw TelltaleError(.failed, "the data set \(settings.dataset) was not recorded")
      }
      let wanted = Set(items.map(\.id))
      let rows = recording.rows.indices.filter { wanted.contains(recording.rows[$0].id) }
      var vectors = try recording.vectors(
        at: settings.read, of: rows, estimator: settings.estimator, seed: experiment.seed)
      vectors.provenance.model = loaded.name
      vectors.provenance.modelFingerprint = loaded.fingerprint
      return vectors
    }
  }

  // MARK: Results

  private mutating func finish() throws -> ExperimentResults {
    let run = try StoredRun(directory.url)
    var results = try Analysis(run, onStage: events.onStage).write()
    try directory.finish(planned.plan.analysis(of: planned.allStages))
    onStage("writing the store")
    try RunStore(directory).build(run)
    manifest.finished = Date()
    try directory.write(manifest, json: "manifest.json")
    results.notes = planned.datasets.notes
    return results
  }
}

extension Experiment {
  /// Data sets that are put to the models: targets of predictions, and what class means are made of.
  public var recordedDatasets: [String] {
    let spontaneous = vectors.filter { $0.method == .classMean }.map(\.dataset)
    let choice = [study?.chooseLayer].compactMap { $0 }
    return Array(Set(predictions.flatMap(\.targets) + spontaneous + choice)).sorted()
  }

  /// The name of a model in files and tables: the last part of its path or id, unless another model ends alike.
  public func shortName(of model: String) -> String {
    func last(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
    guard models.count(where: { last($0) == last(model) }) > 1 else { return last(model) }
    return model.split(separator: "/").joined(separator: "-")
  }

  var usedDatasets: [String] {
    let steered = steering?.targets ?? []
    return Array(Set(recordedDatasets + vectors.map(\.dataset) + steered + [prompt.examplesFrom].compactMap { $0 }))
      .sorted()
  }
}
