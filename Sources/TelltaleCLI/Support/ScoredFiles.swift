import CommandSupport
import Foundation
import Foundations
import Statistics
import Steering

/// Score files given on the command line, and what they are compared as.
struct ScoredFiles: Sendable {
  private let files: [(name: String, table: ScoreTable)]

  init(_ paths: [String], groups: String?, choices: AuditChoices) throws {
    var options = ScoreTable.Options()
    options.groups = groups.map { URL(fileURLWithPath: $0) }
    (options.clusters, options.ignored, options.reference) = (choices.cluster, choices.ignore, choices.reference)
    files = try paths.map { [options] path in
      let url = URL(fileURLWithPath: path)
      return (url.deletingPathExtension().lastPathComponent, try ScoreTable(url, options: options))
    }
  }

  /// Whether all files score the same rows, as layers do.
  private var rowsAgree: Bool {
    files.allSatisfy { $0.table.rows.areOfSameRows(as: files[0].table.rows) }
  }

  func judge(comparisons: Int, permutations: Int, seed: UInt64, options: AuditOptions) throws -> ScoreReport {
    let (rows, audits) = try ParallelMap.both {
      measured(permutations, seed)
    } _: {
      try audited(comparisons: comparisons, permutations: permutations, seed: seed, options: options)
    }
    let unusable = Set(files.flatMap(\.table.unusable)).sorted()
    return ScoreReport(rows: rows, audits: audits, unusable: unusable, labelErrors: try labelErrors())
  }

  /// One per file.
  private func measured(_ permutations: Int, _ seed: UInt64) -> [PredictivityRow] {
    files.map { file in
      PredictivityRow(
        target: file.name, predictivity: Predictivity(file.table.rows, permutations: permutations, seed: seed))
    }
  }

  /// One for all files where they score the same rows, else one per file.
  private func audited(
    comparisons: Int, permutations: Int, seed: UInt64, options: AuditOptions
  ) throws -> [Audit] {
    let candidates = files.map { AuditCandidate(name: $0.name, rows: $0.table.rows) }
    func audit(_ candidates: [AuditCandidate], _ comparisons: Int) throws -> Audit {
      try Audit(
        candidates: candidates, comparisons: comparisons, permutations: permutations, seed: seed, options: options)
    }
    return rowsAgree
      ? [try audit(candidates, comparisons)] : try candidates.map { try audit([$0], comparisons * candidates.count) }
  }

  /// One per file; empty without a column of reference labels.
  private func labelErrors() throws -> [LabelErrors] {
    try files.compactMap { file in
      try file.table.reference.map { reference in
        do { return try LabelErrors(file.table.rows, reference: reference) } catch let error as StatisticsError {
          throw TelltaleError(.badInput, error.message, at: .init(file: file.name))
        }
      }
    }
  }
}

/// What `telltale predict --scores` prints.
struct ScoreReport {
  /// One per file.
  let rows: [PredictivityRow]
  /// One for all files, or one per file.
  let audits: [Audit]
  /// Columns that could not be held fixed.
  let unusable: [String]
  /// One per file; empty without reference labels.
  let labelErrors: [LabelErrors]
  /// The plan's SHA-256 and in what it was not followed.
  var plan: FollowedPlan?

  func print(json: Bool) throws {
    if json { return try printJSON() }
    for (index, row) in rows.enumerated() {
      if rows.count > 1 { Output.line("\(index == 0 ? "" : "\n")\(SafeText.visible(row.target ?? ""))") }
      describe(row)
      if labelErrors.indices.contains(index) {
        for sentence in labelErrors[index].sentences { Output.line("- \(sentence)") }
      }
      if audits.count == rows.count { describe(audits[index]) }
    }
    guard audits.count != rows.count else { return }
    Output.line("\nThe best of \(rows.count) files of the same rows:")
    audits.forEach(describe)
  }

