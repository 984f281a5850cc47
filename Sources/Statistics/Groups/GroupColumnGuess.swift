/// A column that is likely to hold the groups although it is not called `group`.
public struct GroupColumnGuess: Sendable, Equatable {
  /// Why the column is suggested.
  public enum Reason: Sendable, Equatable {
    /// Its name is a slip of the pen from `group`, or another word for it.
    case name
    /// Its values repeat as questions do: so many distinct ones, so many rows each on average.
    case values(distinct: Int, rowsEach: Double)
  }

  public let column: String
  public let reason: Reason

  /// Other words for the unit of independence, lower case.
  static let synonyms: Set<String> = [
    "groups", "group_id", "groupid", "question", "question_id", "questionid", "qid", "item", "item_id", "prompt_id",
    "cluster", "cluster_id", "family", "problem_id", "task_id", "topic",
  ]

  /// The likeliest of several columns, by name first; `nil` if none suggests itself.
  ///
  /// By name: at most two edits (insertion, deletion, replacement, exchange of neighbours) from `group` once case, spaces and
  /// invisible marks are left out, or a synonym. By values: 2 rows a value or more on average, at least 5 distinct values
  /// (letters, sources and yes/no have fewer), none blank, not all numbers with a fraction; the column with most values.
  public static func likeliest(_ columns: [(name: String, values: [String])]) -> GroupColumnGuess? {
    let byName = columns.map { ($0.name, nameDistance($0.name)) }.filter { $0.1 <= 2 }.min { $0.1 < $1.1 }
    if let byName { return GroupColumnGuess(column: byName.0, reason: .name) }
    let candidates = columns.compactMap { column -> (String, Int, Double)? in
      let distinct = Set(column.values).count
      let each = Double(column.values.count) / Double(max(1, distinct))
      guard distinct >= 5, each >= 2, !column.values.contains(where: GroupNames.isBlank),
        !column.values.allSatisfy(isFraction)
      else { return nil }
      return (column.name, distinct, each)
    }
    return candidates.max { $0.1 < $1.1 }.map {
      GroupColumnGuess(column: $0.0, reason: .values(distinct: $0.1, rowsEach: $0.2))
    }
  }

  /// One sentence for a report.
  public var sentence: String {
    switch reason {
    case .name:
      "There is no column \"group\", but \"\(column)\" is likely meant; rename it or name it as the group column."
    case .values(let distinct, let each):
      "There is no column \"group\", but the values of \"\(column)\" repeat as questions do (\(distinct) of them, "
        + "\(fixed(each, 2)) rows each); if rows that share one are alike, name it as the group column."
    }
  }

  private static func nameDistance(_ name: String) -> Int {
    let plain = GroupNames.canonical(name, foldingCase: true).replacing(" ", with: "_").replacing("-", with: "_")
    return synonyms.contains(plain) ? 1 : editDistance(Array(plain.unicodeScalars), Array("group".unicodeScalars))
  }

  /// A number that is not whole: a measurement, not a name.
  private static func isFraction(_ value: String) -> Bool {
    Double(value).map { $0 != $0.rounded() || value.contains(".") } ?? false
  }
}

/// Insertions, deletions, replacements and exchanges of neighbours that lead from one sequence to the other (optimal string
/// alignment).
func editDistance<Element: Equatable>(_ a: [Element], _ b: [Element]) -> Int {
  var rows = [Array(0...b.count)]
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
      row.append(best)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
