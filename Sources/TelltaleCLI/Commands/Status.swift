import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say how far a run directory is, and whether a process works on it.")

  @Argument(help: "The run directory.")
  var directory: String
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let status = try RunStatus(URL(fileURLWithPath: directory))
    if printing.json { return try Output.json(status) }
    Output.line(SafeText.visible(status.experiment))
    Self.table.values(status.stages).print()
    if let left = status.recordingSecondsLeft, left > 0 {
      let workers = status.holders.count > 1 ? "\(status.holders.count) tasks" : "one process"
      Output.line("recordings: about \(EstimateReport.duration(left)) left with \(workers)")
    }
    Output.line("hand labels: \(Self.counts(status.handLabels))")
    if !status.judgeLabels.isEmpty { Output.line("labels of judges: \(Self.counts(status.judgeLabels))") }
    if let last = status.lastActivity { Output.line("last written: \(last.formatted(.iso8601))") }
    let holders = status.holders.map { "\($0.description) since \($0.since.formatted(.iso8601))" }
    Output.line("worked on by: \(holders.isEmpty ? "nobody" : holders.joined(separator: "; "))")
  }

  private static func counts(_ labels: [String: Int]) -> String {
    let counts = labels.sorted { $0.key < $1.key }.map { "\($0.value) by \(SafeText.visible($0.key))" }
    return counts.isEmpty ? "none" : counts.joined(separator: ", ")
  }

  private static let table = Table<RunStatus.StageStatus>(
    "status", "",
    [
      .text("stage", "", \.kind), .text("model", "", \.model), .text("of", "", \.subject),
      .text("state", "", \.state.rawValue), .text("chunks") { share($0.chunksDone, $0.chunks) },
      .text("rows") { share($0.rowsDone, $0.rows) }, .number("rows/s", "", \.rowsPerSecond),
      .text("left") { $0.state == .done ? nil : $0.secondsLeft.map(EstimateReport.duration) },
    ])

  private static func share(_ done: Int?, _ all: Int?) -> String? {
    done.flatMap { done in all.map { "\(done) of \($0)" } }
  }
}
