/// What other scores of the same rows achieve: marks to measure by. Baselines that would explain a prediction away are
/// covariates of the joint fit instead.
func baselineFindings(_ subject: AuditSubject, _ baselines: [AuditBaseline]) -> [Finding] {
  baselines.map { baseline in
    let name = "baseline: \(baseline.name)"
    guard let area = Measures.auroc(scores: baseline.scores, labels: subject.context.labels) else {
      return Finding(
        severity: .warning, name: name, number: nil,
        sentence: "The baseline \(baseline.name) has scores that are not finite numbers and was left out.")
    }
    return Finding(
      severity: .note, name: name, number: area,
      sentence: "The baseline \(baseline.name) has an AUROC of \(fixed(area)), the score \(fixed(subject.auroc)).")
  }
}
