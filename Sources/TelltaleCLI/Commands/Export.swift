import ArgumentParser
import CommandSupport
import Experiments
import Foundation

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a run for other programs: CSV, JSON Lines, safetensors.",
    discussion: """
      Writes answers.csv, labels.csv, scores.csv and vectors.csv, answers.jsonl (each answer with all its labels) and \
      vectors/*.safetensors; with --activations also activations/*.safetensors, a file a chunk. --recording with --vector \
      exports a recording as a run of that vector would be.
      """)

  @OptionGroup var source: RunSource
  @Option(help: "The folder to make.")
  var output: String
  @Flag(help: "Copy the recordings' activations too.")
  var activations = false
  @OptionGroup var printing: PrintOptions

  func run() throws { try source.withRun(write) }

  private func write(_ run: StoredRun) throws {
    let store = try RunStore(run)
    let summary = try StoreExport(run, store).write(
      to: URL(fileURLWithPath: output), activations: activations)
    if printing.json { return try Output.json(summary) }
    Output.line("\(summary.answers) answers, \(summary.labels) labels, \(summary.scores) scores")
    Output.line("\(summary.files.count) files written to \(output)")
  }
}
