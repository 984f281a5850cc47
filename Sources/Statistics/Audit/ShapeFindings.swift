/// A label that depends on the score, but not by more or less of it.
func shapeFindings(_ subject: AuditSubject) -> [Finding] {
  let context = subject.context
  guard !context.isHuge, !subject.claims.contains(where: \.predicts) else { return [] }
  let shape = UShape(
    scores: subject.best.scores, labels: context.labels.map(Double.init), groups: context.clusterNames)
  guard let shape, let sentence = shape.sentence(significance: 0.001) else { return [] }
  return [Finding(severity: .warning, name: "shape", number: shape.p, sentence: sentence)]
}
