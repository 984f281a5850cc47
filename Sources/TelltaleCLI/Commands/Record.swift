import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering

extension LabelSource: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Record what a model answers, with labels and activations from the same pass.",
    discussion: """
      Writes a folder with rows.jsonl (prompt, continuation, label, the tokens read) and activations.safetensors: the \
      residual stream at the last prompt token and at the last token of the continuation, float32 [rows, layers, hidden].

      --turns also records the residual stream at the ends of turns of chats (turn:1, ...). Conversations in which the user \
      replies to the model (sycon-bench) are recorded answer by answer, one row each.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var options: RecordOptions
  @Option(help: "The folder to make.")
  var output: String
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let device = try model.compute.prepare()
    let data = try options.load()
    try AtomicFolder.refuseExisting(URL(fileURLWithPath: output))
    let loaded = try model.loaded(on: device)
    Interruption.explain { [output] in "\(output) was not written" }
    let progress = ProgressBox("recording", unit: "answers")
    let total = data.drawn.reduce(0) { $0 + $1.answerCount }
    let recording = try options.record(
      loaded, data, onBegin: { progress.begin(total: total) }, onProgress: { progress.update($0, of: total) })
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
