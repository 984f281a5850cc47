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
  /// A second factor in which rows are alike and which crosses the questions: a template, a persona.
  public let secondCluster: [String]?

  public var count: Int { labels.count }

  public init(
    scores: [Double], labels: [Double], groups: [String]? = nil, secondCluster: [String]? = nil
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
      ("values of the second cluster", secondCluster?.count ?? labels.count),
    ] where count != labels.count {
      throw StatisticsError(
        .lengthMismatch, "There are \(labels.count) labels but \(count) \(name); give one of each per row.")
    }
    if let row = labels.firstIndex(where: { !$0.isFinite }) {
      throw StatisticsError(
        .invalidLabel, "The label of row \(row) is \(labels[row]); write a number, or leave the row out.", row: row)
    }
    (self.scores, self.labels, self.groups, self.secondCluster) = (scores, labels, groups, secondCluster)
  }

  /// The same rows with other scores (another layer, a baseline), which must be one per row.
  public func scored(by scores: [Double]) throws(StatisticsError) -> NumericRows {
    try NumericRows(scores: scores, labels: labels, groups: groups, secondCluster: secondCluster)
  }

  var clusters: Categories { groups.map(Categories.init) ?? .rowByRow(count) }
}
