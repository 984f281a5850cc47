/// Scores and numeric or ordinal labels (trait scores of 0 to 100, answers on a Likert scale) of the rows of one target.
///
/// Checked once, here: as many scores as labels, at least one row, every label a finite number. An ordinal label is given by
/// its order (1 to 5); only `NumericMeasure.pearson` reads distances into it. Scores may be NaN or infinite; the measures then
/// are undefined.
public struct NumericRows: Sendable, Equatable {
  public let scores: [Double]
  /// How much of the behaviour each row shows.
  public let labels: [Double]
  /// The distinct question of each row: the unit of independence. Without one every row is its own.
  public let groups: [String]?
  /// The family of near-duplicate questions that each row's question belongs to: then the unit of independence.
  public let families: [String]?

  public var count: Int { labels.count }

  public init(
    scores: [Double], labels: [Double], groups: [String]? = nil, families: [String]? = nil
  ) throws(StatisticsError) {
    guard !labels.isEmpty else {
      throw StatisticsError(.empty, "There are no rows to judge; give at least one score and label.")
    }
    guard labels.count <= ScoredRows.maximumRows else {
      throw StatisticsError(
        .tooLarge, "There are \(labels.count) rows; at most \(ScoredRows.maximumRows) are taken, so sample them.")
    }
    for (name, count) in [
      ("scores", scores.count), ("groups", groups?.count ?? labels.count),
      ("families", families?.count ?? labels.count),
    ] where count != labels.count {
      throw StatisticsError(
        .lengthMismatch, "There are \(labels.count) labels but \(count) \(name); give one of each per row.")
    }
    if let row = labels.firstIndex(where: { !$0.isFinite }) {
      throw StatisticsError(
        .invalidLabel, "The label of row \(row) is \(labels[row]); write a number, or leave the row out.", row: row)
    }
    (self.scores, self.labels, self.groups, self.families) = (scores, labels, groups, families)
  }

  /// The same rows with other scores (another layer, a baseline), which must be one per row.
  public func scored(by scores: [Double]) throws(StatisticsError) -> NumericRows {
    try NumericRows(scores: scores, labels: labels, groups: groups, families: families)
  }

  /// Questions or families, and what of the covariates crosses them.
  func clusters(_ covariates: [Covariate] = []) -> Clusters {
    RowClusters(groups.map { Partition($0) }, families: families, covariates, rows: count).clusters
  }
}
