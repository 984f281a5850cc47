/// The audit of a score and a numeric or ordinal label: the rule of `Audit` on the concordance, which is the AUROC's counterpart.
///
/// Claims are corrected for the two questions by Holm and for `comparisons` by Bonferroni; the joint fit is that of `Audit`, of the
/// label in standard deviations. Rows are not compared inside strata of the covariates.
public struct NumericAudit: Sendable, Equatable, Codable {
  public let verdict: Verdict
  public let reason: String
  public let direction: Direction
  public let within: ClusteredAssociation?
  public let across: ClusteredAssociation?
  /// All measures of both questions, and the permutation test.
  public let prediction: NumericPrediction
  /// The score's coefficient with all covariates held fixed, in standard deviations of the label per standard deviation of the
  /// score.
  public let jointWithin: CoefficientEstimate?
  public let jointAcross: CoefficientEstimate?
  public let covariates: [String]
  public let smallestEffect: Double
  public let findings: [Finding]

  public init(
    _ rows: NumericRows, covariates: [Covariate] = [], comparisons: Int = 1, permutations: Int = 2_000,
    seed: UInt64 = 0,
    options: AuditOptions = AuditOptions()
  ) throws(StatisticsError) {
    try options.check()
    for covariate in covariates where covariate.count != rows.count {
      throw StatisticsError(
        .lengthMismatch,
        "There are \(rows.count) labels but \(covariate.count) values of \(covariate.name); give one per row.")
    }
    prediction = NumericPrediction(rows, permutations: permutations, seed: seed)
    let known = covariates.filter { $0.distinctValues > 1 }
    let context = NumericContext(rows, known)
    within = prediction.within(.concordance).flatMap { $0.clusters >= fewestMixedGroups ? $0 : nil }
    across = prediction.across(.concordance)
    jointWithin = within == nil ? nil : context.joint(absorbed: true)
    jointAcross = context.joint(absorbed: false)
    self.covariates = known.map(\.name)
    smallestEffect = options.smallestEffect
    let estimates = [("within questions", within, jointWithin, true), ("across questions", across, jointAcross, false)]
    let claims = estimates.compactMap { phrase, area, joint, absorbed in
      area.map { NumericClaim(phrase, $0, alone: context.alone(absorbed: absorbed), joint: joint) }
    }
    let decision = NumericDecision(
      claims, context, comparisons: comparisons, hasCovariates: !known.isEmpty, smallest: options.smallestEffect)
    (verdict, reason, direction) = (decision.verdict, decision.reason, decision.direction)
    findings = options.findings + context.shapeFindings
  }
}

private struct NumericContext {
  let rows: NumericRows
  private let covariates: [Covariate]
  private let questions: Partition
  private let clusters: Clusters

  init(_ rows: NumericRows, _ covariates: [Covariate]) {
    (self.rows, self.covariates) = (rows, covariates)
    questions = rows.groups.map { Partition($0) } ?? .rows(rows.count)
    clusters = Clusters(questions, crossed: rows.secondCluster.map { [Partition($0)] } ?? [])
  }

  var questionCount: Int { questions.count }
  var questionsAreKnown: Bool { rows.groups != nil }

  func joint(absorbed: Bool) -> CoefficientEstimate? {
    covariates.isEmpty ? nil : fit(CovariateTerms(covariates, rows: rows.count).columns, absorbed)
  }

  func alone(absorbed: Bool) -> CoefficientEstimate? { covariates.isEmpty ? nil : fit([], absorbed) }

  private func fit(_ terms: [[Double]], _ absorbed: Bool) -> CoefficientEstimate? {
    guard !isConstant(rows.labels), allFinite(rows.scores),
      let scores = regressionScores(rows.scores, within: absorbed ? questions : nil)
    else { return nil }
    return ClusteredRegression(
      scores: scores, outcome: standardized(rows.labels), terms: terms, absorbed: absorbed ? questions : nil,
      clusters: clusters)?.estimate
  }

