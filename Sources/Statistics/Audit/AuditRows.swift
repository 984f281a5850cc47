/// The rows of an audit with what they have in common, prepared once for all candidates.
struct AuditRows {
  let rows: ScoredRows
  let labels: [Int]
  /// The question of each row; without groups every row is one.
  let questions: Partition
  /// Questions, or the families of near-duplicates they lie in, and what crosses them.
  let clusters: Clusters
  /// What crosses questions and is taken for a sample.
  let crossedNames: [String]
  /// What must be held fixed.
  let covariates: [Covariate]
  let terms: CovariateTerms

  /// From here on checks that decide nothing are left out.
  static let mostRowsOfEveryCheck = 200_000
  var isHuge: Bool { labels.count > Self.mostRowsOfEveryCheck }

  /// By row the primary cluster, for measures that take names.
  var clusterNames: [String] {
    (hasFamilies ? rows.families : rows.groups) ?? questions.codes.map { "\($0)" }
  }

  /// Whether questions are known and hold several rows, so that rows of one question can be compared.
  var repeatsQuestions: Bool { rows.groups != nil && questions.count < labels.count }
  /// Whether several questions lie in one family.
  var hasFamilies: Bool { clusters.primary.count < questions.count }

  init(_ rows: ScoredRows, baselines: [AuditBaseline]) {
    self.rows = rows
    labels = rows.labels
    covariates = rows.knownColumns(baselines).filter { $0.distinctValues > 1 }
    terms = CovariateTerms(covariates, rows: labels.count)
    let units = RowClusters(rows.questionIndex, families: rows.families, covariates, rows: rows.count)
    (questions, clusters, crossedNames) = (units.questions, units.clusters, units.crossedNames)
  }
}

extension ScoredRows {
  /// Letter, source, user side and further columns, and baselines that would explain a prediction away.
  func knownColumns(_ baselines: [AuditBaseline] = []) -> [Covariate] {
    let named = [("answer letter", letters), ("source", sources), ("user side", userSides)]
    let own = named.compactMap { name, values in values.map { Covariate(name: name, values: .categorical($0)) } }
    let known = Set((own + covariates).map(\.name))
    let trivial = baselines.filter { $0.isTrivial && !known.contains($0.name) && allFinite($0.scores) }
    return own + covariates
      + trivial.map { Covariate(name: $0.name, values: .numeric($0.scores.map(Optional.some))) }
  }
}

/// One candidate on these rows: the two areas, and the score's coefficient with everything known held fixed.
struct CandidateFit {
  let name: String
  let scores: [Double]
  let order: ScoreOrder
  /// `nil` where fewer than 5 questions have both labels.
  let within: ClusteredArea?
  let across: ClusteredArea

  init?(_ candidate: AuditCandidate, _ context: AuditRows) {
    guard allFinite(candidate.rows.scores) else { return nil }
    (name, scores) = (candidate.name, candidate.rows.scores)
    order = ScoreOrder(scores)
    guard let across = ClusteredArea.pooled(order, labels: context.labels, clusters: context.clusters) else {
      return nil
    }
    self.across = across
    let within =
      context.repeatsQuestions
      ? ClusteredArea.stratified(
        order, labels: context.labels, strata: context.questions, clusters: context.clusters) : nil
    self.within = within.flatMap { $0.clusters >= fewestMixedGroups && $0.mixedStrata >= fewestMixedGroups ? $0 : nil }
  }

  func area(_ question: Claim.Question) -> ClusteredArea? { question == .within ? within : across }

  /// How far the 95 % interval farther from 0.5 stays away from it: by this the best candidate is chosen, so that a few lucky
  /// pairs do not win.
  var strength: Double {
    let distances = [within, across].compactMap { area in
      area?.interval().map { max($0.low - 0.5, 0.5 - $0.high) }
    }
    return distances.max() ?? abs(across.area - 0.5) - 1
  }
}
