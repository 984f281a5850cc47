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
  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let status = try RunStatus(URL(fileURLWithPath: directory))
    if json { return try Output.json(status) }
    Output.line(SafeText.visible(status.experiment))
    var table = TableValues(["stage", "model", "of", "state", "chunks", "rows", "rows/s", "left"])
    table.rows = status.stages.map(Self.cells)
    table.print()
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

  private static func cells(_ stage: RunStatus.StageStatus) -> [TableValue] {
    func share(_ done: Int?, _ all: Int?) -> TableValue {
      guard let done, let all else { return .text(nil) }
      return .text("\(done) of \(all)")
    }
    return [
      .text(stage.kind), .text(stage.model), .text(stage.subject), .text(stage.state.rawValue),
      share(stage.chunksDone, stage.chunks), share(stage.rowsDone, stage.rows), .number(stage.rowsPerSecond),
      .text(stage.state == .done ? nil : stage.secondsLeft.map(EstimateReport.duration)),
    ]
  }
}