  var shapeFindings: [Finding] {
    guard rows.count <= AuditRows.mostRowsOfEveryCheck, allFinite(rows.scores),
      let shape = UShape(scores: rows.scores, labels: rows.labels, groups: rows.groups),
      let sentence = shape.sentence(significance: 0.001)
    else { return [] }
    return [Finding(severity: .warning, name: "shape", number: shape.p, sentence: sentence)]
  }
}

private struct NumericClaim {
  let phrase: String
  let area: ClusteredAssociation
  let alone: CoefficientEstimate?
  let joint: CoefficientEstimate?

  init(_ phrase: String, _ area: ClusteredAssociation, alone: CoefficientEstimate?, joint: CoefficientEstimate?) {
    (self.phrase, self.area, self.alone, self.joint) = (phrase, area, alone, joint)
  }

  var sign: Double { area.value >= 0.5 ? 1 : -1 }

  func survives(_ hasCovariates: Bool) -> Bool {
    guard hasCovariates else { return true }
    return joint.map { $0.coefficient * sign > 0 && $0.p <= 0.05 } ?? false
  }

  var isExplained: Bool {
    guard let joint, let alone else { return joint == nil }
    return sign > 0 ? joint.high < alone.coefficient : joint.low > alone.coefficient
  }

  func isNegligible(_ smallest: Double) -> Bool {
    guard let low = area.low, let high = area.high else { return false }
    return low > 0.5 - smallest && high < 0.5 + smallest
  }

  var stated: String {
    guard let low = area.low, let high = area.high else { return "\(fixed(area.value)) (no interval)" }
    return "\(fixed(area.value)) (95 % interval \(fixed(low)) to \(fixed(high)))"
  }
}

private struct NumericDecision {
  let verdict: Verdict
  let reason: String
  let direction: Direction

  init(_ claims: [NumericClaim], _ context: NumericContext, comparisons: Int, hasCovariates: Bool, smallest: Double) {
    guard !claims.isEmpty else {
      (verdict, reason, direction) = (
        .cannotTell, "Score or label do not vary, or a score is not a finite number.", .none
      )
      return
    }
    let list = claims.map { "\($0.phrase) \($0.stated)" }.joined(separator: ", ")
    guard context.rows.count >= 10, !context.questionsAreKnown || context.questionCount >= 10 else {
      let unit = context.questionsAreKnown ? "\(context.questionCount) questions" : "\(context.rows.count) rows"
      (verdict, direction) = (.cannotTell, .none)
      reason = "There are only \(unit); at least 10 are needed. Concordance: \(list)."
      return
    }
    let p = holm(claims.map { min(1, ($0.area.p ?? 1) * Double(comparisons)) })
    let predicting = zip(claims, p).filter { $0.1 <= Claim.significance }.map(\.0)
    let held = predicting.filter { $0.survives(hasCovariates) && !$0.isNegligible(smallest) }
    direction = (held.first ?? predicting.first).map { $0.sign > 0 ? .positive : .inverted } ?? .none
    if let first = held.first {
      verdict = .supported
      reason =
        "The score predicts the label\(first.sign < 0 ? ", inverted," : "") "
        + held.map { "\($0.phrase) with a concordance of \($0.stated)" }.joined(separator: ", and ")
        + (hasCovariates ? ", also with the other columns held fixed." : ".")
    } else if claims.allSatisfy({ $0.isNegligible(smallest) }) {
      verdict = .absent
      reason = "The concordance is within \(fixed(smallest)) of 0.5, the smallest effect of interest: \(list)."
    } else if predicting.isEmpty {
      (verdict, reason) = (.cannotTell, "The concordance cannot be distinguished from 0.5: \(list).")
    } else if predicting.allSatisfy({ $0.survives(hasCovariates) }) {
      verdict = .cannotTell
      reason =
        "The concordance can be distinguished from 0.5, but by less than the smallest effect of interest: \(list)."
    } else if predicting.filter({ !$0.survives(hasCovariates) }).allSatisfy(\.isExplained) {
      (verdict, reason) = (.explained, "The score predicts the label (\(list)), but the other columns explain it.")
    } else {
      verdict = .cannotTell
      reason = "The score predicts the label (\(list)), but whether it does with the other columns held fixed is open."
    }
  }
}
