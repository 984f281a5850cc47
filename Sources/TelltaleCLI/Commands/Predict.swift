import ArgumentParser
import Foundation
import Statistics
import Steering

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say whether scores predict labels, with the doubts a sceptical reader would have.",
    discussion: """
      --scores takes anybody's CSV with the columns score and label (1 the behaviour, 0 not) and, where known, group \
      (the distinct question), letter, source and user_side. --groups adds the groups from a second CSV (row,group).

      The interval is clustered by group where groups are known, DeLong's otherwise. The last line is the audit's \
      verdict: supported, not supported or cannot tell; docs/audit.md states its rule.
      """)

  @Option(help: "CSV with the columns score,label[,group,letter,source,user_side].")
  var scores: String
  @Option(help: "CSV with the columns row,group.")
  var groups: String?
  @Option(help: "How many comparisons this one was chosen from (layers, positions, scores), for the correction.")
  var comparisons = 1
  @Option(help: "Permutations of the labels.")
  var permutations = 2_000
  @Option(help: "Seed of the permutations.")
  var seed: UInt64 = 0
  @Flag(help: "Print one JSON object with the columns of predictivity.csv and the audit.")
  var json = false

  func validate() throws {
    guard (1...1_000_000).contains(permutations) else { throw ValidationError("--permutations must be 1 to 1000000") }
    guard (1...10_000).contains(comparisons) else { throw ValidationError("--comparisons must be 1 to 10000") }
  }

  func run() throws {
    let rows = try ScoreTable.rows(URL(fileURLWithPath: scores), groups: groups.map { URL(fileURLWithPath: $0) })
    let name = URL(fileURLWithPath: scores).deletingPathExtension().lastPathComponent
    let row = PredictivityRow(
      targetSet: name, predictivity: Predictivity(rows, permutations: permutations, seed: seed))
    let audit = try Audit(
      candidates: [AuditCandidate(name: name, rows: rows)], comparisons: comparisons, permutations: permutations,
      seed: seed)
    if json { try Output.json(Report(row: row, audit: audit)) } else { Self.describe(row, audit) }
  }

  /// The columns of the table and the audit, as one object.
  struct Report: Encodable {
    var row: PredictivityRow
    var audit: Audit

    private enum Key: String, CodingKey { case audit }

    func encode(to encoder: any Encoder) throws {
      try row.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(audit, forKey: .audit)
    }
  }

  private static func describe(_ row: PredictivityRow, _ audit: Audit) {
    let p = row.predictivity
    let groups = p.groups.map { ", \($0) groups" } ?? ", groups unknown"
    Output.line("\(p.n) rows, \(p.positives) positive\(groups)")
    Output.line("AUROC            \(number(p.auroc))  [\(number(p.aurocLow)), \(number(p.aurocHigh))]")
    Output.line("within groups    \(number(p.aurocWithinGroup))")
    Output.line("point-biserial   \(number(p.pointBiserial?.coefficient))")
    Output.line("permutation p    \(number(p.pPermutation))")
    for finding in audit.findings where finding.severity != .note {
      Output.line("- \(Terminal.harmless(finding.sentence))")
    }
    Output.line("Verdict: \(audit.verdict.rawValue). \(Terminal.harmless(audit.reason))")
  }

  private static func number(_ value: Double?) -> String {
    value.map { String(format: "%.4g", $0) } ?? "undefined"
  }
}
