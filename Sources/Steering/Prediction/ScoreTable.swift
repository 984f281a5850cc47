import Foundation
import Foundations
import Statistics

/// Anybody's scores: a CSV with the columns `score` and `label`, and where known `group`, `letter`, `source`, `user_side` and
/// `family`. Every further column is a covariate, held fixed by the audit, unless it is to be ignored or cannot be held fixed.
public struct ScoreTable: Sendable {
  public struct Options: Sendable {
    /// A second CSV with the columns `row` (from 0) and `group`, one line a row.
    public var groups: URL?
    /// Columns whose levels are a sample of many and cross the questions: a second cluster.
    public var clusters: [String] = []
    /// Columns left out.
    public var ignored: [String] = []
    /// A column of labels taken as true, blank where there is none: no covariate, but what the errors of `label` are measured by.
    public var reference: String?

    public init() {}
  }

  public let rows: ScoredRows
  /// By row the label taken as true; `nil` without such a column.
  public let reference: [Int?]?
  /// Columns left out on request.
  public let ignored: [String]
  /// Columns that cannot be held fixed: the same in every row, or texts that differ in most of them.
  public let unusable: [String]

  private static let known: Set<String> = ["score", "label", "group", "letter", "source", "user_side", "family"]

  /// - Throws: `TelltaleError` naming file and line for what cannot be read, a blank group, and a column that is asked for and
  ///   not there.
  public init(_ scores: URL, options: Options = Options()) throws {
    let table = try CSVTable(contentsOf: scores)
    guard !table.rows.isEmpty else {
      throw TelltaleError(
        .badInput, "holds no rows; give at least one score and label", at: .init(file: table.file))
    }
    for name in options.clusters + options.ignored { _ = try table.column(name) }
    let labels = try Self.labels(table)
    reference = try options.reference.map { try Self.reference(table, $0) }
    let groups = try Self.groups(table, options, count: labels.count)
    let further = table.header.filter {
      !Self.known.contains($0) && !options.ignored.contains($0) && $0 != options.reference
    }
    let covariates = further.map { name in
      Covariate(
        name: name, cells: table.columnIfPresent(name)?.strings ?? [], isSampled: options.clusters.contains(name))
    }
    let given = Self.column("family", table, options)
    let families = given ?? Self.familiesFromTexts(table, further, groups)
    do {
      rows = try ScoredRows(
        scores: try table.column("score").numbers(), labels: labels, groups: groups,
        letters: Self.column("letter", table, options), sources: Self.column("source", table, options),
        userSides: Self.column("user_side", table, options), covariates: covariates.compactMap { $0 },
        families: families, familiesAreFromTexts: given == nil && families != nil)
    } catch let error as StatisticsError {
      throw TelltaleError(.badInput, error.message, at: .init(file: table.file))
    }
    ignored = options.ignored
    unusable = zip(further, covariates).filter { $0.1 == nil }.map(\.0)
  }

  /// The rows alone.
  public static func rows(_ scores: URL, groups: URL? = nil) throws -> ScoredRows {
    var options = Options()
    options.groups = groups
    return try ScoreTable(scores, options: options).rows
  }

  private static func column(_ name: String, _ table: CSVTable, _ options: Options) -> [String]? {
    options.ignored.contains(name) ? nil : table.columnIfPresent(name)?.strings
  }

  /// From the second file where there is one, else from the column; blanks are refused.
  static func groups(_ table: CSVTable, _ options: Options, count: Int) throws -> [String]? {
    let groups = try options.groups.map { try Self.groups($0, count: count) } ?? column("group", table, options)
    try refuseBlanks(groups, table, options.groups)
    return groups
  }

  private static func labels(_ table: CSVTable) throws(TelltaleError) -> [Int] {
    let labels = try table.column("label").integers()
    if let wrong = labels.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      throw TelltaleError(
        .badInput, "the label is \(labels[wrong]); write 1 for the behaviour and 0 for its absence",
        at: .init(file: table.file, line: table.rows[wrong].line, item: "column label"))
    }
    return labels
  }

  private static func reference(_ table: CSVTable, _ name: String) throws -> [Int?] {
    try zip(table.column(name).strings, table.rows).map { cell, row in
      if cell.allSatisfy(\.isWhitespace) { return nil }
      guard let label = Int(cell), label == 0 || label == 1 else {
        throw TelltaleError(
          .badInput, "the reference label is \"\(SafeText.quoted(cell))\"; write 1, 0 or nothing",
          at: .init(file: table.file, line: row.line, item: "column \(name)"))
      }
      return label
    }
  }

  private static func refuseBlanks(_ groups: [String]?, _ table: CSVTable, _ file: URL?) throws(TelltaleError) {
    guard let groups else { return }
    let blank = GroupNames.blankRows(groups)
    guard let row = blank.first else { return }
    let others = blank.count - 1
    let further = others == 0 ? "" : ", here and in \(others) other rows"
    throw TelltaleError(
      .badInput, "the group is blank\(further); name the question of every row, or leave the column out",
      at: file.map { .init(file: $0.path) }
        ?? .init(file: table.file, line: table.rows[row].line, item: "column group"))
  }

  private static func groups(_ url: URL, count: Int) throws -> [String] {
    let table = try CSVTable(contentsOf: url)
    let names = try table.column("group").strings
    let rows = try table.columnIfPresent("row")?.integers() ?? Array(names.indices)
    guard rows.sorted() == Array(0..<count) else {
      throw TelltaleError(
        .badInput,
        "names groups for \(rows.count) rows where the scores have \(count); give each row 0 to \(count - 1) once",
        at: .init(file: table.file))
    }
    var ordered = names
    for (row, name) in zip(rows, names) { ordered[row] = name }
    return ordered
  }

  /// Families of questions of nearly the same text, where a column holds texts and some are alike; by row.
  private static func familiesFromTexts(_ table: CSVTable, _ columns: [String], _ groups: [String]?) -> [String]? {
    guard let texts = columns.lazy.compactMap({ table.columnIfPresent($0)?.strings }).first(where: isText) else {
      return nil
    }
    let questions = groups ?? texts.indices.map { "\($0)" }
    var order: [String] = []
    var textOfQuestion: [String: String] = [:]
    for (question, text) in zip(questions, texts) where textOfQuestion[question] == nil {
      textOfQuestion[question] = text
      order.append(question)
    }
    let found = NearDuplicates(order.map { textOfQuestion[$0] ?? "" })
    guard found.sizes.count < order.count else { return nil }
    let family = Dictionary(uniqueKeysWithValues: zip(order, found.families))
    return questions.map { "family \(family[$0] ?? 0)" }
  }

  /// Whether cells are texts: 20 characters and a space on average.
  private static func isText(_ cells: [String]) -> Bool {
    let lengths = cells.reduce(0) { $0 + $1.utf8.count }
    let spaced = cells.count { $0.contains(" ") }
    return lengths >= 20 * cells.count && 2 * spaced >= cells.count
  }
}