  /// One file gives one object; several give a list of rows and a list of audits.
  private func printJSON() throws {
    if rows.count == 1 {
      return try Output.json(
        AuditDocument(row: rows[0], audit: audits[0], unusable, plan, labelErrors: labelErrors.first))
    }
    try Output.json(
      Several(
        rows: rows, audits: audits.map { AuditDocument(row: nil, audit: $0, unusable, plan) }, labelErrors: labelErrors)
    )
  }

  private struct Several: Encodable {
    var rows: [PredictivityRow]
    var audits: [AuditDocument]
    var labelErrors: [LabelErrors]
  }

  private func describe(_ row: PredictivityRow) {
    let p = row.predictivity
    let groups = p.groups.map { ", \($0) groups" } ?? ", groups unknown"
    Output.line("\(p.n) rows, \(p.positives) positive (\(percent(Double(p.positives) / Double(max(1, p.n)))))\(groups)")
    Output.line("AUROC            \(number(p.auroc))  [\(number(p.aurocLow)), \(number(p.aurocHigh))]")
    Output.line("point-biserial   \(number(p.pointBiserial?.coefficient))")
    Output.line("permutation p    \(number(p.pPermutation))")
  }

  func describe(_ audit: Audit) {
    Output.line("within questions \(estimate(audit.within))")
    Output.line("across questions \(estimate(audit.across))")
    for finding in audit.findings where finding.severity != .note {
      Output.prose("- \(SafeText.visible(finding.sentence))", indent: 2)
    }
    if !unusable.isEmpty {
      let names = unusable.map { SafeText.visible($0) }.joined(separator: ", ")
      Output.prose("- Not held fixed, because they are the same in every row or differ in most: \(names).")
    }
    let verdict = TerminalColour.ofResults.text(audit.verdict.rawValue, audit.verdict.colour)
    Output.prose("Verdict: \(verdict). \(SafeText.visible(audit.reason))")
    Output.line("Direction: \(audit.direction.rawValue). Specific to this vector: \(audit.specificity.rawValue).")
    Output.line("Plan: \(audit.plan.rawValue)\(plan?.clause ?? "").")
  }

  private func estimate(_ estimate: AreaEstimate?) -> String {
    guard let estimate else { return "undefined" }
    let odds = estimate.oddsRatio.map { ", odds ratio per standard deviation \(number($0))" } ?? ""
    let p = estimate.p.map { writtenP($0) } ?? "p undefined"
    return "\(number(estimate.auroc))  [\(number(estimate.low)), \(number(estimate.high))]  \(p)\(odds)"
  }

  private func number(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? "undefined" }
}

/// The columns of the table and the audit as one object: the audit's keys at the top, and the whole of it under `audit`.
private struct AuditDocument: Encodable {
  private let row: PredictivityRow?
  private let audit: Audit
  private let unusable: [String]
  private let plan: FollowedPlan?
  private let labelErrors: LabelErrors?

  init(
    row: PredictivityRow?, audit: Audit, _ unusable: [String], _ plan: FollowedPlan?,
    labelErrors: LabelErrors? = nil
  ) {
    (self.row, self.audit, self.unusable, self.plan, self.labelErrors) = (row, audit, unusable, plan, labelErrors)
  }

  private enum Key: String, CodingKey {
    case audit, operating, unusableColumns, planHash, planDeviations, labelErrors
  }

  func encode(to encoder: any Encoder) throws {
    try row?.encode(to: encoder)
    try audit.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    if row != nil { try container.encode(audit, forKey: .audit) }
    try container.encode(audit.operating.map(OperatingSummary.init), forKey: .operating)
    try container.encode(unusable, forKey: .unusableColumns)
    try container.encodeIfPresent(plan?.hash, forKey: .planHash)
    try container.encodeIfPresent(plan?.deviations, forKey: .planDeviations)
    try container.encodeIfPresent(labelErrors, forKey: .labelErrors)
  }
}

/// The first threshold at the top, all under `points`.
private struct OperatingSummary: Encodable {
  let all: OperatingPoints

  init(_ all: OperatingPoints) { self.all = all }

  func encode(to encoder: any Encoder) throws {
    try all.points.first?.encode(to: encoder)
    try all.encode(to: encoder)
  }
}
