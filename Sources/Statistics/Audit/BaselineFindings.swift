/// What simpler scores of the same rows achieve, and whether a trivial one explains the result.
func baselineFindings(_ subject: AuditSubject, _ baselines: [AuditBaseline]) -> [Finding] {
  baselines.map { baseline in
    let name = "baseline: \(baseline.name)"
    guard let area = Measures.auroc(scores: baseline.scores, labels: subject.rows.labels) else {
      return Finding(
        severity: .warning, name: name, number: nil,
        sentence: "The baseline \(baseline.name) has scores that are not finite numbers and was left out.")
    }
    let comparison =
      "The baseline \(baseline.name) has an AUROC of \(fixed(area)), the score \(fixed(subject.auroc))"
    guard baseline.isTrivial else {
      return Finding(severity: .note, name: name, number: area, sentence: comparison + ".")
    }
    let effect = conditionalEffect(subject, baseline.scores, baselineArea: max(area, 1 - area))
    return Finding(
      severity: effect.remains ? .inFavour : .against, name: name, number: area,
      sentence: "\(comparison); \(effect.clause).")
  }
}

private struct ConditionalEffect {
  let remains: Bool
  let clause: String
}

/// What the score adds to a baseline in a logistic regression on both, standardised.
private func conditionalEffect(
  _ subject: AuditSubject, _ baseline: [Double], baselineArea: Double
) -> ConditionalEffect {
  let rows = subject.rows
  guard !isConstant(baseline) else {
    return ConditionalEffect(remains: true, clause: "it is the same for every row and explains nothing")
  }
  guard !isConstant(rows.scores) else {
    return ConditionalEffect(remains: false, clause: "the score is the same for every row")
  }
  let features = zip(standardized(rows.scores), standardized(baseline)).map { [$0, $1] }
  do throws(StatisticsError) {
    let fit = try LogisticRegression.fit(features: features, labels: rows.labels, inverseRegularization: nil)
    return adjustedEffect(subject, fit, features)
  } catch {
    return unfittedEffect(subject, error, baselineArea)
  }
}

private func adjustedEffect(
  _ subject: AuditSubject, _ fit: LogisticRegression, _ features: [[Double]]
) -> ConditionalEffect {
  let errors = fit.clusterRobustStandardErrors(
    features: features, labels: subject.rows.labels, groups: subject.groupNames)
  guard let error = errors?.first, error > 0 else {
    return ConditionalEffect(remains: false, clause: "what the score adds to it cannot be estimated")
  }
  let df = Double(Categories(subject.groupNames).count - 1)
  let p = StudentT.twoSidedP(fit.coefficients[0] / error, degreesOfFreedom: df)
  let remains = fit.coefficients[0] > 0 && p <= 0.05
  let adds = remains ? "still adds" : p <= 0.05 ? "points the other way" : "adds nothing significant"
  return ConditionalEffect(
    remains: remains,
    clause: "beside it the score \(adds) "
      + "(log-odds \(fixed(fit.coefficients[0])) per standard deviation, p = \(scientific(p)))")
}

/// Where no fit exists the areas decide: one of the two separates the labels, or both are the same.
private func unfittedEffect(
  _ subject: AuditSubject, _ error: StatisticsError, _ baselineArea: Double
) -> ConditionalEffect {
  if error.code == .collinear {
    return ConditionalEffect(remains: false, clause: "the score is a linear function of it")
  }
  let remains = subject.auroc > baselineArea
  return ConditionalEffect(
    remains: remains, clause: remains ? "the score does better" : "the score does no better, so it may be all there is")
}
