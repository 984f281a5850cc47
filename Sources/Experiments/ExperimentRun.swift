import Foundation
import Foundations
import LanguageModels
import Statistics
import Steering
import Torch

/// Runs an experiment from its file to its tables: record, extract, score, judge.
///
/// Every stage is done once for given inputs. A run that was interrupted is continued by running the same file into the
/// same directory with `resume`: what is whole is kept, what is missing or has other inputs is done again.
package final class ExperimentRun {
  /// What is being done, for a person who waits.
  package struct Events: Sendable {
    package var onStage: @Sendable (String) -> Void
    /// Rows of a recording that are done, of how many.
    package var onRows: @Sendable (_ title: String, _ done: Int, _ total: Int) -> Void

    package init(
      onStage: @escaping @Sendable (String) -> Void = { _ in },
      onRows: @escaping @Sendable (_ title: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) {
      (self.onStage, self.onRows) = (onStage, onRows)
    }
  }

  let planned: PlannedRun
  let directory: RunDirectory
  let events: Events
  var manifest: Manifest
  /// What the analysis found, once it was done.
  var results: ExperimentResults?
  var experiment: Experiment { planned.experiment }
  private var atWork: ModelAtWork?

  /// - Parameters:
  ///   - file: the experiment file; data files in it are relative to its folder. To go on from a run directory alone: the
  ///     experiment file in it, with the directory as `output`.
  ///   - overrides: models and data instead of those that the file names.
  ///   - output: the run directory to make, or with `resume` to continue.
  package static func run(
    file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), output: URL, resume: Bool = false,
    device: Devices = .cpu, version: String,
    events: Events = Events()
  ) throws -> ExperimentResults {
    try begin(
      file: file, overrides: overrides, output: output, resume: resume, device: device, version: version, events
    ) { run in
      for model in run.experiment.modelNames {
        try run.measure(model, run.planned.stages.filter { $0.stage.model == model && type(of: $0.stage).needsModel })
      }
      for planned in run.planned.stages where !type(of: planned.stage).needsModel {
        if try type(of: planned.stage).isRepeated || !run.directory.isDone(planned) { try planned.stage.run(run) }
      }
      return try run.finish()
    }
  }

  /// Makes or reopens the run directory, has it to itself while `body` works, and freezes the experiment in it.
  static func begin<Outcome>(
    file: URL, overrides: ExperimentOverrides, output: URL, resume: Bool, device: Devices, version: String,
    _ events: Events, _ body: (ExperimentRun) throws -> Outcome
  ) throws -> Outcome {
    // Bad data is reported before a directory is made or a model loaded.
    let planned = try TelltaleError.located(in: file.path) {
      try PlannedRun(file: file, overrides: overrides, device: device)
    }
    let directory =
      try resume ? RunDirectory(resuming: output, planned.experiment) : RunDirectory(creating: output)
    let lock = try RunLock(directory.layout)
    defer { withExtendedLifetime(lock) {} }
    directory.removeUnfinishedFiles()
    let run = ExperimentRun(planned, directory, version: version, events)
    do {
      try run.prepare()
      return try TelltaleError.located(in: file.path) { try body(run) }
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
  private func prepare() throws {
    for sentence in experiment.impossibleVectors { events.onStage(sentence) }
    let changes = try directory.forgetChanged(planned.lasting)
    for planned in planned.lasting { try planned.stage.refuseStrays(directory) }
    if let changes { events.onStage(changes) }
    if try planned.lasting.contains(where: { try !directory.isDone($0) }) {
      for repeated in planned.stages where type(of: repeated.stage).isRepeated { try directory.forget(repeated.stage) }
      if changes != nil { try RunStore.forgetScores(directory) }
    }
    try directory.write(planned.text, to: directory.layout.experiment)
    manifest.folder = planned.folder.standardizedFileURL.path
    try writeManifest()
  }

  private func writeManifest() throws { try directory.write(manifest, json: directory.layout.manifest) }

  /// The stages of one model that are not done.
  private func measure(_ model: ModelName, _ stages: [PlannedStage]) throws {
    guard try stages.contains(where: { try !directory.isDone($0) }) else {
      return events.onStage("\(model): recordings and vectors are there")
    }
    let started = Date()
    for planned in stages where try !directory.isDone(planned) { try planned.stage.run(self) }
    manifest.note(Manifest.Model(try self.model(model).loaded, seconds: Date().timeIntervalSince(started)))
    atWork = nil
    try writeManifest()
  }

  private func finish() throws -> ExperimentResults {
    manifest.finished = Date()
    manifest.peakBytes = [manifest.peakBytes, ProcessMemory.now.peak].compactMap { $0 }.max()
    try writeManifest()
    guard var results else { throw TelltaleError(.invalidArgument, "the run has no analysis") }
    results.notes = planned.datasets.notes
    return results
  }

  // MARK: What stages work with

  /// A model of the experiment, loaded for the first stage that asks, until one asks for another.
  func model(_ name: ModelName) throws -> ModelAtWork {
    if let atWork, atWork.name == name { return atWork }
    atWork = nil
    let path = experiment.models.first { experiment.name(of: $0) == name } ?? name.text
    events.onStage("\(path): loading")
    let made = try ModelAtWork(planned, path)
    for warning in made.loaded.warnings { events.onStage("warning: \(warning)") }
    events.onStage(startLine(made))
    atWork = made
    return made
  }

  /// Which model is computed with, how, and how much there is to do.
  private func startLine(_ work: ModelAtWork) -> String {
    let recorded = experiment.recordedDatasets.map { (try? planned.items($0.text).count) ?? 0 }.reduce(0, +)
    let (rows, vectors) = ("\(recorded) rows to record", experiment.vectors.count)
    return "\(work.loaded.startLine); \(rows), \(vectors) \(vectors == 1 ? "vector" : "vectors") to make"
  }

  func isDone(_ stage: some Stage) throws -> Bool { try directory.isDone(planned.stage(stage)) }

  /// Notes that a stage is done.
  func finish(_ stage: some Stage) throws { try directory.finish(planned.stage(stage)) }
}

/// A model that is loaded, with what stages share on it.
final class ModelAtWork {
  let name: ModelName
  let loaded: LoadedModel
  let encoder: PromptEncoder
  private let planned: PlannedRun
  private var made: [ObjectIdentifier: Any] = [:]

  /// - Parameter path: what the experiment file calls the model.
  init(_ planned: PlannedRun, _ path: String) throws {
    (self.planned, name) = (planned, planned.experiment.name(of: path))
    loaded = try planned.load(path)
    encoder = try planned.encoder(loaded.tokenizer)
  }

  func recorder() throws -> Recorder { try shared { try planned.recorder(loaded, encoder) } }

  /// What is made for the first stage that asks and used by all: one value of each type.
  func shared<Value>(_ make: () throws -> Value) rethrows -> Value {
    if let value = made[ObjectIdentifier(Value.self)] as? Value { return value }
    let value = try make()
    made[ObjectIdentifier(Value.self)] = value
    return value
  }
}

extension Experiment {
  /// Data sets that are put to the models: targets of predictions, and what class means are made of.
  package var recordedDatasets: [TargetName] {
    let spontaneous = vectors.filter { $0.contrast == .spontaneous }.map(\.dataset)
    let choice = [study?.chooseLayer].compactMap { $0 }
    // A data set without files is elsewhere: a vector that came from outside the run was made of it.
    let recorded = Set(predictions.flatMap(\.targets) + spontaneous + choice).filter { datasets[$0]?.files != [] }
    return recorded.sorted().map { TargetName($0) }
  }

  /// The models in the order of the file.
  package var modelNames: [ModelName] { models.map(name(of:)) }

  /// The name of a model in files and tables: the last part of its path or id, or all of it where another ends alike.
  package func name(of model: String) -> ModelName {
    func last(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? name }
    guard models.count(where: { last($0) == last(model) }) > 1 else { return ModelName(last(model)) }
    return ModelName(model.split(separator: "/").joined(separator: "/"))
  }

  /// The settings of a vector.
  func vector(_ name: VectorName) throws -> VectorSettings {
    guard let settings = vectors.first(where: { $0.name == name }) else {
      throw TelltaleError(.badInput, "there is no vector \"\(name)\" in the experiment")
    }
    return settings
  }

  var usedDatasets: [String] {
    let steered = steering?.targets ?? []
    let made = vectors.map(\.dataset) + [prompt.examplesFrom].compactMap { $0 }
    return Set(recordedDatasets.map(\.text) + made + steered).sorted()
  }
}
