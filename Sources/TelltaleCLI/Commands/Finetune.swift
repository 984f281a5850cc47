import ArgumentParser
import CommandSupport
import Foundation
import LanguageModels
import Steering

extension LearningRateSchedule: ExpressibleByArgument {}

struct Finetune: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a LoRA adapter to give the answers of a data set.",
    discussion: """
      Rows are {"question": "...", "answer": "..."}, with "contrastive_answer" for --contrast; the other formats of \
      data sets work too. The loss is taken of the answer's tokens alone. The adapter is PEFT's: adapter_config.json and \
      adapter_model.safetensors. With --contrast two are trained alike, OUTPUT/behaviour on the answers and \
      OUTPUT/opposite on the contrastive ones. docs/finetuning.md has the details.
      """)

  @OptionGroup var model: ModelOptions
  @Option(name: .customLong("data"), help: "The data file; give the option again for more files.")
  var files: [String]
  @Option(help: "anthropic, caa or contrast (default: told from the content).")
  var format: String?
  @OptionGroup var items: ItemOptions
  @OptionGroup var prompt: PromptOptions
  @Flag(help: "Train the pair: one adapter on the answers, one on the contrastive answers.")
  var contrast = false
  @Flag(help: "Train the end of the answer too: the end-of-sequence token.")
  var end = false
  @Option(help: "Share of the questions that is held out to measure the loss; 0 holds none out.")
  var heldOut = 0.1
  @OptionGroup(title: "Adapter") var adapter: AdapterOptions
  @OptionGroup(title: "Training") var training: TrainingOptions
  @Option(help: "The folder to make.")
  var output: String
  @Flag(help: "Go on with the interrupted training in the folder, to the same weights.")
  var resume = false
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard (0..<1).contains(heldOut) else { throw ValidationError("--held-out must be from 0 up to 1, not \(heldOut)") }
    guard model.adapter == nil else {
      throw ValidationError("--adapter cannot be trained further; leave it out and train a new one")
    }
    try training.check(model)
  }

  func run() throws {
    let device = try model.compute.prepare()
    let data = try items.load(files, format: format)
    for note in data.notes { Terminal.warning(note) }
    let loaded = try model.loaded(on: device)
    let encoder = try prompt.encoder(loaded.tokenizer, items: data.drawn, pool: data.all, seed: items.seed)
    let split = try split(data.drawn)
    var finetuning = Finetuning(
      adapter.configuration, try training.settings(rows: split.train.count, seed: items.seed))
    finetuning.checkpointEvery = training.checkpointEvery
    finetuning.activationMemory = training.activationBytes(on: device.first)
    finetuning.resumes = resume
    let folder = URL(fileURLWithPath: output)
    // A row without its opposite is found before anything is trained.
    let sides = try (contrast ? FinetuningSide.allCases : [.behaviour]).map { side in
      (side, try sequences(split.train, side, encoder), try sequences(split.test, side, encoder))
    }
    Terminal.note("\(loaded.startLine); \(split.train.count) rows to train on, \(split.test.count) held out")
    note(sides.flatMap(\.1), loaded.model, finetuning)
    explainInterruption(folder)
    var summaries: [Summary] = []
    for (side, train, test) in sides {
      let place = contrast ? folder.appendingPathComponent(side.rawValue) : folder
      let progress = TrainingProgress(contrast ? "\(side.rawValue): steps" : "steps")
      let report = try finetuning.run(loaded, training: train, heldOut: test, output: place) { progress.update($0) }
      summaries.append(Summary(output: place.path, side: side.rawValue, report: report))
    }
    if printing.json { return try Output.json(summaries) }
    for summary in summaries { summary.print() }
  }

  private func explainInterruption(_ folder: URL) {
    let every = training.checkpointEvery
    Interruption.explain {
      "the last checkpoint (one every \(every) steps) is kept in \(folder.relativePath); go on with --resume"
    }
  }

  /// Says what is computed twice, which is decided by the tokens of a pass.
  private func note(_ rows: [TrainingSequence], _ model: LanguageModel, _ finetuning: Finetuning) {
    let bytes = training.gradientCheckpointing ? 0 : finetuning.activationMemory
    let budget = ActivationBudget(model, bytes: bytes)
    let largest = rows.map(\.tokens.count).sorted(by: >).prefix(training.batch).reduce(0, +)
    let (kept, all) = (budget.keptBlocks(tokens: largest), model.configuration.layerCount)
    guard kept < all, let bytes else { return }
    let gibibytes = [budget.needed(tokens: largest), bytes].map { String(format: "%.2f", Double($0) / Double(1 << 30)) }
    Terminal.note(
      "the longest pass (\(largest) tokens) would keep \(gibibytes[0]) GiB of activations, \(gibibytes[1]) are allowed: those "
        + "of \(all - kept) of \(all) blocks are computed again")
  }

  /// Training and held-out rows, which share no question.
  private func split(_ rows: [Item]) throws -> (train: [Item], test: [Item]) {
    guard heldOut > 0 else { return (rows, []) }
    guard Set(rows.map(\.group)).count > 1 else {
      Terminal.warning("the rows ask one question, so none is held out")
      return (rows, [])
    }
    let split = try splitByGroup(rows, testFraction: heldOut, seed: items.seed)
    return (split.train, split.test)
  }

  private func sequences(
    _ rows: [Item], _ side: FinetuningSide, _ encoder: PromptEncoder
  ) throws -> [TrainingSequence] {
    try rows.map { try encoder.trainingSequence(for: $0, side, endsSequence: end) }
  }

  private struct Summary: Encodable {
    var output: String
    var side: String
    var report: FinetuningReport

    func print() {
      Output.line(
        "\(side): \(report.steps) steps on \(report.trainingSequences) rows, \(report.parameters) parameters, training loss "
          + String(format: "%.4f to %.4f", report.firstLoss, report.lastLoss))
      if let before = report.heldOutBefore, let after = report.heldOutAfter {
        Output.line(
          String(format: "held-out loss %.4f before, %.4f after", before, after) + " (\(report.heldOutSequences) rows)")
      }
      Output.line("written to \(output)")
    }
  }
}

/// How far a training is: redrawn on a terminal, a line every tenth of the steps elsewhere.
final class TrainingProgress {
  private let title: String
  private let started = Date()
  private var tokens = 0
  private var first: Int?
  private var drawn = Date.distantPast

  init(_ title: String) { self.title = title }

  func update(_ step: TrainingStep) {
    if first == nil { first = step.number - 1 }
    tokens += step.tokens
    let isLast = step.number == step.total
    let isDue =
      Terminal.isInteractive
      ? Date().timeIntervalSince(drawn) > 0.1 : step.number * 10 / step.total != (step.number - 1) * 10 / step.total
    guard isDue || isLast else { return }
    drawn = Date()
    let seconds = max(1e-9, Date().timeIntervalSince(started))
    let left = seconds / Double(step.number - (first ?? 0)) * Double(step.total - step.number)
    let line =
      "\(title): \(step.number) of \(step.total), loss \(String(format: "%.4f", step.loss)), "
      + String(format: "%.0f tokens/s, %.0f s left", Double(tokens) / seconds, left)
    guard Terminal.talk != .quiet else { return }
    Terminal.write(Terminal.isInteractive ? "\r\u{1B}[K\(line)\(isLast ? "\n" : "")" : "\(line)\n")
  }
}
