/// A label that depends on the score, but not by more or less of it.
func shapeFindings(_ subject: AuditSubject) -> [Finding] {
  let context = subject.context
  guard let scores = regressionScores(subject.best.scores), context.labels.count <= 200_000 else { return [] }
  let squares = scores.map { $0 * $0 }
  guard !isConstant(squares), !subject.claims.contains(where: \.predicts) else { return [] }
  let fit = ClusteredRegression(
    scores: standardized(squares), labels: context.labels, terms: [scores], absorbed: nil, clusters: context.clusters)
  guard let estimate = fit?.estimate, estimate.p < 0.001 else { return [] }
  let side = estimate.coefficient > 0 ? "high and low scores" : "middling scores"
  return [
    Finding(
      severity: .warning, name: "shape", number: estimate.p,
      sentence:
        "The label depends on the score, but not monotonically: \(side) go with the behaviour (quadratic term, p = "
        + "\(scientific(estimate.p))). An AUROC does not see that.")
  ]
}
