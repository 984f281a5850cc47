import ArgumentParser
import CommandSupport
import Foundation
import Statistics

struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure by simulation whether intervals cover the truth and verdicts keep their promise.",
    discussion: """
      Draws experiments with a known truth (groups alike inside, unequal, rare positives, ties, with an effect and \
      without) and judges each as real data would be. docs/calibration.md reports its tables; this command computes them \
      again. Without an effect (AUROC 0.5) "supported" is the false-positive rate, elsewhere the power.
      """)

  @Option(help: "Simulated experiments per line.")
  var experiments = 2_000
  @Option(help: "Layers that each audit compares.")
  var layers = 5
  @Option(help: "Permutations per audit; 0 leaves the audits out and measures intervals only.")
  var permutations = 300
  @Option(help: "Only experiments with this many groups: 10, 30 or 100.")
  var groups: Int?
  @Flag(help: "Withhold the groups from the audit, to see what that costs.")
  var withoutGroups = false
  @Option(help: "Seed; each line adds its number.")
  var seed: UInt64 = 2026
  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    for (name, value, range) in [
      ("experiments", experiments, 1...10_000_000), ("layers", layers, 1...1_000),
      ("permutations", permutations, 0...1_000_000),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
    if let groups, !Calibration.standardExperiments.contains(where: { $0.groups == groups }) {
      throw ValidationError("--groups must be 10, 30 or 100, not \(groups)")
    }
  }

  func run() throws {
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
