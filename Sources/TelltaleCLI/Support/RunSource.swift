import ArgumentParser
import CommandSupport
import Experiments
import Foundation

/// A run directory, or a recording with a vector instead of one: shared by what reports and exports runs.
struct RunSource: ParsableArguments {
  @Argument(help: "The run directory.")
  var directory: String?
  @Option(help: "Instead of a run: the folder of a recording (telltale record), with --vector.")
  var recording: String?
  @Option(help: "The vector (telltale extract) that the recording is judged by.")
  var vector: String?

  func validate() throws {
    guard (recording == nil) == (vector == nil) else {
      throw ValidationError("--recording and --vector go together: name a recording's folder and a vector's file")
    }
    guard (directory == nil) != (recording == nil) else {
      throw ValidationError("name a run directory, or --recording and --vector")
    }
  }

  /// Does something with the run. A recording is judged in a temporary folder, which is removed at the end.
  func withRun<Result>(_ body: (StoredRun) throws -> Result) throws -> Result {
    if let directory { return try body(StoredRun(URL(fileURLWithPath: directory))) }
    guard let recording, let vector else { throw ValidationError("name a run directory, or --recording and --vector") }
    let url = FileManager.default.temporaryDirectory.appending(path: "telltale-recorded-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    let made = try RecordedRun(recording: URL(fileURLWithPath: recording), vector: URL(fileURLWithPath: vector))
    return try body(made.write(to: url) { Terminal.note($0) })
  }
}
