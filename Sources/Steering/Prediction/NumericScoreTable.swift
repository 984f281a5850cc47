import Foundation
import Foundations
import Statistics

/// Anybody's scores of rows with a numeric or ordinal label (0 to 100, 1 to 5): the columns of `ScoreTable`, `label` any number.
public struct NumericScoreTable: Sendable {
  public let rows: NumericRows
  /// Letter, source, user side and every further column that can be held fixed.
  public let covariates: [Covariate]

  /// - Throws: `TelltaleError` naming file and line for what cannot be read and a blank group.
  public init(_ scores: URL, options: ScoreTable.Options = ScoreTable.Options()) throws {
    let table = try CSVTable(contentsOf: scores)
    guard !table.rows.isEmpty else {
      throw TelltaleError(.badInput, "holds no rows; give at least one score and label", at: .init(file: table.file))
    }
    for name in options.clusters + options.ignored { _ = try table.column(name) }
    let labels = try table.column("label").numbers()
    let groups = try ScoreTable.groups(table, options, count: labels.count)
    let columns = table.header.filter {
      !["score", "label", "group", "family"].contains($0) && !options.ignored.contains($0)
    }
    covariates = columns.compactMap { name in
      Covariate(
        name: name, cells: table.columnIfPresent(name)?.strings ?? [], isSampled: options.clusters.contains(name))
    }
    do {
      rows = try NumericRows(
        scores: try table.column("score").numbers(), labels: labels, groups: groups,
        families: options.ignored.contains("family") ? nil : table.columnIfPresent("family")?.strings)
    } catch let error as StatisticsError {
      throw TelltaleError(.badInput, error.message, at: .init(file: table.file))
    }
  }
}
