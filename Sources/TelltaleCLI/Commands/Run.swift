import ArgumentParser
import Experiments
import Foundation

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run an experiment file: record, extract vectors, score, judge.",
    discussion: """
      Writes a run directory with the frozen experiment file, recordings with their activations, vectors, \
      results/*.csv and the store telltale.sqlite, and prints the per-layer tables. docs/experiments.md documents every \
      key of the file, docs/runs.md the directory.

      --model and --dataset run the same file with another model and other data; the run directory holds what was \
      really run. A file with a study prints one row for every vector instead of the per-layer tables.

      A run that was interrupted is continued with --resume: chunks and vectors that are whole are kept. So is one whose \
      experiment file, data or model changed: what depends on the change is made anew, and said.
      """)

  @Argument(help: "The experiment file (YAML).")
  var experiment: String
  @Option(help: "A model in the place of those that the file names; may be given several times.")
  var model: [String] = []
  @Option(
    help: "NAME=FILE: a file in the place of the data set that the file calls NAME; repeated, all files are read.")
  var dataset: [String] = []
  @Option(help: "The run directory to make (default: runs/<name of the file>).")
  var output: String?
  @Flag(help: "Continue the run directory, or begin it where it is not there.")
  var resume = false
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Print the predictivity table as JSON instead of text.")
  var json = false

  private var overrides: ExperimentOverrides {
    get throws {
      var files: [String: [URL]] = [:]
      for given in dataset {
        let parts = given.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw UsageError("--dataset \(given) is not of the form NAME=FILE") }
        files[parts[0], default: []].append(URL(fileURLWithPath: parts[1]))
      }
      return ExperimentOverrides(models: model, datasets: files)
    }
  }

  func run() throws {
    if compute.dtype != nil { throw UsageError("--dtype is set by the experiment file's key dtype") }
    let device = try compute.prepare()
    let file = URL(fileURLWithPath: experiment)
    let output = URL(fileURLWithPath: output ?? "runs/\(file.deletingPathExtension().lastPathComponent)")
    let meter = RowMeter()
    let events = ExperimentRun.Events(
      onStage: { Terminal.note($0) }, onRows: { meter.update($0, done: $1, total: $2) })
    let results = try ExperimentRun.run(
      file: file, overrides: try overrides, output: output, resume: resume, device: device, version: Telltale.version,
      events: events)
    for (dataset, notes) in results.notes.sorted(by: { $0.key < $1.key }) {
      for note in notes { Terminal.warning("\(dataset): \(note)") }
    }
    if json { return try Output.json(results.predictions.map(\.row)) }
    if let about = results.experiment.about { Output.line(about) }
    results.print()
    Output.line("")
    Output.line("Every position and score: \(output.path)/results/predictivity.csv; the audit's findings: audit.csv")
  }
}
