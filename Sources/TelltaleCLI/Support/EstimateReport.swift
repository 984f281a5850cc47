import CommandSupport
import Experiments
import Foundation
import Foundations

/// What a run would compute and need, as text.
struct EstimateReport {
  private let estimate: RunEstimate

  init(_ estimate: RunEstimate) { self.estimate = estimate }

  func print() {
    Self.table.values(estimate.stages).print()
    Output.line(
      "memory: about \(Self.bytes(estimate.memoryBytes)), of which \(Self.bytes(estimate.weightBytes)) weights and "
        + "\(Self.bytes(estimate.programBytes)) the program")
    Output.line("disk: about \(Self.bytes(estimate.diskBytes))")
    Output.line(
      "time: about \(Self.duration(estimate.seconds)) on this machine as busy as it is now, from "
        + "\(estimate.measuredRows) rows; the analysis comes on top")
    for labelling in estimate.labelling {
      Output.line(
        "labels: \(labelling.answers) answers to \(labelling.targets.joined(separator: ", ")) await "
          + "\(labelling.labels.phrase); see docs/labels.md")
    }
  }

  private static let table = Table<StageCost>(
    "estimate", "",
    [
      .text("stage", "", \.kind), .text("model", "", \.model), .text("of", "", \.subject),
      .integer("prompts", "", \.prompts), .integer("tokens given", "", \.givenTokens),
      .integer("new at most", "", \.newTokens), .text("disk") { bytes($0.bytes) },
      .text("time") { $0.seconds.map(duration) },
    ])

  /// `1.5 GB`, in powers of 1,000.
  static func bytes(_ count: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var (value, unit) = (Double(count), 0)
    while value >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1_000, unit + 1) }
    return String(format: value < 9.95 && unit > 0 ? "%.1f" : "%.0f", value) + " \(units[unit])"
  }

  /// `45 s`, `12 min`, `3.5 h`.
  static func duration(_ seconds: Double) -> String {
    if seconds < 100 { return String(format: seconds < 9.95 ? "%.1f s" : "%.0f s", seconds) }
    if seconds < 5_940 { return String(format: "%.0f min", seconds / 60) }
    return String(format: "%.1f h", seconds / 3_600)
  }
}
