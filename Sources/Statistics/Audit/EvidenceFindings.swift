/// Whether the AUROC clears chance once the number of candidates looked at is counted.
func comparisonFindings(_ subject: AuditSubject, permutations: Int, seed: UInt64) -> [Finding] {
  [intervalFinding(subject), permutationFinding(subject, permutations, seed)]
}

private func intervalFinding(_ subject: AuditSubject) -> Finding {
  let k = subject.comparisons
  let name = "corrected interval"
  let area = "The best of \(counted(k, "comparison")), \(subject.best.name), has an AUROC of \(fixed(subject.auroc))"
  guard let interval = aurocInterval(subject.rows, confidence: 1 - 0.05 / Double(k)) else {
    return Finding(
      severity: .against, name: name, number: nil, sentence: "\(area), but no interval can be given for it.")
  }
  let range = "\(fixed(interval.low)) to \(fixed(interval.high))"
  let correction = k == 1 ? "95 % interval" : "interval corrected for \(k) comparisons"
  let holds = interval.low > 0.5
  let judgement =
    holds ? "clears 0.5" : interval.high < 0.5 ? "lies below 0.5: the prediction is inverted" : "holds 0.5"
  return Finding(
    severity: holds ? .inFavour : .against, name: name, number: interval.low,
    sentence: "\(area); its \(correction), \(range), \(judgement).")
}

private func permutationFinding(_ subject: AuditSubject, _ permutations: Int, _ seed: UInt64) -> Finding {
  let rows = subject.rows
  let index = subject.usable.firstIndex { $0.name == subject.best.name } ?? 0
  let test = MaxStatisticTest(
    scores: subject.usable.map(\.rows.scores), labels: rows.labels, groups: rows.groups, permutations: permutations,
    seed: seed)
  guard let test else {
    return Finding(
      severity: .against, name: "permutation", number: nil, sentence: "No permutation test is possible on these rows.")
  }
  // The maximum statistic corrects for the candidates; further comparisons, whose scores are not here, by Bonferroni.
  let further = Double(subject.comparisons) / Double(subject.usable.count)
  let p = min(1, test.adjustedP[index] * max(1, further))
  let exchanged =
    rows.groups == nil
    ? "labels" : test.scheme == .withinGroups ? "labels inside questions" : "labels of whole questions"
  return Finding(
    severity: p <= 0.05 ? .inFavour : .against, name: "permutation", number: p,
    sentence:
      "Exchanging \(exchanged) at random, the best of \(counted(subject.comparisons, "comparison")) does as well "
      + "with p = \(fixed(p, 4)).")
}

/// Whether the AUROC survives where letter, source, user side or question are held fixed.
func strataFindings(_ subject: AuditSubject) -> [Finding] {
  let rows = subject.rows
  let strata = [
    ("answer letters", rows.letters), ("sources", rows.sources), ("user sides", rows.userSides),
    ("questions", rows.groups),
  ]
  return strata.compactMap { name, values in values.flatMap { stratumFinding(subject, name, $0) } }
}

private func stratumFinding(_ subject: AuditSubject, _ name: String, _ strata: [String]) -> Finding? {
  let rows = subject.rows
  let within = StratifiedAUROC(scores: rows.scores, labels: rows.labels, strata: strata, groups: rows.groups)
  guard let within, within.degreesOfFreedom >= fewestMixedGroups - 1 else {
    return Finding(
      severity: .note, name: "within \(name)", number: within?.auroc,
      sentence: "Within \(name) the AUROC cannot be estimated: too few questions have both labels there.")
  }
  let agrees = within.auroc - 0.5 >= (subject.auroc - 0.5) / 2
  return Finding(
    severity: agrees ? .inFavour : .against, name: "within \(name)", number: within.auroc,
    sentence: "Within \(name) the AUROC is \(fixed(within.auroc)), over all \(fixed(subject.auroc))"
      + (agrees ? "." : ": less than half of the distance from 0.5 is left."))
}

/// Whether vectors that ought not to predict do as well.
func nullFindings(_ subject: AuditSubject, _ nulls: [AuditNull]) -> [Finding] {
  nulls.map { null in
    let values = null.aurocs.filter(\.isFinite)
    guard values.count >= 19 else {
      return Finding(
        severity: .warning, name: "null: \(null.name)", number: nil,
        sentence: "Of \(null.name) there are only \(values.count) null values; at least 19 are needed to judge by.")
    }
    let reached = values.count { $0 >= subject.auroc }
    let p = Double(reached + 1) / Double(values.count + 1)
    let stands = p <= 0.05
    let meaning = stands || null.isDecisive ? "." : ": the vector is nothing special, many directions predict as well."
    return Finding(
      severity: stands ? .inFavour : null.isDecisive ? .against : .warning, name: "null: \(null.name)", number: 1 - p,
      sentence: "\(reached) of \(values.count) null values (\(null.name)) reach the AUROC of \(fixed(subject.auroc))"
        + meaning)
  }
}
