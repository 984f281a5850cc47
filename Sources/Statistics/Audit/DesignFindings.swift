/// What the rows are worth, and what choosing a layer did.
func designFindings(_ subject: AuditSubject, seed: UInt64) -> [Finding] {
  let noGroups = subject.rows.groups == nil ? ungroupedFinding() : nil
  return [noGroups, designEffectFinding(subject), groupOrderFinding(subject), selectionFinding(subject, seed)]
    .compactMap { $0 }
}

private func ungroupedFinding() -> Finding {
  Finding(
    severity: .warning, name: "no groups", number: nil,
    sentence: "No groups were given, so rows are taken to be independent; if questions repeat, that is wrong.")
}

private func designEffectFinding(_ subject: AuditSubject) -> Finding? {
  guard let names = subject.rows.groups, Categories(names).count < subject.rows.count,
    let effect = DesignEffect(scores: subject.rows.scores, labels: subject.rows.labels, groups: names)
  else { return nil }
  return Finding(
    severity: .note, name: "effective sample size", number: effect.effectiveSampleSize,
    sentence: "The \(subject.rows.count) rows tell as much as \(fixed(effect.effectiveSampleSize, 0)) independent ones "
      + "(design effect \(fixed(effect.designEffect, 2))).")
}

/// Blocks of questions of one label: no proof of harm where questions are known, but worth a look.
private func groupOrderFinding(_ subject: AuditSubject) -> Finding? {
  guard let names = subject.rows.groups else { return nil }
  let groups = Categories(names)
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
      scoresOfLayer: subject.usable.map(\.rows.scores), labels: subject.rows.labels, groups: subject.rows.groups,
      seed: seed)
  else { return nil }
  let names = selection.folds.map { subject.usable[$0.layer].name }
  let choice =
    selection.agrees ? "both halves choose \(names[0])" : "one half chooses \(names[0]), the other \(names[1])"
  return Finding(
    severity: .note, name: "held-out AUROC", number: selection.heldOutAUROC,
    sentence:
      "Chosen on half of the questions and judged on the other half, the best of \(selection.comparisons) has an "
      + "AUROC of \(fixed(selection.heldOutAUROC)); \(choice).")
}
