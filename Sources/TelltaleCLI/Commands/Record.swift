import ArgumentParser
import CommandSupport
import Foundation
import LanguageModels
import Steering

extension LabelSource: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record what a model answers, with labels and activations from the one pass.",
    discussion: """
      Writes a folder with rows.jsonl (prompt, continuation, label, the tokens read) and activations.safetensors: the \
      residual stream at the last prompt token and at the last token of the continuation, float32 [rows, layers, hidden].
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var source: DataOptions
  @Option(help: "anthropic, caa, contrast, truthfulqa or truthfulqa-mc (default: told from the content).")
  var format: String?
  @OptionGroup var labels: LabelOptions
  @Option(help: "Layers to record: all, or layers such as 0,3 or 8-12, counted from 0.")
  var recordLayers = LayerList.all
  @Option(help: "0 is greedy; above, tokens are drawn.")
  var temperature = 0.0
  @Option(help: "Draw from the fewest tokens that hold this share of the probability.")
  var topP = 1.0
  @OptionGroup var edit: EditOptions
  @Option(help: "The folder to make.")
  var output: String
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let device = try model.compute.prepare()
    var data = try source.load(format: format)
    // Of TruthfulQA, whose questions have no choices, the best incorrect answer is the behaviour.
    if labels.label == .forcedChoice { data.drawn = data.drawn.map { $0.choosingReferences() } }
    let loaded = try model.loaded(on: device)
    var options = Recorder.Options(layers: try recordLayers.resolve(loaded.model.configuration))
    options.labelSource = labels.label ?? .letter
    options.maxTokens = labels.maxTokens
    options.sampling = try Sampling(temperature: temperature, topP: topP, seed: source.items.seed)
    options.edits = try edit.edits(loaded)
    let encoder = try source.encoder(loaded.tokenizer, data)
    let progress = ProgressBox(ProgressLine("answers", total: data.drawn.count))
    let recording = try Recorder(loaded, encoder, options).record(data.drawn) { progress.update($0) }
    try RecordingFolder.write(recording, to: URL(fileURLWithPath: output))
    try report(recording)
  }

  private struct Summary: Encodable {
    var output: String
    var rows: Int
    var groups: Int
    var positives: Int
    var negatives: Int
    var unparsable: Int
  }

  private func report(_ recording: Recording) throws {
    let rows = recording.rows
    let summary = Summary(
      output: output, rows: rows.count, groups: Set(rows.map(\.group)).count,
      positives: rows.count { $0.label == 1 }, negatives: rows.count { $0.label == 0 },
      unparsable: rows.count { $0.label == nil })
    if printing.json { return try Output.json(summary) }
    Output.line(
      "\(summary.rows) answers to \(summary.groups) questions: \(summary.positives) show the behaviour, "
        + "\(summary.negatives) do not, \(summary.unparsable) could not be read")
    let unread = Dictionary(grouping: rows.filter { $0.label == nil }, by: \.group).mapValues(\.count)
    for (group, count) in unread.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(10) {
      Output.line("  not read: \(count) in \(group)")
    }
    Output.line("written to \(output)")
  }
}

/// A progress line that an escaping closure can update.
final class ProgressBox {
  private var progress: ProgressLine
  init(_ progress: ProgressLine) { self.progress = progress }
  func update(_ done: Int) { progress.update(done) }
}
