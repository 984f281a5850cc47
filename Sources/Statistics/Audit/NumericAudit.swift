/// The audit of a score and a numeric or ordinal label: the rule of `Audit` on the concordance, which is the AUROC's counterpart.
///
/// A claim predicts if its p, corrected for `comparisons` by Bonferroni and for the two claims by Holm, is at most 0.04 and that of
/// exchanged labels at most 0.05; it survives if one regression of the label with all covariates, and the concordance inside strata
/// in which they agree, say so as well.
public struct NumericAudit: Sendable, Equatable, Codable {
  public let verdict: Verdict
  public let reason: String
  public let direction: Direction
  public let plan: PlanStatus
  public let within: ClusteredAssociation?
  public let across: ClusteredAssociation?
  /// All measures of both questions, and the permutation test.
  public let prediction: NumericPrediction
  /// The score's coefficient with all covariates held fixed, in standard deviations of the label per standard deviation of the
  /// score.
  public let jointWithin: CoefficientEstimate?
  public let jointAcross: CoefficientEstimate?
  public let covariates: [String]
  public let ignored: [String]
  public let smallestEffect: Double
  public let findings: [Finding]

  /// - Throws: `StatisticsError` for a covariate of another length and options out of range.
  public init(
    _ rows: NumericRows, covariates: [Covariate] = [], comparisons: Int = 1, permutations: Int = 2_000,
    seed: UInt64 = 0, options: AuditOptions = AuditOptions()
  ) throws(StatisticsError) {
    try options.check()
    for covariate in covariates where covariate.count != rows.count {
      throw StatisticsError(
        .lengthMismatch,
        "There are \(rows.count) labels but \(covariate.count) values of \(covariate.name); give one per row.")
    }
    prediction = NumericPrediction(rows, covariates: covariates, permutations: permutations, seed: seed)
    let context = NumericContext(
      rows, covariates, prediction, comparisons: max(1, comparisons), smallest: options.smallestEffect)
    let claims = context.claims
    let within = claims.first { $0.question == .within }
    let across = claims.first { $0.question == .across }
    (self.within, self.across) = (within?.area, across?.area)
    (jointWithin, jointAcross) = (within?.joint?.estimate, across?.joint?.estimate)
    self.covariates = context.covariates.map(\.name)
    (smallestEffect, plan, ignored) = (options.smallestEffect, options.plan, options.ignored)
    let decision = NumericDecision(claims, context)
    (verdict, reason, direction) = (decision.verdict, decision.reason, decision.direction)
    findings = claims.flatMap(\.findings) + cutFindings(context.terms) + options.findings + context.shapeFindings
  }
}

/// What the claims of a numeric label are made of.
struct NumericContext {
  let rows: NumericRows
  /// Those that vary.
  let covariates: [Covariate]
  let terms: CovariateTerms
  let units: RowClusters
  let smallest: Double
  private let prediction: NumericPrediction
  private let comparisons: Int

  init(
    _ rows: NumericRows, _ covariates: [Covariate], _ prediction: NumericPrediction, comparisons: Int, smallest: Double
  ) {
    self.covariates = covariates.filter { $0.distinctValues > 1 }
    (self.rows, self.prediction, self.comparisons, self.smallest) = (rows, prediction, comparisons, smallest)
    terms = CovariateTerms(self.covariates, rows: rows.count)
    units = RowClusters(
      rows.groups.map { Partition($0) }, families: rows.families, self.covariates, rows: rows.count)
  }

  var questionsAreKnown: Bool { rows.groups != nil }
  /// Families or questions.
  var unitCount: Int { units.clusters.primary.count }

  var claims: [NumericClaim] {
    let within = prediction.within(.concordance).flatMap { $0.clusters >= fewestMixedGroups ? $0 : nil }
    let areas = [(Claim.Question.within, within), (.across, prediction.across(.concordance))]
    let known = areas.compactMap { question, area in area.map { (question, $0) } }
    let corrected = holm(known.map { min(1, ($0.1.p ?? 1) * Double(comparisons)) })
    return zip(known, corrected).map { claim, p in
      NumericClaim(
        question: claim.0, area: claim.1, adjustedP: p, permutationP: permutationP(claim.0),
        alone: fit(claim.0, []), joint: covariates.isEmpty ? nil : fit(claim.0, terms.columns),
        strata: strata(claim.0), comparisons: Double(comparisons), smallest: smallest,
        covariates: covariates.map(\.name), isCut: !terms.cut.isEmpty)
    }
  }

  private func fit(_ question: Claim.Question, _ terms: [[Double]]) -> ClusteredRegression? {
    let absorbed = question == .within ? units.questions : nil
    guard !covariates.isEmpty, !isConstant(rows.labels), allFinite(rows.scores),
      let scores = regressionScores(rows.scores, within: absorbed)
    else { return nil }
    return ClusteredRegression(
      scores: scores, outcome: standardized(rows.labels), terms: terms, absorbed: absorbed, clusters: units.clusters)
  }

  /// Exchanging labels inside questions tests the claim within them, exchanging those of rows or whole questions the other.
  private func permutationP(_ question: Claim.Question) -> Double? {
    guard let test = prediction.permutation else { return nil }
    let testsWithin = test.scheme == .withinGroups && units.questions.count < rows.count && questionsAreKnown
    return testsWithin == (question == .within) ? min(1, test.adjustedP[0] * Double(comparisons)) : nil
  }

  private func strata(_ question: Claim.Question) -> ClusteredAssociation? {
    guard !covariates.isEmpty else { return nil }
    let shares = terms.partitions.map { Measures.varianceExplained(rows.labels, $0) ?? 0 }
    let order = shares.indices.sorted { (shares[$0], $1) > (shares[$1], $0) }
    let inner = question == .within ? units.questions : nil
    return terms.strata(labels: rows.labels, within: inner, order: order).flatMap {
      ClusteredAssociation(rows, .concordance, strata: $0.partition, units.clusters)
    }
  }

  var shapeFindings: [Finding] {
    guard rows.count <= AuditRows.mostRowsOfEveryCheck, allFinite(rows.scores),
      let shape = UShape(scores: rows.scores, labels: rows.labels, groups: rows.families ?? rows.groups),
      let sentence = shape.sentence(significance: 0.001)
    else { return [] }
    return [Finding(severity: .warning, name: "shape", number: shape.p, sentence: sentence)]
  }
}
