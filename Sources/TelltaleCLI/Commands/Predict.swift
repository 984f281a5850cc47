import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Statistics
import Steering

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether scores predict labels, with the doubts a sceptical reader would have.",
    discussion: """
      --scores takes anybody's CSV with the columns score and label (1 the behaviour, 0 not) and, where known, group \
      (the distinct question), letter, source, user_side and family (of near-duplicate questions). Every further column \
      (length, template, turn, persona) is a covariate: a prediction must survive holding all of them fixed together. \
      --groups adds the groups from a second CSV (row,group). Several files of the same rows (one per layer, say) are the \
      candidates of one audit; files of different rows are judged one by one, each as one of that many comparisons.

      --recording with --vector scores a recording (telltale record) by a vector (telltale extract): the cosine at every \
      layer that both have, and the audit of the best of them.

      A run directory is judged again from its recordings and vectors, without its models, and its results written again. \
      --labels judges its targets by other labels than those the run gave: hand (of all raters: the adjudicated label, \
      else the majority's), hand:<rater>, judge:<name>. These results go to results/labels-<source>/ and replace nothing; \
      docs/labels.md says what is relabelled.

      --plan says how many questions (groups) an experiment needs to detect an AUROC.

      Two questions are answered and never mixed: within questions (does a higher score mean more of the behaviour for the \
      same question) and across questions (does one threshold serve all). The verdict is supported, explained, absent or \
      cannot tell; docs/audit.md states its rule.
      """)

  @Argument(help: "A run directory to judge again.")
  var directory: String?
  @Option(help: "Whose labels the targets of a run are judged by: recorded, hand, hand:<rater>, judge:<name>.")
  var labels: String?
  @Option(help: "CSV with the columns score,label[,group,letter,source,user_side]; may be given several times.")
  var scores: [String] = []
  @Option(help: "CSV with the columns row,group.")
  var groups: String?
  @OptionGroup var recorded: RecordingPrediction
  @OptionGroup var plan: PlanOptions
  @OptionGroup var choices: AuditChoices
  @Option(help: "How many comparisons this one was chosen from (layers, positions, scores), for the correction.")
  var comparisons = 1
  @Option(help: "Permutations of the labels.")
  var permutations = 2_000
  @Option(help: "Seed of the permutations.")
  var seed: UInt64 = 0
  @OptionGroup var messages: MessageOptions
  @Flag(help: "Print JSON: the columns of predictivity.csv and the audit.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(permutations) else { throw ValidationError("--permutations must be 1 to 1000000") }
    guard (1...10_000).contains(comparisons) else { throw ValidationError("--comparisons must be 1 to 10000") }
    guard scores.count <= 10_000 else { throw ValidationError("--scores may be given at most 10000 times") }
    let asked = [directory != nil, !scores.isEmpty, plan.plan, recorded.isAsked].count { $0 }
    guard asked == 1 else {
      throw ValidationError(
        "give one of: a run directory, --scores FILE.csv, --recording DIR --vector FILE, or --plan --auroc A")
    }
    guard labels == nil || directory != nil else { throw ValidationError("--labels goes with a run directory") }
    if let labels, LabelChoice(labels) == nil { throw ValidationError("--labels: \(LabelChoice.refusal(labels))") }
    guard groups == nil || !scores.isEmpty else { throw ValidationError("--groups goes with --scores") }
    guard !scores.isEmpty || choices.areDefaults(forPlanning: plan.plan) else {
      throw ValidationError(
        "--cluster, --ignore, --reference, --smallest-effect, --plan-file and --numeric-labels go with --scores")
    }
    try recorded.validate()
    try plan.validate()
    try choices.validate()
  }

  func run() throws {
    if plan.plan {
      return try plan.answer(comparisons: comparisons, smallestEffect: choices.smallestEffect, json: json)
    }
    if let directory { return try judge(runDirectory: directory) }
    if recorded.isAsked {
      let report = try recorded.report(comparisons: comparisons, permutations: permutations, seed: seed)
      return try report.print(json: json)
    }
    if choices.numericLabels { return try judgeNumericLabels() }
    let tables = try ScoredFiles(scores, groups: groups, choices: choices)
    let (options, followed) = try choices.options(scores: scores, comparisons: comparisons)
    var report = try tables.judge(
      comparisons: comparisons, permutations: permutations, seed: seed, options: options)
    report.plan = followed
    try report.print(json: json)
  }

  private func judgeNumericLabels() throws {
    var columns = ScoreTable.Options()
    columns.groups = groups.map { URL(fileURLWithPath: $0) }
    (columns.clusters, columns.ignored) = (choices.cluster, choices.ignore)
    let (options, followed) = try choices.options(scores: scores, comparisons: comparisons)
    for path in scores {
      let table = try NumericScoreTable(URL(fileURLWithPath: path), options: columns)
      let audit = try NumericAudit(
        table.rows, covariates: table.covariates, comparisons: comparisons * scores.count, permutations: permutations,
        seed: seed, options: options)
      try NumericReport(file: path, audit: audit, plan: followed).print(json: json)
    }
  }

  private func judge(runDirectory: String) throws {
    let run = try StoredRun(URL(fileURLWithPath: runDirectory))
    if let choice = labels.flatMap({ LabelChoice($0) }), choice != .recorded {
      return try RelabelledReport(run, by: choice).print(json: json)
    }
    let results = try run.judge { Terminal.note($0) }
    if json { return try Output.json(results.predictions.map(\.row)) }
    results.print()
    for other in results.byOtherLabels { RelabelledReport(other).print() }
    if let conclusion = Conclusion.run(results.audits) { Output.prose("\n\(conclusion)") }
  }
}
