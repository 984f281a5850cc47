import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import Statistics

/// How large an experiment must be.
struct PlanOptions: ParsableArguments {
  @Flag(help: "Say how many groups are needed to detect --auroc.")
  var plan = false
  @Option(help: "The AUROC to detect, between 0.5 and 1.")
  var auroc: Double?
  @Option(help: "Rows of each group (question).")
  var rowsPerGroup = 1.0
  @Option(
    help: "How alike rows of a group are, from 0 (independent) to 1 (a group tells no more than one of its rows).")
  var correlation = 0.2
  @Option(help: "Share of rows that show the behaviour.")
  var positiveRate = 0.5
  @Option(help: "The probability of detecting it, between 0 and 1.")
  var power = 0.8

  func validate() throws {
    guard plan || auroc == nil else { throw ValidationError("--auroc goes with --plan") }
    guard !plan || auroc != nil else { throw ValidationError("--plan needs --auroc, the AUROC to detect") }
    guard power > 0, power < 1 else { throw ValidationError("--power must be between 0 and 1") }
  }

  struct Answer: Encodable {
    var auroc: Double
    var rowsPerGroup: Double
    var correlation: Double
    var positiveRate: Double
    var power: Double
    var comparisons: Int
    var smallestEffect: Double
    var designEffect: Double
    var groups: Int?
    var simulatedPower: Double?

    enum CodingKeys: String, CodingKey {
      case auroc, correlation, power, comparisons, groups
      case smallestEffect = "smallest_effect"
      case rowsPerGroup = "rows_per_group"
      case positiveRate = "positive_rate"
      case designEffect = "design_effect"
      case simulatedPower = "simulated_power"
    }
  }

  func answer(comparisons: Int, smallestEffect: Double, json: Bool) throws {
    let analysis: PowerAnalysis
    do {
      analysis = try PowerAnalysis(
        auroc: auroc ?? .nan, rowsPerGroup: rowsPerGroup, positiveRate: positiveRate, correlation: correlation)
    } catch { throw TelltaleError(.badInput, error.message) }
    var options = AuditOptions()
    options.smallestEffect = smallestEffect
    let needed = try VerdictPower(analysis, comparisons: comparisons, options: options).groupsNeeded(power: power)
    let groups = groups(needed, analysis, comparisons)
    if json {
      return try Output.json(
        Answer(
          auroc: analysis.auroc, rowsPerGroup: rowsPerGroup, correlation: correlation, positiveRate: positiveRate,
          power: power, comparisons: comparisons, smallestEffect: smallestEffect, designEffect: analysis.designEffect,
          groups: groups, simulatedPower: simulatedPower(needed)))
    }
    Output.line(sentence(analysis, groups, comparisons, needed))
  }

  private func groups(_ needed: VerdictPower.Answer, _ analysis: PowerAnalysis, _ comparisons: Int) -> Int? {
    switch needed {
    case .groups(let count, _): count
    // The formula for the interval alone.
    case .tooManyRows: analysis.groupsNeeded(power: power, comparisons: comparisons)
    case .notReached: nil
    }
  }

  private func simulatedPower(_ needed: VerdictPower.Answer) -> Double? {
    switch needed {
    case .groups(_, let power), .notReached(_, let power): power
    case .tooManyRows: nil
    }
  }

  private func sentence(
    _ analysis: PowerAnalysis, _ groups: Int?, _ comparisons: Int, _ needed: VerdictPower.Answer
  ) -> String {
    func number(_ value: Double) -> String { String(format: "%.4g", value) }
    let goal = "an AUROC of \(number(analysis.auroc)) with a power of \(number(power))"
    let looks = comparisons == 1 ? "one comparison" : "\(comparisons) comparisons"
    let design =
      "\(number(rowsPerGroup)) rows each, correlated by \(number(correlation)) "
      + "(design effect \(number(analysis.designEffect)))"
    if case .notReached(let count, let found) = needed {
      return
        "More than \(count) groups are needed to detect \(goal) in \(looks), \(design): of simulated experiments of that size "
        + "\(number(100 * found)) % were supported."
    }
    guard let groups else { return "A million groups are not enough to detect \(goal) in \(looks), \(design)." }
    // Fewer than ten groups are never enough for the audit to speak of questions in general.
    let floor = groups < 10 ? "; the audit asks for at least 10" : ""
    let how =
      simulatedPower(needed).map { "; of simulated experiments of that size \(number(100 * $0)) % were supported" }
      ?? "; by the formula for the interval, because so many rows are not simulated"
    return "\(groups) groups are needed to detect \(goal) in \(looks), \(design)\(how)\(floor)."
  }
}
