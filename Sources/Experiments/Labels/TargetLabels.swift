import Foundation
import Steering
import Torch

/// The recordings of target sets with the labels that they are to be judged by.
///
/// Only targets are relabelled. Vectors made from class means of recorded labels stay as they were made, and so do the
/// layers that a study chose on other data.
struct TargetLabels {
  let choice: LabelChoice
  /// The labels that the chosen ones are compared with.
  let reference: LabelChoice
  private let run: StoredRun
  private let given: LabelIndex

  init(_ run: StoredRun, _ choice: LabelChoice, reference: LabelChoice = .recorded) throws {
    (self.run, self.choice, self.reference) = (run, choice, reference)
    given = choice == .recorded && reference == .recorded ? LabelIndex([]) : try LabelIndex(run)
  }

  /// A target with the chosen labels; rows that have none stay where they are and are left out of every judgement.
  struct Target {
    var recording: ChunkedRecording
    /// The label of each row by the reference.
    var reference: [Int?]
  }

  /// Nil where no answer that was read at the position has a label of 1 or 0; by the run's own labels it is left to the
  /// audit to say so.
  func target(_ model: ModelName, _ name: TargetName, at position: ReadPosition) throws -> Target? {
    let recording = try run.recording(model, name)
    let reference = verdicts(reference, model, name, recording.rows).map { $0?.label }
    guard choice != .recorded else { return Target(recording: recording, reference: reference) }
    let rows = zip(recording.rows, verdicts(choice, model, name, recording.rows)).map(relabelled)
    let hasLabels = rows.contains { $0.label != nil && $0.isRead(at: position) }
    return hasLabels ? Target(recording: recording.replacing(rows: rows), reference: reference) : nil
  }

  private func relabelled(_ row: RecordedRow, _ verdict: LabelIndex.Verdict?) -> RecordedRow {
    var row = row
    row.label = verdict?.label
    row.labelSource = choice.source ?? row.labelSource
    row.unparsable = nil
    return row
  }

  func coverage(_ model: ModelName, _ name: TargetName) throws -> LabelCoverage {
    let rows = try run.recording(model, name).rows
    return LabelCoverage(choice, model, name, rows, verdicts(choice, model, name, rows))
  }

  /// One per row; nil where it has no label.
  private func verdicts(
    _ choice: LabelChoice, _ model: ModelName, _ name: TargetName, _ rows: [RecordedRow]
  ) -> [LabelIndex.Verdict?] {
    guard choice != .recorded else { return rows.map { LabelIndex.Verdict($0.label) } }
    var keys = ContentKeys(model: model, dataset: name)
    return rows.map { given.verdict(choice, on: keys.next($0).continuation) }
  }
}

extension LabelChoice {
  /// The name that relabelled rows bear; nil where they keep their own.
  fileprivate var source: LabelSource? {
    switch self {
    case .recorded: nil
    case .hand: .hand(rater: "all")
    case .rater(let name): .hand(rater: name)
    case .judge(let name): .judge(name: name)
    }
  }
}
