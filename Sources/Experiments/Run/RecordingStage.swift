import Foundation
import Steering
import Torch

/// Recording one data set with one model, chunk by chunk: the unit of work, of resume and of distribution.
///
/// Which rows belong to which chunk depends on the row's number alone, so that a resumed run computes the same rows
/// together as one that was never interrupted. One chunk is in memory at a time.
struct RecordingStage {
  let directory: RunDirectory
  let stage: Stage
  let chunkRows: Int

  var folder: String { "\(stage.model)-\(stage.subject)" }

  /// What came of the rows.
  struct Tally {
    var rows = 0
    var unparsable = 0
    var positives = 0

    mutating func add(_ rows: [RecordedRow]) {
      self.rows += rows.count
      unparsable += rows.count { $0.label == nil }
      positives += rows.count { $0.label == 1 }
    }
  }

  static func ranges(rows: Int, chunkRows: Int) -> [Range<Int>] {
    stride(from: 0, to: rows, by: chunkRows).map { $0..<min(rows, $0 + chunkRows) }
  }

  /// Records the chunks that are not there yet.
  ///
  /// - Parameters:
  ///   - record: makes the recording of some items.
  ///   - onRows: told how many rows are done.
  func run(
    _ items: [Item], onRows: (Int) -> Void, record: (_ items: [Item], _ before: Int) throws -> Recording
  ) throws -> Tally {
    var state = directory.record(of: stage.name) ?? StageRecord(stage, rows: items.count, chunkRows: chunkRows)
    try directory.write(state, of: stage.name)
    var tally = Tally()
    for (number, range) in Self.ranges(rows: items.count, chunkRows: chunkRows).enumerated() {
      if let rows = try directory.storedRows(folder, number), rows.count == range.count {
        tally.add(rows)
      } else {
        let started = Date()
        let recording = try record(Array(items[range]), range.lowerBound)
        try directory.write(recording, stage: folder, number: number)
        state.seconds["\(number)"] = Date().timeIntervalSince(started)
        try directory.write(state, of: stage.name)
        tally.add(recording.rows)
      }
      onRows(range.upperBound)
    }
    state.finished = state.finished ?? Date()
    try directory.write(state, of: stage.name)
    return tally
  }
}
