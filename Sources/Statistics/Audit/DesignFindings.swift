/// What the rows are worth, and what choosing a layer did.
func designFindings(_ subject: AuditSubject, seed: UInt64) -> [Finding] {
  let noGroups = subject.rows.groups == nil ? ungroupedFinding() : nil
  return [
    baseRateFinding(subject), noGroups, familyFinding(subject), largestQuestionFinding(subject), signFinding(subject),
    designEffectFinding(subject), groupOrderFinding(subject), selectionFinding(subject, seed),
  ].compactMap { $0 }
}

/// What a precision or accuracy must be compared with; rare behaviour is said to be rare.
private func baseRateFinding(_ subject: AuditSubject) -> Finding {
  let (positives, count) = (subject.context.labels.reduce(0, +), subject.context.labels.count)
  let rate = Double(positives) / Double(count)
  let isRare = min(rate, 1 - rate) < 0.05
  let meaning =
    isRare ? ": an AUROC says little about a rare label; look at recall and precision at a threshold." : "."
  return Finding(
    severity: isRare ? .warning : .note, name: "base rate", number: rate,
    sentence: "The behaviour is shown in \(percent(rate)) of the rows (\(positives) of \(count))" + meaning)
}

private func ungroupedFinding() -> Finding {
  Finding(
    severity: .warning, name: "no groups", number: nil,
    sentence: "No groups were given, so rows are taken to be independent; if questions repeat, that is wrong.")
}

private func familyFinding(_ subject: AuditSubject) -> Finding? {
  let context = subject.context
  guard context.hasFamilies else {
    guard let families = subject.rows.families, !context.questions.isNested(in: Partition(families)) else { return nil }
    return Finding(
      severity: .warning, name: "families", number: nil,
      sentence: "Some questions belong to several families, so families are not used; give each question one.")
  }
  let found = subject.rows.familiesAreFromTexts
  return Finding(
    severity: found ? .warning : .note, name: "families", number: Double(context.clusters.primary.count),
    sentence: "The \(context.questions.count) questions are \(context.clusters.primary.count) families"
      + (found ? " of nearly the same text" : "") + "; intervals and tests count families.")
}

/// One question that holds most rows leaves little to say of questions in general.
private func largestQuestionFinding(_ subject: AuditSubject) -> Finding? {
  guard subject.context.repeatsQuestions else { return nil }
  let sizes = subject.context.questions.sizes()
  guard let index = sizes.indices.max(by: { sizes[$0] < sizes[$1] }) else { return nil }
  let share = Double(sizes[index]) / Double(subject.context.labels.count)
  guard share >= 0.5, let row = subject.context.questions.codes.firstIndex(of: index) else { return nil }
  let name = subject.rows.groups?[row] ?? ""
  let effective = subject.context.questions.effectiveCount(weights: sizes.map(Double.init))
  return Finding(
    severity: .warning, name: "one question", number: share,
    sentence:
      "One question, \(name), holds \(percent(share)) of the rows, so the \(sizes.count) questions tell as much as "
      + "\(fixed(effective, 1)) of equal size: intervals are wide for that reason.")
}

/// In how many questions the score points the same way: an exact test that needs no interval.
private func signFinding(_ subject: AuditSubject) -> Finding? {
  guard subject.context.repeatsQuestions else { return nil }
  let areas = areasByPart(subject.best.order, subject.context.labels, subject.context.questions).compactMap { $0 }
  let above = areas.count { $0 > 0.5 }
  let decided = above + areas.count { $0 < 0.5 }
  guard decided > 0, decided < 50 else { return nil }
  let p = signTestP(max(above, decided - above), of: decided)
  return Finding(
    severity: .note, name: "questions that agree", number: p,
    sentence:
      "In \(above) of \(decided) questions with rows of both labels the AUROC is above 0.5 (exact sign test over "
      + "questions: \(writtenP(p))).")
}

private func designEffectFinding(_ subject: AuditSubject) -> Finding? {
  let context = subject.context
  guard context.clusters.primary.count < context.labels.count, let wide = subject.best.across.variance?.value,
    let narrow = PairTotals(
      subject.best.order, labels: context.labels, strata: .whole(context.labels.count),
      clusters: .rows(context.labels.count)
    ).jackknifeVariance(), narrow > 0
  else { return nil }
  let effect = max(1, wide / narrow)
  let rows = Double(context.labels.count) / effect
  return Finding(
    severity: .note, name: "effective sample size", number: rows,
    sentence: "The \(context.labels.count) rows tell as much as \(fixed(rows, 0)) independent ones "
      + "(design effect \(fixed(effect, 2))).")
}

/// Blocks of questions of one label: no proof of harm where questions are known, but worth a look.
private func groupOrderFinding(_ subject: AuditSubject) -> Finding? {
  guard let groups = subject.rows.questionIndex else { return nil }
  guard groups.count < subject.rows.count else { return nil }
  let majorities = groups.counts(subject.rows.labels).map { 2 * $0.positives > $0.rows ? 1 : 0 }
  guard let test = RunTest(labels: majorities), test.z < 0, test.p < 1e-3 else { return nil }
  return Finding(
    severity: .warning, name: "group order", number: test.p,
    sentence: "Questions of one label come in blocks (\(test.runs) runs where random order has "
      + "\(fixed(test.expectedRuns, 1))); look for what they share.")
}

private func selectionFinding(_ subject: AuditSubject, _ seed: UInt64) -> Finding? {
  guard subject.usable.count > 1,
    let selection = LayerSelection(
      scoresOfLayer: subject.usable.map(\.scores), labels: subject.context.labels,
      groups: subject.context.rows.families ?? subject.rows.groups, seed: seed)
  else { return nil }
  let names = selection.folds.map { fold in
    subject.usable[fold.layer].name + (fold.selectionAUROC < 0.5 ? " (inverted)" : "")
  }
  let choice =
    names[0] == names[1] ? "both halves choose \(names[0])" : "one half chooses \(names[0]), the other \(names[1])"
  let areas = selection.folds.map { fixed($0.heldOutAUROC) }
  return Finding(
    severity: .note, name: "held-out AUROC", number: selection.heldOutAUROC,
    sentence: "Chosen on half of the questions by its distance from 0.5 and judged on the other half, the best of "
      + "\(selection.comparisons) has an AUROC of \(areas[0]) and \(areas[1]); \(choice).")
}
