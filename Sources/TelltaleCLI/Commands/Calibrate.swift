import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import Statistics

struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure by simulation whether verdicts keep their promise and intervals cover the truth.",
    discussion: """
      Draws experiments with a known truth and judges each as real data would be: scores that are only what known columns \
      say, templates and families that cross or hold the questions, no effect at all, and real effects that questions blur. \
      docs/calibration.md reports the tables; this command computes them again.

      --intervals prints the coverage of the clustered interval alone, over more recipes; --without-groups then withholds the \
      groups, to see what that costs.
      """)

  @Option(help: "Simulated experiments per line.")
  var experiments = 1_000
  @Option(help: "Permutations per audit; with --intervals, 0 leaves the audits out.")
  var permutations = 200
  @Option(help: "Only experiments with this many groups.")
  var groups: Int?
  @Flag(help: "Coverage of the interval under more recipes, instead of the table of verdicts.")
  var intervals = false
  @Option(help: "With --intervals: layers that each audit compares.")
  var layers = 5
  @Flag(help: "With --intervals: withhold the groups from the audit.")
  var withoutGroups = false
  @Option(help: "Seed; each line adds its number.")
  var seed: UInt64 = 2026
  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    for (name, value, range) in [
      ("experiments", experiments, 1...10_000_000), ("layers", layers, 1...1_000),
      ("permutations", permutations, (intervals ? 0 : 1)...1_000_000),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    if withoutGroups, !intervals { throw ValidationError("--without-groups goes with --intervals") }
    let known = Set(
      intervals ? Calibration.standardExperiments.map(\.groups) : Calibration.verdictLines.map(\.cell.groups))
    if let groups, !known.contains(groups) {
      throw ValidationError(
        "--groups must be \(known.sorted().map(String.init).joined(separator: ", ")), not \(groups)")
    }
  }

  func run() throws { intervals ? try printIntervals() : try printVerdicts() }

  /// Lines are worked on side by side and printed in order.
  private func printVerdicts() throws {
    let lines = Calibration.verdictLines.enumerated().filter { groups == nil || $0.element.cell.groups == groups }
    if !json { Output.line(Self.verdictHeader) }
    let workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
    for start in stride(from: 0, to: lines.count, by: workers) {
      let part = Array(lines[start..<min(lines.count, start + workers)])
      let results = try ParallelMap.map(part.count, workers: workers) {
        [experiments, permutations, seed] index in
        try Calibration.run(
          part[index].element.cell, experiments: experiments, permutations: permutations,
          seed: seed &+ UInt64(part[index].offset))
      }
      for (line, result) in zip(part, results) {
        if json { try Output.json(result) } else { Output.line(Self.row(result, line.element)) }
      }
    }
  }

  private static let verdictHeader =
    "| case | questions | supported | promise | explained | absent | cannot tell | coverage within | across |\n"
    + "|---|---|---|---|---|---|---|---|---|"

  private static func row(_ result: VerdictCalibration, _ line: VerdictLine) -> String {
    let share =
      switch line.promise {
      case .supportedAtMost(let share): "at most \(percent(share))"
      case .supportedAtLeast(let share): "at least \(percent(share))"
      }
    let asked =
      share + (line.coverage.map { ", coverage \(percent($0.lowerBound)) to \(percent($0.upperBound))" } ?? "")
    let kept = line.isKept(by: result) ? "" : " (not kept)"
    let cells = [
      result.name, "\(result.groups)", percent(result.supported), asked + kept, percent(result.explained),
      percent(result.absent), percent(result.cannotTell), percent(result.coverageWithin),
      percent(result.coverageAcross),
    ]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  private static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.1f %%", 100 * $0) } ?? "-"
  }

  private func printIntervals() throws {
    if !json { Output.line(Self.header) }
    for (line, experiment) in Calibration.standardExperiments.enumerated() {
      if let groups, experiment.groups != groups { continue }
      let result = try Calibration.run(
        experiment, experiments: experiments, layers: layers, permutations: permutations,
        groupsKnown: !withoutGroups, seed: seed &+ UInt64(line))
      if json { try Output.json(result) } else { Output.line(row(result)) }
    }
  }

  private static let header =
    "groups  rows        label corr.  score corr.  rate  ties  AUROC   coverage  supported  cannot tell"

  private func row(_ result: CalibrationResult) -> String {
    let e = result.experiment
    func percent(_ share: Double?) -> String { share.map { String(format: "%6.1f %%", 100 * $0) } ?? "undefined" }
    let rows = "\(e.rowsPerGroup)\(e.unequalSizes ? ", unequal" : "")".padding(
      toLength: 11, withPad: " ", startingAt: 0)
    let recipe = String(
      format: "%11.1f  %11.1f  %4.1f  ", e.labelCorrelation, e.scoreCorrelation, e.positiveRate)
    let ties = e.tieStep > 0 ? "yes " : "no  "
    let verdicts =
      permutations == 0
      ? "        -            -"
      : "\(percent(result.supportedRate))   \(percent(Double(result.cannotTell) / Double(result.experiments)))"
    return String(format: "%6d  ", e.groups) + rows + " " + recipe + ties
      + String(format: "  %5.2f  ", e.separation) + percent(result.coverage) + "   " + verdicts
  }
}
