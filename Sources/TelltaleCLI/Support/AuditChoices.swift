import ArgumentParser
import Foundation
import Foundations
import Statistics
import Steering

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
  @Option(help: "A plan written before the data (docs/audit.md); the verdict says whether it was followed.")
  var planFile: String?

  /// Whether nothing was chosen that only score files can heed.
  var areDefaults: Bool {
    cluster.isEmpty && ignore.isEmpty && planFile == nil && !numericLabels
      && smallestEffect == AuditOptions().smallestEffect
  }

  func validate() throws {
    guard smallestEffect >= 0, smallestEffect < 0.5 else {
      throw ValidationError("--smallest-effect must be from 0 to under 0.5")
    }
    guard !numericLabels || planFile == nil else {
      throw ValidationError("--plan-file goes with labels of 0 and 1; leave it out with --numeric-labels")
    }
  }

  /// The options of an audit of score files.
  func options(scores: [String], comparisons: Int) throws -> (AuditOptions, PlanFile?) {
    var options = AuditOptions()
    (options.smallestEffect, options.ignored) = (smallestEffect, ignore)
    guard let planFile else { return (options, nil) }
    let plan = try PlanFile(URL(fileURLWithPath: planFile))
    options.plan = plan.deviations(self, comparisons: comparisons, data: scores).isEmpty ? .asPlanned : .exploratory
    return (options, plan)
  }
}

/// A plan of an analysis: a JSON object of the choices that a verdict depends on. Its SHA-256, printed with the verdict, can be
/// registered anywhere before the data are there.
struct PlanFile {
  private struct Contents: Decodable {
    var comparisons: Int?
    var cluster: [String]?
    var ignore: [String]?
    var smallestEffect: Double?
  }

  private static let keys: Set<String> = ["comparisons", "cluster", "ignore", "smallest_effect"]

  private let contents: Contents
  private let written: Date?
  let hash: String

  init(_ url: URL) throws {
    guard let data = FileManager.default.contents(atPath: url.path) else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: .init(file: url.path))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // A misspelt key would be a plan that nobody made.
    let keys = (try? JSONParser.parse(Array(data)))?.object?.map(\.key.string) ?? []
    guard let contents = try? decoder.decode(Contents.self, from: data), Set(keys).isSubset(of: Self.keys) else {
      throw TelltaleError(
        .badInput,
        "is not a plan like {\"comparisons\": 1, \"cluster\": [], \"ignore\": [], \"smallest_effect\": 0.05}",
        at: .init(file: url.path))
    }
    self.contents = contents
    hash = SHA256.hexadecimalDigest(of: Array(data))
    written = Self.modified(url.path)
  }

  private static func modified(_ path: String) -> Date? {
    try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
  }

  /// In what the analysis differs from the plan; empty if it was followed.
  func deviations(_ choices: AuditChoices, comparisons: Int, data: [String]) -> [String] {
    var found: [String] = []
    if comparisons != contents.comparisons ?? 1 { found.append("comparisons") }
    if Set(choices.cluster) != Set(contents.cluster ?? []) { found.append("cluster") }
    if Set(choices.ignore) != Set(contents.ignore ?? []) { found.append("ignore") }
    if choices.smallestEffect != contents.smallestEffect ?? AuditOptions().smallestEffect {
      found.append("smallest_effect")
    }
    let isLate = data.contains { path in
      guard let written, let made = Self.modified(path) else { return true }
      return made < written
    }
    if isLate { found.append("the plan is newer than the scores") }
    return found
  }
}
