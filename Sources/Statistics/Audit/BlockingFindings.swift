/// What keeps the data from answering at all.
func blockingFindings(_ candidates: [AuditCandidate], _ subject: AuditSubject?) -> [Finding] {
  guard let subject else { return [unusableFinding(candidates)] }
  let rows = subject.rows
  return [
    groupFinding(rows), explainedFinding(rows, by: rows.letters, "the answer letter", name: "letter"),
    explainedFinding(rows, by: rows.sources, "the source of the row", name: "source"),
    explainedFinding(rows, by: rows.userSides, "the side the user is on", name: "user side"),
    orderFinding(rows), tooFewFinding(rows), unusableNote(candidates, subject),
  ].compactMap { $0 }
}

private func blocking(_ name: String, _ number: Double?, _ sentence: String) -> Finding {
  Finding(severity: .blocking, name: name, number: number, sentence: sentence)
}

private func unusableFinding(_ candidates: [AuditCandidate]) -> Finding {
  let warnings = candidates.first.map { predictivityWarnings($0.rows) } ?? []
  return blocking("no AUROC", nil, warnings.first ?? "No candidate has a defined AUROC.")
}

private func unusableNote(_ candidates: [AuditCandidate], _ subject: AuditSubject) -> Finding? {
  let dropped = candidates.count - subject.usable.count
  guard dropped > 0 else { return nil }
  return Finding(
    severity: .warning, name: "unusable candidates", number: Double(dropped),
    sentence:
      "\(counted(dropped, "candidate")) of \(candidates.count) left out for scores that are not finite numbers.")
}

private func groupFinding(_ rows: ScoredRows) -> Finding? {
  guard let sentence = groupWarning(rows), let names = rows.groups else { return nil }
  let counts = Categories(names).counts(rows.labels)
  let mixed = counts.count { $0.positives > 0 && $0.positives < $0.rows }
  let withPositive = counts.count { $0.positives > 0 }
  let withNegative = counts.count { $0.positives < $0.rows }
  let share = Measures.labelVarianceExplained(labels: rows.labels, by: names)
  // With ten questions on either side, questions themselves can be compared.
  let undecidable = mixed < fewestMixedGroups && min(withPositive, withNegative) < 10
  return Finding(
    severity: undecidable ? .blocking : .warning, name: "label explained by group", number: share, sentence: sentence)
}

private func explainedFinding(_ rows: ScoredRows, by names: [String]?, _ phrase: String, name: String) -> Finding? {
  guard let names else { return nil }
  let categories = Categories(names)
  guard let share = Measures.labelVarianceExplained(rows.labels, categories), share >= nearlyExplained,
    categories.count < rows.count
  else { return nil }
  return blocking(
    "label explained by \(name)", share,
    "The label is \(percent(share)) explained by \(phrase), so what predicts the one predicts the other.")
}

private func orderFinding(_ rows: ScoredRows) -> Finding? {
  let groups = rows.groupsOrRows
  guard groups.count == rows.count, let test = RunTest(labels: rows.labels), test.z < 0, test.p < 1e-4 else {
    return nil
  }
  return blocking(
    "label order", test.p,
    "The labels come in blocks: \(test.runs) runs where random order has \(fixed(test.expectedRuns, 1)) "
      + "(p = \(scientific(test.p))), so rows are probably not independent; give the question of each row as its group."
  )
}

private func tooFewFinding(_ rows: ScoredRows) -> Finding? {
  if rows.count < 10 {
    return blocking("too few rows", Double(rows.count), "There are only \(rows.count) rows; at least 10 are needed.")
  }
  guard let names = rows.groups else { return nil }
  let counts = Categories(names).counts(rows.labels)
  let fewest = min(counts.count { $0.positives > 0 }, counts.count { $0.positives < $0.rows })
  if counts.count < 10 {
    return blocking(
      "too few groups", Double(counts.count),
      "The rows come from only \(counted(counts.count, "question")); at least 10 are needed to speak of questions "
        + "in general.")
  }
  if fewest < 5 {
    return blocking(
      "too few groups of a class", Double(fewest),
      "Only \(counted(fewest, "question")) of \(counts.count) \(fewest == 1 ? "has" : "have") rows of one of the two "
        + "labels; at least 5 are needed.")
  }
  return nil
}
