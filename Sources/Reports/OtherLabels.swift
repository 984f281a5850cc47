import Experiments
import Foundation
import Foundations
import Steering

/// What `telltale predict DIR --labels` found by the labels of people or judges: one folder of tables.
struct OtherLabels: Encodable {
  /// Folders shown; a run has one for all people, and one for each rater and judge that was asked for.
  static let most = 12

  /// `hand`, `hand:<rater>` or `judge:<name>`.
  var source: String
  /// What it is compared with, `recorded`.
  var reference: String
  /// From audit.csv: one row a vector, target, position and choice of layers, with the verdict by the run's own labels.
  var verdicts: DataTable
  /// From changes.csv: the AUROC of the cosine by these labels and by the reference, on answers that have both.
  var changes: DataTable
  /// From labels.csv, counted by target.
  var coverage: DataTable

  /// All of a run, by name of the folder.
  static func all(_ run: StoredRun, audit: StoredTable) throws -> [OtherLabels] {
    let own = Dictionary(
      audit.rows.map { (subject($0), $0["verdict"]) }, uniquingKeysWith: { first, _ in first })
    return try run.labelFolders().prefix(most).compactMap { folder in
      let changes = try run.table(.changes, in: folder)
      let coverage = try run.table(.coverage, in: folder)
      guard let source = (changes.rows.first ?? coverage.rows.first)?["label_source"] else { return nil }
      return OtherLabels(
        source: SafeText.visible(source, limit: 100), reference: changes.rows.first?["reference"] ?? "recorded",
        verdicts: verdicts(try run.table(.audit, in: folder), own: own), changes: cosines(changes),
        coverage: counted(coverage))
    }
  }

  /// The audit has a row a finding, each with the verdict that they led to.
  private static func verdicts(_ audit: StoredTable, own: [[String]: String]) -> DataTable {
    var seen: Set<[String]> = []
    let rows = audit.rows.filter { seen.insert(subject($0)).inserted }
    var table = audit.table(subjects + ["verdict"], of: rows)
    table.columns.append("verdict_recorded")
    for (index, row) in rows.enumerated() {
      table.rows[index].append(own[subject(row)].map { .text($0) } ?? .text(nil))
    }
    return table
  }

  private static let subjects = ["model", "vector", "target", "position", "layers"]

  private static func subject(_ row: StoredTable.Row) -> [String] { subjects.map { row[$0] } }

  private static func cosines(_ changes: StoredTable) -> DataTable {
    changes.table(
      [
        "model", "vector", "target", "position", "layer", "n", "changed", "auroc", "auroc_reference", "difference",
        "difference_low", "difference_high", "p_difference",
      ], of: changes.rows.filter { $0["score"] == ScoreKind.cosine.rawValue })
  }

  private static func counted(_ groups: StoredTable) -> DataTable {
    let columns = ["positives", "negatives", "cannot_tell", "unlabelled"]
    var (order, sums): ([[String]], [[String]: [Double]]) = ([], [:])
    for row in groups.rows {
      let target = [row["model"], row["target"]]
      if sums[target] == nil { order.append(target) }
      let counts = columns.map { row.number($0) ?? 0 }
      sums[target] = zip(sums[target] ?? columns.map { _ in 0 }, counts).map { $0 + $1 }
    }
    return DataTable(
      columns: ["model", "target"] + columns,
      rows: order.map { target in
        target.map { .text(SafeText.visible($0, limit: 400)) } + (sums[target] ?? []).map { .number($0) }
      })
  }
}
