/// What rows are alike in: the question or its family, and what crosses questions and is a sample of many.
struct RowClusters {
  /// Without groups every row is one.
  let questions: Partition
  let clusters: Clusters
  /// What crosses questions.
  let crossedNames: [String]

  /// - Parameter covariates: those that vary.
  init(_ questions: Partition?, families: [String]?, _ covariates: [Covariate], rows: Int) {
    let questions = questions ?? .rows(rows)
    let families = families.map { Partition($0) }
    let primary = families.flatMap { questions.isNested(in: $0) ? $0 : nil } ?? questions
    let sampled = covariates.compactMap { covariate in covariate.crossing(questions).map { (covariate.name, $0) } }
    self.questions = questions
    crossedNames = sampled.map(\.0)
    clusters = Clusters(primary, crossed: sampled.map(\.1))
  }
}

extension ScoredRows {
  /// Questions or families, and what crosses them: what every interval of these rows is clustered by.
  var clusters: Clusters {
    RowClusters(
      questionIndex, families: families, knownColumns().filter { $0.distinctValues > 1 }, rows: count
    ).clusters
  }
}

extension Covariate {
  /// Letter, source and user side have all their levels in the data; others are sampled where the caller says so, or where
  /// three levels or more each occur with several questions. `nil` for what is not.
  fileprivate func crossing(_ questions: Partition) -> Partition? {
    if isSampled {
      let levels = levels(bins: Self.mostDiscreteValues)
      return levels.count > 1 ? levels : nil
    }
    guard kind == .categorical, !["answer letter", "source", "user side"].contains(name) else { return nil }
    let levels = levels(bins: 2)
    guard levels.count >= 3, levels.count * 4 <= levels.codes.count, !questions.isNested(in: levels),
      levels.crossed(with: questions).count >= 2 * levels.count
    else { return nil }
    return levels
  }
}
