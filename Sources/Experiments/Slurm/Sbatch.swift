import Foundation
import Foundations
import Torch

/// The scheduler's own commands, called with their arguments as they are: no shell reads them.
struct SlurmCommands {
  private let environment: [String: String]

  init(environment: [String: String] = ProcessInfo.processInfo.environment) { self.environment = environment }

  /// Submits a script; returns the job's number.
  ///
  /// - Throws: `TelltaleError` where there is no sbatch, it refuses the job, or its answer is not understood.
  func submit(_ script: URL, _ options: [String]) throws -> Int {
    let outcome = try run("sbatch", ["--parsable"] + options + [script.path])
    guard outcome.code == 0 else {
      let reason = outcome.errors.isEmpty ? "it ended with code \(outcome.code)" : outcome.errors
      throw TelltaleError(.failed, "sbatch refused the job: \(Self.sentence(reason))")
    }
    // `number` or `number;cluster`.
    let answer = outcome.output.split(separator: ";", omittingEmptySubsequences: false).first.flatMap { Int($0) }
    guard let number = answer, number > 0 else {
      throw TelltaleError(
        .failed,
        "sbatch answered \"\(Self.sentence(outcome.output))\" where the number of a job is meant; see squeue for what was "
          + "submitted")
    }
    return number
  }

  /// Takes a job back; whether that succeeded does not matter to whoever failed before.
  func cancel(_ job: Int) { _ = try? run("scancel", ["\(job)"]) }

  private func run(_ name: String, _ arguments: [String]) throws -> (code: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = try find(name)
    process.arguments = arguments
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    do { try process.run() } catch {
      throw TelltaleError(.failed, "\(name) could not be started: \(error.localizedDescription)")
    }
    // Slurm's messages are far smaller than a pipe.
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    func trimmed(_ data: Data) -> String {
      String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    return (process.terminationStatus, trimmed(text), trimmed(complaint))
  }

  private func find(_ name: String) throws -> URL {
    for folder in (environment["PATH"] ?? "").split(separator: ":") {
      let url = URL(fileURLWithPath: String(folder)).appendingPathComponent(name)
      if FileManager.default.isExecutableFile(atPath: url.path) { return url }
    }
    throw TelltaleError(
      .badInput, "\(name) was not found; submit from a machine of a Slurm cluster, or run without it")
  }

  /// The last line, which says most, cut to what a person reads.
  private static func sentence(_ text: String) -> String {
    SafeText.quoted(String((text.split(separator: "\n").last ?? "").prefix(200)))
  }
}
