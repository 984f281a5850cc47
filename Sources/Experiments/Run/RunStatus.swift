import Foundation
import Torch

/// How far a run directory is: what `telltale status` shows.
package struct RunStatus: Encodable, Sendable {
  package enum State: String, Encodable, Sendable { case done, partial, waiting }

  package struct StageStatus: Encodable, Sendable {
    package var kind: String
    package var model: String
    package var subject: String
    package var state: State
    /// Recordings only, and only once begun.
    package var chunks: Int?
    package var chunksDone: Int?
    package var rows: Int?
    package var rowsDone: Int?
    /// Rows per second of the chunks whose time is known.
    package var rowsPerSecond: Double?
    /// What the rows that are missing take one process at that rate.
    package var secondsLeft: Double?
    package var finished: Date?
  }

  package var experiment: String
  package var stages: [StageStatus]
  /// Answers with a label of the first pass, by rater.
  package var handLabels: [String: Int]
  /// The same by judge.
  package var judgeLabels: [String: Int]
  /// When anything in the directory was last written.
  package var lastActivity: Date?
  /// The processes that work on it now: one, or the tasks of a job array.
  package var holders: [RunHolder]
  /// Of all recordings, shared by those who work on it; nil where a recording has not been begun or timed.
  package var recordingSecondsLeft: Double?

  /// Reads a run directory without changing anything in it; a running process is not disturbed.
  package init(_ url: URL) throws {
    let run = try StoredRun(url)
    experiment = run.experiment.name
    let seconds = TaskTimes.all(in: run.directory)
    stages = try run.experiment.stages.map { try run.directory.status($0, seconds) }
    let labels = try LabelCounts.of(run.directory)
    (handLabels, judgeLabels) = (labels.hands, labels.judges)
    lastActivity = run.directory.lastActivity
    holders = RunLock.holders(of: run.directory.layout)
    let left = stages.filter { $0.kind == RecordStage.kind && $0.state != .done }.map(\.secondsLeft)
    let known = left.compactMap { $0 }
    recordingSecondsLeft = known.count == left.count ? known.reduce(0, +) / Double(max(1, holders.count)) : nil
  }
}

extension RunDirectory {
  /// - Parameter taskSeconds: what array tasks took, by stage and chunk.
  fileprivate func status(
    _ stage: some Stage, _ taskSeconds: [String: [String: Double]]
  ) throws -> RunStatus.StageStatus {
    var status = RunStatus.StageStatus(
      kind: type(of: stage).kind, model: stage.model.text, subject: stage.subject, state: .waiting)
    guard let record = try record(of: stage) else { return status }
    status.state = record.finished == nil ? .partial : .done
    status.finished = record.finished
    guard let numbers = stage.chunkNumbers(layout), let rows = record.rows, let chunkRows = record.chunkRows else {
      return status
    }
    let ranges = RecordStage.ranges(rows: rows, chunkRows: max(1, chunkRows))
    let done = numbers.filter(ranges.indices.contains)
    status.rows = rows
    status.chunks = ranges.count
    status.chunksDone = done.count
    status.rowsDone = done.reduce(0) { $0 + ranges[$1].count }
    let known = record.seconds.merging(taskSeconds[stage.name] ?? [:]) { own, _ in own }
    let timed = done.compactMap { number in known["\(number)"].map { (ranges[number].count, $0) } }
    let seconds = timed.reduce(0) { $0 + $1.1 }
    status.rowsPerSecond = seconds > 0 ? Double(timed.reduce(0) { $0 + $1.0 }) / seconds : nil
    let missing = rows - (status.rowsDone ?? 0)
    status.secondsLeft = missing == 0 ? 0 : status.rowsPerSecond.map { Double(missing) / $0 }
    return status
  }

  fileprivate var lastActivity: Date? {
    let keys: [URLResourceKey] = [.contentModificationDateKey]
    let walk = FileManager.default.enumerator(at: url, includingPropertiesForKeys: keys)
    return (walk?.compactMap { $0 as? URL } ?? [])
      .compactMap { try? $0.resourceValues(forKeys: Set(keys)).contentModificationDate }.max()
  }
}
