import Foundation
import Foundations
import Statistics
import Torch

/// Anybody's scores: a CSV with the columns `score` and `label`, and where known `group`, `letter`, `source` and
/// `user_side`.
public enum ScoreTable {
  /// Reads the scored rows; `groups` names a second CSV with the columns `row` (from 0) and `group`, one line a row.
  public static func rows(_ scores: URL, groups: URL? = nil) throws -> ScoredRows {
    let table = try CSVTable(contentsOf: scores)
    guard !table.rows.isEmpty else {
      throw TelltaleError(
        .badInput, "holds no rows; give at least one score and label", at: InputLocation(file: table.file))
    }
    let labels = try labels(table)
    let named = try groups.map { try self.groups($0, count: labels.count) }
    do {
      return try ScoredRows(
        scores: try table.column("score").numbers(), labels: labels,
        groups: named ?? table.columnIfPresent("group")?.strings, letters: table.columnIfPresent("letter")?.strings,
        sources: table.columnIfPresent("source")?.strings, userSides: table.columnIfPresent("user_side")?.strings)
    } catch let error as StatisticsError {
      throw TelltaleError(.badInput, error.message, at: InputLocation(file: table.file))
    }
  }

  private static func labels(_ table: CSVTable) throws(TelltaleError) -> [Int] {
    let labels = try table.column("label").integers()
    if let wrong = labels.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      throw TelltaleError(
        .badInput, "the label is \(labels[wrong]); write 1 for the behaviour and 0 for its absence",
        at: InputLocation(file: table.file, line: table.rows[wrong].line, item: "column label"))
    }
    return labels
  }

  private static func groups(_ url: URL, count: Int) throws -> [String] {
    let table = try CSVTable(contentsOf: url)
    let names = try table.column("group").strings
    let rows = try table.columnIfPresent("row")?.integers() ?? Array(names.indices)
    guard rows.sorted() == Array(0..<count) else {
      throw TelltaleError(
        .badInput,
        "names groups for \(rows.count) rows where the scores have \(count); give each row 0 to \(count - 1) once",
        at: InputLocation(file: table.file))
    }
    var ordered = names
    for (row, name) in zip(rows, names) { ordered[row] = name }
    return ordered
  }
}
