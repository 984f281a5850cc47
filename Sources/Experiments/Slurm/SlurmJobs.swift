import Foundation
import Torch

/// A run as two Slurm jobs: an array whose tasks each do a share of the chunks, and one job that ends the run when all of
/// them have succeeded.
package struct SlurmJobs: Encodable, Sendable {
  package var array: Int
  package var finish: Int
  package var tasks: Int
  /// The folder of the scripts and of what the jobs print.
  package var folder: String

  /// What the jobs are to run.
  package struct Request: Sendable {
    /// The program, by its absolute path.
    package var program: URL
    package var file: URL
    package var output: URL
    /// Options of `telltale run` that every job gets: models, device, threads.
    package var options: [String]
    package var tasks: Int
    /// More options of sbatch, each a word, for both jobs.
    package var sbatch: [String]

    package init(program: URL, file: URL, output: URL, options: [String], tasks: Int, sbatch: [String]) {
      (self.program, self.file, self.output) = (program, file, output)
      (self.options, self.tasks, self.sbatch) = (options, tasks, sbatch)
    }
  }

  /// Writes the scripts into a run directory that `ExperimentRun.beginArray` made, and submits them.
  ///
  /// - Throws: `TelltaleError` where Slurm takes them not; then nothing stays submitted.
  package static func submit(_ request: Request) throws -> SlurmJobs {
    let directory = RunDirectory(existing: request.output.standardizedFileURL.absoluteURL)
    let folder = directory.layout.slurm
    let script = SlurmScript(request, directory.layout)
    try directory.write(script.array, to: folder.appending(path: "array.sh"))
    try directory.write(script.finish, to: folder.appending(path: "finish.sh"))
    let slurm = SlurmCommands()
    let array = try slurm.submit(
      folder.appendingPathComponent("array.sh"),
      script.options("array", log: "task-%a.out") + ["--array=0-\(request.tasks - 1)"])
    do {
      // afterok holds for the whole array; without the second option a failed task would leave this job waiting for ever.
      let finish = try slurm.submit(
        folder.appendingPathComponent("finish.sh"),
        script.options("finish", log: "finish.out")
          + ["--dependency=afterok:\(array)", "--kill-on-invalid-dep=yes"])
      return SlurmJobs(array: array, finish: finish, tasks: request.tasks, folder: folder.path)
    } catch {
      slurm.cancel(array)
      throw error
    }
  }
}

/// The text of the two job scripts and the options of sbatch that they are submitted with.
struct SlurmScript {
  /// Tries of a task that fails by itself; pre-emption is Slurm's own and not counted.
  private static let tries = 3

  private let request: SlurmJobs.Request
  private let command: String
  private let log: String

  init(_ request: SlurmJobs.Request, _ layout: RunLayout) {
    self.request = request
    let words =
      [request.program.path, "run", request.file.standardizedFileURL.path, "--output", layout.url.path]
      + request.options
    command = words.map(Self.quoted).joined(separator: " ")
    // In a file name of sbatch, % begins a replacement.
    log = layout.slurm.path.replacingOccurrences(of: "%", with: "%%")
  }

  func options(_ name: String, log file: String) -> [String] {
    let run = request.output.lastPathComponent
    return [
      "--job-name=telltale-\(name)-\(run)", "--output=\(log)/\(file)", "--open-mode=append", "--requeue",
      "--chdir=\(FileManager.default.currentDirectoryPath)",
    ] + request.sbatch
  }

  var array: String {
    """
    #!/bin/bash
    # One task of a job array: its share of the run's chunks. Chunks that are there are kept, so a task that is
    # queued again continues where it was.
    \(command) --array-task "$SLURM_ARRAY_TASK_ID/\(request.tasks)"
    code=$?
    # Wrong input (2) fails again; anything else gets another try.
    if ((code != 0 && code != 2 && ${SLURM_RESTART_COUNT:-0} < \(Self.tries))); then
      scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60 # until Slurm ends this try
    fi
    exit $code

    """
  }

  var finish: String {
    """
    #!/bin/bash
    # Ends the run when all tasks have succeeded: vectors from recordings, tables, store.
    exec \(command) --resume

    """
  }

  /// A word for the shell, with any characters in it.
  static func quoted(_ word: String) -> String { "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'" }
}
