import ArgumentParser
import Experiments
import Foundation

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run an experiment file: record, extract vectors, score, judge.",
    discussion: """
      Writes a run directory with the frozen experiment file, recordings with their activations, vectors and \
      results/*.csv, and prints the per-layer tables. docs/experiments.md documents every key of the file.
      """)

  @Argument(help: "The experiment file (YAML).")
  var experiment: String
  @Option(help: "The run directory to make (default: runs/<name of the file>).")
  var output: String?
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Print the predictivity table as JSON instead of text.")
  var json = false

  func run() throws {
    if compute.dtype != nil { throw UsageError("--dtype is set by the experiment file's key dtype") }
    let device = try compute.prepare()
    let file = URL(fileURLWithPath: experiment)
    let output = URL(fileURLWithPath: output ?? "runs/\(file.deletingPathExtension().lastPathComponent)")
    let results = try ExperimentRun.run(
      file: file, output: output, device: device, version: Telltale.version, onStage: { Terminal.note($0) })
    for (dataset, notes) in results.notes.sorted(by: { $0.key < $1.key }) {
      for note in notes { Terminal.warning("\(dataset): \(note)") }
    }
    if json { return try Output.json(results.predictions.map(\.row)) }
    if let about = results.experiment.about { Output.line(about) }
    ResultTables(results: results).print()
    Output.line("")
    Output.line("Every position and score: \(output.path)/results/predictivity.csv; the audit's findings: audit.csv")
  }
}
