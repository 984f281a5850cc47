/// From this share of its variance on, the label is called (nearly) a function of a variable.
let nearlyExplained = 0.9

/// What makes the numbers of these rows doubtful, in plain sentences.
func predictivityWarnings(_ rows: ScoredRows) -> [String] {
  [
    nonFiniteWarning(rows), oneClassWarning(rows), groupWarning(rows), letterWarning(rows), tiedWarning(rows),
    fewRowsWarning(rows), fewGroupsWarning(rows),
  ].compactMap { $0 }
}

private func nonFiniteWarning(_ rows: ScoredRows) -> String? {
  let count = rows.scores.count { !$0.isFinite }
  guard count > 0, let first = rows.scores.firstIndex(where: { !$0.isFinite }) else { return nil }
  return "\(counted(count, "score")) of \(rows.count) \(count == 1 ? "is" : "are") not a finite number "
    + "(the first in row \(first)), so no measure is given."
}

private func oneClassWarning(_ rows: ScoredRows) -> String? {
  guard rows.positives == 0 || rows.positives == rows.count else { return nil }
  return "All \(counted(rows.count, "row")) have label \(rows.labels[0]), so nothing can be predicted or measured."
}

func groupWarning(_ rows: ScoredRows) -> String? {
  guard let groups = rows.questionIndex else { return nil }
  // With one row per question the question explains everything by construction, and harms nothing.
  guard groups.count < rows.count, let share = Measures.labelVarianceExplained(rows.labels, groups),
    share >= nearlyExplained
  else { return nil }
  let explained = "The label is \(percent(share)) explained by which of \(groups.count) questions was asked"
  let within = withinQuestionsClause(rows, groups)
  return "\(explained) (\(followers(rows, groups)) of \(rows.count) labels follow from it); \(within)."
}

/// How many labels are right if each row is given the commoner label of its category.
private func followers(_ rows: ScoredRows, _ categories: Partition) -> Int {
  categories.counts(rows.labels).reduce(0) { $0 + max($1.positives, $1.rows - $1.positives) }
}

/// How many mixed groups a within-group AUROC must rest on to be called an estimate.
let fewestMixedGroups = 5

private func withinQuestionsClause(_ rows: ScoredRows, _ groups: Partition) -> String {
  let mixed = groups.counts(rows.labels).count { $0.positives > 0 && $0.positives < $0.rows }
  if mixed == 0 { return "within questions the AUROC cannot be estimated" }
  if mixed < fewestMixedGroups {
    return "within questions the AUROC cannot be estimated, as only \(mixed) of them \(mixed == 1 ? "has" : "have") "
      + "both labels"
  }
  return "within questions the AUROC rests on \(mixed) of them"
}

private func letterWarning(_ rows: ScoredRows) -> String? {
  guard let names = rows.letters else { return nil }
  let letters = Partition(names)
  guard let share = Measures.labelVarianceExplained(rows.labels, letters), share >= nearlyExplained else { return nil }
  return "The label is \(percent(share)) explained by the answer letter (\(followers(rows, letters)) of \(rows.count) "
    + "labels follow from it); a score that reads the letter would predict it as well."
}

private func tiedWarning(_ rows: ScoredRows) -> String? {
  guard rows.count > 1, allFinite(rows.scores), isConstant(rows.scores) else { return nil }
  return "All \(rows.count) scores are equal (\(rows.scores[0])), so they cannot tell the labels apart."
}

private func fewRowsWarning(_ rows: ScoredRows) -> String? {
  guard rows.count < 10 else { return nil }
  return
    "There \(rows.count == 1 ? "is" : "are") only \(counted(rows.count, "row")); under 10 no interval can be relied on."
}

private func fewGroupsWarning(_ rows: ScoredRows) -> String? {
  guard let count = rows.questionIndex?.count else { return nil }
  guard count < 10 else { return nil }
  return "The rows come from only \(counted(count, "question")), and rows of one question are not independent: "
    + "the sample is \(count), not \(rows.count)."
}
