import ArgumentParser
import Experiments
import Foundations

extension ArrayTask: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// Running on a Slurm cluster.
struct ClusterOptions: ParsableArguments {
  @Flag(help: "Submit the run to Slurm: a job array over the chunks and a job that ends the run.")
  var slurm = false
  @Option(help: "Tasks of the job array.")
  var tasks = 4
  @Option(
    parsing: .unconditional,
    help: "More options of sbatch for both jobs, separated by spaces: --gres=gpu:1 --time=2:00:00.")
  var sbatch: String?
  @Option(help: "Do only this share of a run that --slurm began, such as 2/4, counted from 0; what array tasks run.")
  var arrayTask: ArrayTask?

  func validate() throws {
    guard (1...ArrayTask.largestCount).contains(tasks) else {
      throw ValidationError("--tasks must be from 1 to \(ArrayTask.largestCount), not \(tasks)")
    }
    guard slurm || sbatch == nil else { throw ValidationError("--sbatch goes with --slurm") }
  }

  /// The options of sbatch, each a word.
  func sbatchWords() throws -> [String] {
    let words = (sbatch ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    let reserved = ["--array", "-a", "--dependency", "-d", "--parsable", "--wrap"]
    for word in words {
      let name = String(word.prefix { $0 != "=" })
      guard word.hasPrefix("-"), !word.contains("\""), !word.contains("'") else {
        throw TelltaleError(
          .badInput,
          "--sbatch: \"\(SafeText.quoted(String(word)))\" is no option of the form --name=value; write it so, without quotes"
        )
      }
      if reserved.contains(name) {
        throw TelltaleError(.badInput, "--sbatch: \(name) is set by telltale; leave it out")
      }
    }
    return words
  }
}
