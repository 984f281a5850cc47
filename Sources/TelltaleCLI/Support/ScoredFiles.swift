import CommandSupport
import Foundation
import Foundations
import Statistics
import Steering

/// Score files given on the command line, and what they are compared as.
struct ScoredFiles {
  private let files: [(name: String, rows: ScoredRows)]

  init(_ paths: [String], groups: String?) throws {
    let groups = groups.map { URL(fileURLWithPath: $0) }
    files = try paths.map { path in
      let url = URL(fileURLWithPath: path)
      return (url.deletingPathExtension().lastPathComponent, try ScoreTable.rows(url, groups: groups))
    }
  }

  /// Whether all files score the same rows, as layers do.
  private var rowsAgree: Bool {
    files.allSatisfy { $0.rows.labels == files[0].rows.labels && $0.rows.groups == files[0].rows.groups }
  }

  func judge(comparisons: Int, permutations: Int, seed: UInt64) throws -> ScoreReport {
    let rows = files.map { file in
      PredictivityRow(
        target: file.name, predictivity: Predictivity(file.rows, permutations: permutations, seed: seed))
    }
    let candidates = files.map { AuditCandidate(name: $0.name, rows: $0.rows) }
    func audit(_ candidates: [AuditCandidate], _ comparisons: Int) throws -> Audit {
      try Audit(candidates: candidates, comparisons: comparisons, permutations: permutations, seed: seed)
    }
    let audits =
      rowsAgree
      ? [try audit(candidates, comparisons)] : try candidates.map { try audit([$0], comparisons * candidates.count) }
    return ScoreReport(rows: rows, audits: audits)
  }
}

/// What `telltale predict --scores` prints.
struct ScoreReport {
  /// One per file.
  let rows: [PredictivityRow]
  /// One for all files, or one per file.
  let audits: [Audit]

  func print(json: Bool) throws {
    if json { return try printJSON() }
    for (index, row) in rows.enumerated() {
      if rows.count > 1 { Output.line("\(index == 0 ? "" : "\n")\(SafeText.visible(row.target ?? ""))") }
      describe(row)
      if audits.count == rows.count { describe(audits[index]) }
    }
    guard audits.count != rows.count else { return }
    Output.line("\nThe best of \(rows.count) files of the same rows:")
    audits.forEach(describe)
  }

  /// One file gives one object; several give a list of rows and a list of audits.
  private func printJSON() throws {
    if rows.count == 1 { return try Output.json(Single(row: rows[0], audit: audits[0])) }
    try Output.json(Several(rows: rows, audits: audits))
  }

  private struct Several: Encodable {
    var rows: [PredictivityRow]
    var audits: [Audit]
  }

  /// The columns of the table and the audit, as one object.
  private struct Single: Encodable {
    var row: PredictivityRow
    var audit: Audit

    private enum Key: String, CodingKey { case audit }

    func encode(to encoder: any Encoder) throws {
      try row.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(audit, forKey: .audit)
    }
  }

  private func describe(_ row: PredictivityRow) {
    let p = row.predictivity
    let groups = p.groups.map { ", \($0) groups" } ?? ", groups unknown"
    Output.line("\(p.n) rows, \(p.positives) positive\(groups)")
    Output.line("AUROC            \(number(p.auroc))  [\(number(p.aurocLow)), \(number(p.aurocHigh))]")
    Output.line("within groups    \(number(p.aurocWithinGroup))")
    Output.line("point-biserial   \(number(p.pointBiserial?.coefficient))")
    Output.line("permutation p    \(number(p.pPermutation))")
  }

  private func describe(_ audit: Audit) {
    for finding in audit.findings where finding.severity != .note {
      Output.line("- \(SafeText.visible(finding.sentence))")
    }
    Output.line("Verdict: \(audit.verdict.rawValue). \(SafeText.visible(audit.reason))")
  }

  private func number(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? "undefined" }
}
