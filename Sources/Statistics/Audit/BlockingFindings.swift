/// What keeps the data from answering at all.
func blockingFindings(
  _ candidates: [AuditCandidate], _ context: AuditRows, _ subject: AuditSubject?
) -> [Finding] {
  guard let subject else { return [unusableFinding(candidates)] }
  let rows = subject.rows
  let determined = zip(context.covariates, context.terms.partitions).compactMap { explainedFinding(context, $0, $1) }
  return [groupFinding(rows)].compactMap { $0 } + determined
    + [orderFinding(rows), unnamedGroupFinding(rows), tooFewFinding(context), unusableNote(candidates, subject)]
    .compactMap { $0 }
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
  guard let sentence = groupWarning(rows), let groups = rows.questionIndex else { return nil }
  let counts = groups.counts(rows.labels)
  let mixed = counts.count { $0.positives > 0 && $0.positives < $0.rows }
  let withPositive = counts.count { $0.positives > 0 }
  let withNegative = counts.count { $0.positives < $0.rows }
  let share = Measures.labelVarianceExplained(rows.labels, groups)
  // With ten questions on either side, questions themselves can be compared.
  let undecidable = mixed < fewestMixedGroups && min(withPositive, withNegative) < 10
  return Finding(
    severity: undecidable ? .blocking : .warning, name: "label explained by group", number: share, sentence: sentence)
}

/// A label that is a column in disguise cannot be predicted otherwise; one that nearly is leaves few rows to judge by.
private func explainedFinding(_ context: AuditRows, _ covariate: Covariate, _ levels: Partition) -> Finding? {
  guard let share = Measures.labelVarianceExplained(context.labels, levels), share >= nearlyExplained,
    levels.count < context.labels.count, levels.count <= max(2, context.labels.count / 4)
  else { return nil }
  let isWhole = share > 0.999
  return Finding(
    severity: isWhole ? .blocking : .warning, name: "label explained by \(covariate.name)", number: share,
    sentence:
      "The label is \(percent(share)) explained by \(phrase(covariate.name)), so what predicts the one predicts "
      + "the other" + (isWhole ? "; rows in which they differ are needed." : "."))
}

private func phrase(_ name: String) -> String {
  switch name {
  case "answer letter": "the answer letter"
  case "source": "the source of the row"
  case "user side": "the side the user is on"
  default: "the column \(name)"
  }
}

private func orderFinding(_ rows: ScoredRows) -> Finding? {
  let groups = rows.groupsOrRows
  guard groups.count == rows.count, let test = RunTest(labels: rows.labels), test.z < 0, test.p < 1e-4 else {
    return nil
  }
  return blocking(
    "label order", test.p,
    "The labels come in blocks: \(test.runs) runs where random order has \(fixed(test.expectedRuns, 1)) "
      + "(\(writtenP(test.p))), so rows are probably not independent; give the question of each row as its group."
  )
}

private func tooFewFinding(_ context: AuditRows) -> Finding? {
  let count = context.labels.count
  if count < 10 {
    return blocking("too few rows", Double(count), "There are only \(count) rows; at least 10 are needed.")
  }
  guard context.rows.groups != nil || context.hasFamilies else { return nil }
  let clusters = context.clusters.primary
  let (one, several) =
    context.hasFamilies ? ("family of questions", "families of questions") : ("question", "questions")
  if clusters.count < 10 {
    return blocking(
      "too few groups", Double(clusters.count),
      "The rows come from only \(clusters.count) \(clusters.count == 1 ? one : several); at least 10 are needed to speak of "
        + "questions in general, so \(10 - clusters.count) more would be enough to be judged.")
  }
  let fewest = fewestWithALabel(context)
  guard fewest < 5 else { return nil }
  return blocking(
    "too few groups of a class", Double(fewest),
    "Only \(fewest) of \(clusters.count) \(several) \(fewest == 1 ? "has" : "have") rows of one of the two labels; at least 5 "
      + "are needed, so such rows of \(5 - fewest) more would be enough to be judged.")
}

private func fewestWithALabel(_ context: AuditRows) -> Int {
  var seen = [(Bool, Bool)](repeating: (false, false), count: context.clusters.primary.count)
  for (row, code) in context.clusters.primary.codes.enumerated() {
    if context.labels[row] == 1 { seen[code].0 = true } else { seen[code].1 = true }
  }
  return min(seen.count { $0.0 }, seen.count { $0.1 })
}

/// A column that is called like the question and repeats, where no groups were given.
private func unnamedGroupFinding(_ rows: ScoredRows) -> Finding? {
  guard rows.groups == nil else { return nil }
  let repeated = rows.covariates.filter { $0.distinctValues < rows.count }
  guard let guess = GroupColumnGuess.likeliest(repeated.map { ($0.name, []) }) else { return nil }
  return blocking(
    "unnamed groups", nil, guess.sentence + " If it is not the question, leave the column \(guess.column) out.")
}
