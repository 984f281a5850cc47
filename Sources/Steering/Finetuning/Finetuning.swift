import Foundation
import Foundations
import LanguageModels
import Torch

/// Fine-tunes a LoRA adapter into a folder, resumably.
///
/// While it runs the folder holds `checkpoint.safetensors` and `losses.csv`; when it is done `adapter_config.json` and
/// `adapter_model.safetensors` (PEFT's), `losses.csv` and `training.json`, and no checkpoint.
public struct Finetuning: Sendable {
  public var lora: LoRAConfiguration
  public var settings: TrainingSettings
  /// Steps between checkpoints.
  public var checkpointEvery = 50
  /// Bytes that activations may take; nil for any number. What is trained does not depend on it.
  public var activationMemory: Int?
  /// Whether a folder in which a training was interrupted, or is finished, is gone on with.
  public var resumes = false

  static let checkpointName = "checkpoint.safetensors"
  static let lossesName = "losses.csv"

  public init(_ lora: LoRAConfiguration, _ settings: TrainingSettings) {
    self.lora = lora
    self.settings = settings
  }

  /// Trains on `training`, or resumes that training, and measures the loss on `heldOut` before and after.
  ///
  /// - Parameter loaded: the base model, without an adapter.
  public func run(
    _ loaded: LoadedModel, training: [TrainingSequence], heldOut: [TrainingSequence] = [], output: URL,
    onStep: (TrainingStep) -> Void = { _ in }
  ) throws -> FinetuningReport {
    guard checkpointEvery > 0 else { throw TelltaleError(.badInput, "checkpoints are at least 1 step apart") }
    var lora = lora
    lora.baseModel = lora.baseModel ?? loaded.name
    let stated = stated(loaded, training)
    if let report = try finished(output, stated) { return report }
    let trainer = try trainer(loaded.model, lora, output, stated)
    let before = try heldOut.isEmpty ? nil : loaded.model.loss(of: heldOut)
    try trainer.run(training) { step in
      onStep(step)
      if step.number % checkpointEvery == 0, step.number < step.total { try save(trainer, output, stated) }
    }
    let adapter = try trainer.adapter()
    let after = try heldOut.isEmpty ? nil : loaded.model.adapted(by: adapter).loss(of: heldOut)
    let report = FinetuningReport(
      stated: stated, steps: trainer.stepsTaken, parameters: adapter.parameterCount, trainingSequences: training.count,
      heldOutSequences: heldOut.count, heldOutBefore: before, heldOutAfter: after,
      firstLoss: trainer.log.first?.loss ?? .nan, lastLoss: trainer.log.last?.loss ?? .nan)
    try finish(adapter, trainer, report, output)
    return report
  }

  /// Everything that the result depends on, by name.
  private func stated(_ loaded: LoadedModel, _ training: [TrainingSequence]) -> [String: String] {
    var stated = [
      "model": loaded.fingerprint, "dtype": loaded.model.dtype.rawValue, "data": Fingerprint.sequences(training),
      "rank": "\(lora.rank)", "alpha": "\(lora.alpha)", "rslora": "\(lora.isRankStabilised)",
      "dropout": "\(lora.dropout)", "targets": (lora.targets ?? []).joined(separator: ","),
      "learning-rate": "\(settings.learningRate)", "schedule": settings.schedule.rawValue,
      "warmup": "\(settings.warmUp)", "steps": "\(settings.steps)", "batch": "\(settings.batch)",
      "accumulate": "\(settings.accumulate)", "weight-decay": "\(settings.weightDecay)", "seed": "\(settings.seed)",
      "gradient-checkpointing": "\(settings.gradientCheckpointing)",
    ]
    stated["clip"] = settings.largestGradient.map { "\($0)" } ?? "none"
    stated["layers"] = lora.layers.map { $0.map(String.init).joined(separator: ",") } ?? "all"
    return stated
  }

  // MARK: The folder

  /// The report of a training that is finished already; nil where there is something to do.
  private func finished(_ output: URL, _ stated: [String: String]) throws -> FinetuningReport? {
    let place = InputLocation(file: output.path)
    let files = (try? FileManager.default.contentsOfDirectory(atPath: output.path)) ?? []
    guard !files.isEmpty else { return nil }
    guard resumes else {
      throw TelltaleError(.badInput, "is there already; resume it, or name another folder", at: place, remedy: .resume)
    }
    guard files.contains("adapter_model.safetensors") else { return nil }
    let report = try FinetuningReport.read(output)
    for (key, value) in stated.sorted(by: { $0.key < $1.key }) where report.stated[key] != value {
      throw TelltaleError(
        .badInput, "holds a finished training with another \(key); train into another folder", at: place)
    }
    return report
  }

  /// The trainer at its start, or where its last checkpoint was written.
  private func trainer(
    _ model: LanguageModel, _ lora: LoRAConfiguration, _ output: URL, _ stated: [String: String]
  ) throws -> LoRATrainer {
    let url = output.appendingPathComponent(Self.checkpointName)
    removeHalfWritten(output)
    if resumes, FileManager.default.fileExists(atPath: url.path) {
      let checkpoint = try TrainingCheckpoint.read(url, configuration: lora, stated: stated)
      return try LoRATrainer(model, from: checkpoint, settings: settings, activationMemory: activationMemory)
    }
    let initial = try LoRAAdapter.initial(lora, for: model.configuration, seed: settings.seed)
    let trainer = try LoRATrainer(model, from: initial, settings: settings, activationMemory: activationMemory)
    do { try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true) } catch {
      throw TelltaleError(
        .badInput, "cannot be made; check that the folder above it is writable", at: InputLocation(file: output.path))
    }
    return trainer
  }

  /// A process that was killed while it wrote a file leaves what it had of it next to the whole one.
  private func removeHalfWritten(_ output: URL) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: output.path)) ?? [] {
      let isOurs = [Self.checkpointName, Self.lossesName].contains { name.hasPrefix(".\($0).") }
      if isOurs, name.hasSuffix(".tmp") { try? FileManager.default.removeItem(at: output.appendingPathComponent(name)) }
    }
  }

  private func save(_ trainer: LoRATrainer, _ output: URL, _ stated: [String: String]) throws {
    try trainer.checkpoint().write(to: output.appendingPathComponent(Self.checkpointName), stated: stated)
    try writeLosses(trainer, output)
  }

  /// The adapter's weights come last but for the checkpoint's removal: a folder that holds them is finished.
  private func finish(
    _ adapter: LoRAAdapter, _ trainer: LoRATrainer, _ report: FinetuningReport, _ output: URL
  ) throws {
    try writeLosses(trainer, output)
    try report.write(to: output)
    try adapter.write(to: output)
    try? FileManager.default.removeItem(at: output.appendingPathComponent(Self.checkpointName))
  }

  private func writeLosses(_ trainer: LoRATrainer, _ output: URL) throws {
    let steps = trainer.log.enumerated().map { ($0.offset + 1, $0.element) }
    try TrainingLog.table.values(steps).write(to: output.appendingPathComponent(Self.lossesName))
  }
}

/// What a training was like, step by step.
package enum TrainingLog {
  package typealias Step = (number: Int, entry: TrainingCheckpoint.LogEntry)

  package static let table = Table<Step>(
    "losses", "One optimiser step.",
    [
      .integer("step", "Its number, from 1.", \.number),
      .number("loss", "Mean negative log-probability of the answers' tokens.", unit: "nats per token", \.entry.loss),
      .number("learning_rate", "Of the step.", \.entry.learningRate),
      .number("gradient_norm", "Length of the gradient before it is clipped.", \.entry.gradientNorm),
    ])
}
