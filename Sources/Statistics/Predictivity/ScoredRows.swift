/// Scores and labels of the rows of one target set, with what is known about where each row comes from.
///
/// Checked once, here: the arrays have the same length, labels are 0 or 1, there is at least one row. Scores may be NaN
/// or infinite; the measures then are undefined and a warning says so.
public struct ScoredRows: Sendable, Equatable {
  /// The most rows taken, a bound against absurd input.
  public static let maximumRows = 20_000_000

  public private(set) var scores: [Double]
  /// 1 = the behaviour, 0 = not.
  public let labels: [Int]
  /// The distinct question of each row: the unit of independence.
  public let groups: [String]?
  /// The letter of the answer that is the behaviour (or that was given), "A", "B", ...
  public let letters: [String]?
  /// The source file or data set of each row.
  public let sources: [String]?
  /// The side the user of each row is on, e.g. "conservative".
  public let userSides: [String]?
  /// What else is known of every row: length, template, turn, persona.
  public let covariates: [Covariate]
  /// The family of near-duplicate questions that each row's question belongs to: then the unit of independence.
  public let families: [String]?
  /// Whether families were found by comparing texts, and not given.
  public let familiesAreFromTexts: Bool

  /// The groups as numbers, made once.
  let questionIndex: Partition?

  public var count: Int { labels.count }

  /// Whether both hold the same rows, by all that is known of them besides the scores: only then can scores be compared.
  public func areOfSameRows(as other: ScoredRows) -> Bool {
    labels == other.labels && groups == other.groups && letters == other.letters && sources == other.sources
      && userSides == other.userSides && covariates == other.covariates && families == other.families
  }
  public var positives: Int { labels.count { $0 == 1 } }

  public init(
    scores: [Double], labels: [Int], groups: [String]? = nil, letters: [String]? = nil, sources: [String]? = nil,
    userSides: [String]? = nil, covariates: [Covariate] = [], families: [String]? = nil,
    familiesAreFromTexts: Bool = false
  ) throws(StatisticsError) {
    let attributes = [
      ("group", groups), ("letter", letters), ("source", sources), ("user side", userSides), ("family", families),
    ]
    try Self.check(scores.count, labels)
    for (name, values) in attributes {
      guard let values, values.count != labels.count else { continue }
      throw StatisticsError(
        .lengthMismatch, "There are \(labels.count) labels but \(values.count) values of \(name); give one per row.")
    }
    for covariate in covariates where covariate.count != labels.count {
      throw StatisticsError(
        .lengthMismatch,
        "There are \(labels.count) labels but \(covariate.count) values of \(covariate.name); give one per row.")
    }
    let questions = groups.map { Partition($0) }
    if let names = groups, let blank = questions?.firsts(names).first(where: GroupNames.isBlank),
      let row = names.firstIndex(of: blank)
    {
      throw StatisticsError(
        .invalidValue, "Row \(row) has a blank group; name the question of every row, or leave the column out.",
        row: row)
    }
    questionIndex = questions
    self.scores = scores
    self.labels = labels
    self.groups = groups
    self.letters = letters
    self.sources = sources
    self.userSides = userSides
    self.covariates = covariates
    self.families = families
    self.familiesAreFromTexts = familiesAreFromTexts
  }

  /// What is known of the rows besides score, label and group, also where it does not vary.
  var columnNames: [String] {
    let named = [("answer letter", letters), ("source", sources), ("user side", userSides)]
    return named.filter { $0.1 != nil }.map(\.0) + covariates.map(\.name)
  }

  private static func check(_ scoreCount: Int, _ labels: [Int]) throws(StatisticsError) {
    guard scoreCount == labels.count else {
      throw StatisticsError(
        .lengthMismatch, "There are \(scoreCount) scores but \(labels.count) labels; give one of each per row.")
    }
    guard !labels.isEmpty else {
      throw StatisticsError(.empty, "There are no rows to judge; give at least one score and label.")
    }
    guard labels.count <= maximumRows else {
      throw StatisticsError(
        .tooLarge, "There are \(labels.count) rows; at most \(maximumRows) are taken, so sample them.")
    }
    if let row = labels.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      throw StatisticsError(
        .invalidLabel, "The label of row \(row) is \(labels[row]); write 1 for the behaviour and 0 for its absence.",
        row: row)
    }
  }

  /// The same rows with other scores (another layer, a baseline), which must be one per row.
  public func scored(by scores: [Double]) throws(StatisticsError) -> ScoredRows {
    guard scores.count == count else {
      throw StatisticsError(
        .lengthMismatch, "There are \(scores.count) scores but \(count) labels; give one of each per row.")
    }
    var rows = self
    rows.scores = scores
    return rows
  }

  /// The groups as numbers; without groups every row is its own.
  var groupsOrRows: Partition {
    questionIndex ?? .rows(count)
  }
}
