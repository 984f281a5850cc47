/// Whether the effect is the same for every letter and source and in both halves of the questions, for a score that predicts.
func heterogeneityFindings(_ subject: AuditSubject) -> [Finding] {
  let context = subject.context
  guard let leading = subject.leading, leading.predicts else { return [] }
  guard !context.isHuge else { return [untested(context)] }
  let categorical = zip(context.covariates, context.terms.partitions).compactMap { covariate, levels in
    covariate.kind == .categorical && (2...20).contains(levels.count) ? covariate : nil
  }
  let columns = categorical.compactMap { covariate -> (String, [String])? in
    guard case .categorical(let names) = covariate.values else { return nil }
    return (covariate.name, names)
  }
  let halves = context.rows.groups == nil ? [] : [("halves of the questions", halfOfQuestions(context))]
  return (columns + halves).compactMap { name, levels in
    let test = Heterogeneity.ofAreas(
      scores: subject.best.scores, labels: context.labels.map(Double.init), levels: levels,
      groups: context.clusterNames,
      within: leading.question == .within && !context.hasFamilies)
    return test.map { finding($0, name) }
  }
}

private func untested(_ context: AuditRows) -> Finding {
  Finding(
    severity: .note, name: "heterogeneity", number: nil,
    sentence:
      "Of over \(AuditRows.mostRowsOfEveryCheck) rows, neither heterogeneity nor the shape of the dependence is tested."
  )
}

private func finding(_ test: Heterogeneity, _ name: String) -> Finding {
  Finding(
    severity: test.p < 0.05 ? .warning : .note, name: "heterogeneity: \(name)", number: test.p,
    sentence: test.sentence(what: "AUROC", between: name.hasPrefix("halves") ? name : "levels of \(name)"))
}

/// Questions in order of appearance.
private func halfOfQuestions(_ context: AuditRows) -> [String] {
  let half = (context.questions.count + 1) / 2
  return context.questions.codes.map { $0 < half ? "first half" : "second half" }
}
