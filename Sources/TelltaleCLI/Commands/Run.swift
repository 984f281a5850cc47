import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations
import LanguageModels

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
      experiment file, data or model changed: what depends on the change is made again, and said. telltale run DIR --resume \
      needs the directory alone.

      --check reads the file, the data and the models' configurations and says what is wrong with them. --dry-run prints what the run would compute, need and take. --slurm submits it to a cluster instead of running it: \
      a job array over the chunks, and a job that ends the run (docs/cluster.md).
      """)

  @Argument(help: "The experiment file (YAML), or with --resume a run directory, which holds it.")
  var experiment: String
  @Option(help: "A model instead of those that the file names; may be given several times.")
  var model: [String] = []
  @Option(
    help: "NAME=FILE: a file instead of the data set that the file calls NAME; repeated, all files are read.")
  var dataset: [String] = []
  @Option(help: "Rows of every data set at most, for a first look; their verdicts are of so few rows.")
  var limit: Int?
  @Option(help: "The run directory to make (default: runs/<name of the file>).")
  var output: String?
  @Flag(help: "Continue the run directory, or begin it where it is not there.")
  var resume = false
  @Flag(help: "Check the file, its data and its models in a second, and do nothing.")
  var check = false
  @Flag(help: "Print prompts, tokens, memory, disk and an estimate of the time, and do nothing.")
  var dryRun = false
  @OptionGroup var cluster: ClusterOptions
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Print the predictivity table as JSON instead of text.")
  var json = false

  /// Whether a run directory was given, whose own experiment file is meant.
  private var isDirectory: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: experiment, isDirectory: &isFolder) && isFolder.boolValue
  }
  private var file: URL {
    let given = URL(fileURLWithPath: experiment)
    return isDirectory ? RunLayout(given).experiment : given
  }
  private var directory: URL {
    let name = isDirectory ? experiment : "runs/\(file.deletingPathExtension().lastPathComponent)"
    return URL(fileURLWithPath: output ?? name)
  }

  func validate() throws {
    let modes = [check, dryRun, cluster.slurm, cluster.arrayTask != nil].count { $0 }
    guard limit ?? 1 >= 1 else { throw ValidationError("--limit must be at least 1") }
    guard modes < 2 else { throw ValidationError("give one of --check, --dry-run, --slurm and --array-task") }
  }

  private func overrides() throws -> ExperimentOverrides {
    var files: [String: [URL]] = [:]
    for given in dataset {
      let parts = given.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw TelltaleError(.badInput, "--dataset \(given) is not of the form NAME=FILE") }
      files[parts[0], default: []].append(URL(fileURLWithPath: parts[1]))
    }
    return ExperimentOverrides(models: model, datasets: files, limit: limit)
  }

  func run() throws {
    try checkDirectory()
    if compute.dtype != nil { throw TelltaleError(.badInput, "--dtype is set by the experiment file's key dtype") }
    if compute.weights != .dense {
      throw TelltaleError(.badInput, "--weights is set by the experiment file's key weights")
    }
    if check { return try printCheck() }
    if cluster.slurm { return try submit() }
    let device = try compute.prepare()
    if dryRun { return try estimate(device) }
    if let task = cluster.arrayTask { return try run(task, device) }
    try run(device)
  }

  /// A run directory is continued as it was begun.
  private func checkDirectory() throws {
    guard isDirectory else { return }
    func refuse(_ message: String) -> TelltaleError {
      TelltaleError(.badInput, message, at: InputLocation(file: experiment))
    }
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw refuse("is a folder without an experiment.yaml; name an experiment file, or a directory that run made")
    }
    try RunLayout(directory).checkVersion()
    guard resume || check || dryRun || cluster.arrayTask != nil else {
      throw refuse("is a run directory; continue it with --resume")
    }
    guard model.isEmpty, dataset.isEmpty, limit == nil,
      output.map({ URL(fileURLWithPath: $0).standardizedFileURL == directory.standardizedFileURL }) ?? true
    else {
      throw refuse(
        "is a run directory, which continues as it was begun; give --model, --dataset, --limit and --output with a file"
      )
    }
  }

  /// That the run can begin, and what it would do.
  private func printCheck() throws {
    let check = try ExperimentCheck(file: file, overrides: overrides(), device: plannedDevice())
    if json { return try Output.json(check) }
    Output.line(SafeText.visible(check.experiment))
    for model in check.models {
      Output.line("model     \(SafeText.visible(model.name)): \(model.layers) layers of width \(model.hidden)")
    }
    for data in check.datasets {
      Output.line("data set  \(SafeText.visible(data.name)): \(data.rows) rows of \(data.questions) questions")
    }
    let names = check.vectors.prefix(6).joined(separator: ", ") + (check.vectors.count > 6 ? ", ..." : "")
    Output.prose(
      "\(check.vectors.count) \(check.vectors.count == 1 ? "vector" : "vectors") (\(names)), predicting "
        + "\(check.targets.joined(separator: ", "))", indent: 2)
    Output.prose("The file is right: the run can begin. What it takes: --dry-run.")
  }

  /// What the run would cost.
  private func estimate(_ device: Devices) throws {
    let estimate = try RunEstimate(file: file, overrides: overrides(), device: device) { Terminal.note($0) }
    if json { return try Output.json(estimate) }
    EstimateReport(estimate).print()
  }

  private func submit() throws {
    let words = try cluster.sbatchWords()
    try ExperimentRun.beginArray(
      file: file, overrides: overrides(), output: directory, resume: resume, device: plannedDevice(),
      version: Version.current, events: .init(onStage: { Terminal.note($0) }))
    var options = model.flatMap { ["--model", $0] } + dataset.flatMap { ["--dataset", $0] }
    if let limit { options += ["--limit", "\(limit)"] }
    options += ["--device", compute.device]
    if let threads = compute.threads { options += ["--threads", "\(threads)"] }
    let jobs = try SlurmJobs.submit(
      .init(
        program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath(),
        file: isDirectory ? directory : file, output: directory,
        options: options, tasks: cluster.tasks, sbatch: words))
    if json { return try Output.json(jobs) }
    Output.line("job \(jobs.array): \(jobs.tasks) tasks, each a share of the chunks")
    Output.line("job \(jobs.finish): ends the run when all tasks have succeeded")
    Output.line("How far it is: telltale status \(directory.relativePath); what the jobs print: \(jobs.folder)")
  }

  /// The device that the jobs will have; this machine need not have it.
  private func plannedDevice() throws -> Devices {
    try compute.devices()
  }

  /// What is whole is kept: chunks, vectors, steering. A run that has none of it left a directory all the same.
  private func explainInterruption(_ output: URL) {
    Interruption.explain {
      let stages = (try? RunStatus(output).stages) ?? []
      let (done, chunks) = (stages.count { $0.state == .done }, stages.compactMap(\.chunksDone).reduce(0, +))
      let kept = "\(done) of \(stages.count) stages and \(chunks) \(chunks == 1 ? "chunk" : "chunks") of answers"
      return stages.isEmpty
        ? "nothing was begun" : "\(kept) are kept; go on with telltale run \(output.relativePath) --resume"
    }
  }

  private func run(_ task: ArrayTask, _ device: Devices) throws {
    let meter = ProgressMeter()
    let outcome = try ExperimentRun.run(
      task, file: file, overrides: overrides(), output: directory, device: device, version: Version.current,
      events: .init(onStage: { Terminal.note($0) }, onRows: { meter.update($0, done: $1, total: $2) }))
    Output.line("task \(task): \(outcome.done) pieces done, \(outcome.kept) were there")
  }

  private func run(_ device: Devices) throws {
    let output = directory
    explainInterruption(output)
    let meter = ProgressMeter()
    let events = ExperimentRun.Events(
      onStage: { Terminal.note($0) }, onRows: { meter.update($0, done: $1, total: $2) })
    let results = try ExperimentRun.run(
      file: file, overrides: try overrides(), output: output, resume: resume, device: device, version: Version.current,
      events: events)
    for (dataset, notes) in results.notes.sorted(by: { $0.key < $1.key }) {
      for note in notes { Terminal.warning("\(dataset): \(note)") }
    }
    if json { return try Output.json(results.predictions.map(\.row)) }
    if let about = results.experiment.about { Output.prose(about) }
    results.print()
    for other in results.byOtherLabels { RelabelledReport(other).print() }
    Output.line("")
    Output.prose(
      "Every position and score: \(RunLayout(output).table(.predictivity).path); the audit's findings: audit.csv; the whole "
        + "as one page: telltale report \(output.relativePath)")
    if let conclusion = Conclusion.run(results.audits) { Output.prose(conclusion) }
  }
}
