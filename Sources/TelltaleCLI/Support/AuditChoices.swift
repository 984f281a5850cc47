import ArgumentParser
import Foundation
import Statistics

/// What the analyst fixes before looking: columns, the smallest effect of interest, and where that is written down.
struct AuditChoices: ParsableArguments {
  @Option(
    help: "A column whose levels are a sample of many and cross the questions (template, persona): a second cluster.")
  var cluster: [String] = []
  @Option(help: "A column to leave out; the output says so.")
  var ignore: [String] = []
  @Option(help: "AUROCs closer to 0.5 than this do not matter, from 0 to under 0.5.")
  var smallestEffect = AuditOptions().smallestEffect
  @Flag(help: "Labels are numbers (0 to 100, 1 to 5), not 0 and 1: the concordance takes the AUROC's place.")
  var numericLabels = false
  @Option(
    help: """
      A column of labels that are taken as true, 1, 0 or blank where there is none (hand labels of some rows): says how often \
      the column label errs, and corrects rate and AUROC for it.
      """)
  var reference: String?
  @Option(help: "A plan written before the data (docs/audit.md); the verdict says whether it was followed.")
  var planFile: String?

  /// Whether nothing was chosen that only score files can heed; the smallest effect of interest matters for planning, too.
  func areDefaults(forPlanning: Bool) -> Bool {
    cluster.isEmpty && ignore.isEmpty && planFile == nil && !numericLabels && reference == nil
      && (forPlanning || smallestEffect == AuditOptions().smallestEffect)
  }

  func validate() throws {
    guard smallestEffect >= 0, smallestEffect < 0.5 else {
      throw ValidationError("--smallest-effect must be from 0 to under 0.5")
    }
    guard !numericLabels || reference == nil else {
      throw ValidationError("--reference goes with labels of 0 and 1; leave it out with --numeric-labels")
    }
  }

  /// The options of an audit of score files.
  func options(scores: [String], comparisons: Int) throws -> (AuditOptions, FollowedPlan?) {
    var options = AuditOptions()
    (options.smallestEffect, options.ignored) = (smallestEffect, ignore)
    guard let planFile else { return (options, nil) }
    let plan = try PlanFile(URL(fileURLWithPath: planFile))
    let followed = FollowedPlan(
      hash: plan.hash, deviations: plan.deviations(self, comparisons: comparisons, data: scores))
    options.plan = followed.deviations.isEmpty ? .asPlanned : .exploratory
    return (options, followed)
  }
}
