/// What each of the two claims rests on.
func claimFindings(_ subject: AuditSubject) -> [Finding] {
  subject.claims.flatMap { claim in [areaFinding(subject, claim), permutationFinding(subject, claim)].compactMap { $0 }
  }
    + missingClaim(subject)
}

private func areaFinding(_ subject: AuditSubject, _ claim: Claim) -> Finding {
  let name = "\(claim.question.rawValue) questions"
  let subjectName = subject.comparisons == 1 ? "the AUROC" : "the AUROC of \(subject.best.name)"
  let area = "\(claim.question == .within ? "Within" : "Across") questions \(subjectName) is \(stated(claim.area))"
  guard claim.area.interval() != nil else {
    return Finding(
      severity: .against, name: name, number: claim.area.area,
      sentence: area + ": too few questions have rows of both labels.")
  }
  let corrected = subject.comparisons == 1 ? "" : " corrected for \(subject.comparisons) comparisons"
  let holds = claim.adjustedP <= Claim.significance
  let asked = holds ? "" : ", \(Claim.significance) is asked for"
  let judgement =
    !holds ? "not distinguishable from 0.5" : claim.sign > 0 ? "above 0.5" : "below 0.5: the prediction is inverted"
  let crossed = subject.context.crossedNames
  let clustered = crossed.isEmpty ? "" : ", clustered by question and by \(listed(crossed))"
  return Finding(
    severity: holds ? .inFavour : .against, name: name, number: claim.area.area,
    sentence: "\(area)\(clustered), \(judgement) (\(writtenP(claim.adjustedP))\(corrected)\(asked)).")
}

private func permutationFinding(_ subject: AuditSubject, _ claim: Claim) -> Finding? {
  guard let p = claim.permutationP else { return nil }
  let exchanged =
    subject.rows.groups == nil
    ? "labels" : subject.permutation?.scheme == .withinGroups ? "labels inside questions" : "labels of whole questions"
  let compared = subject.comparisons == 1 ? "the score" : "the best of \(subject.comparisons) comparisons"
  return Finding(
    severity: p <= 0.05 ? .inFavour : .against, name: "permutation", number: p,
    sentence: "With \(exchanged) exchanged at random, \(compared) does as well in \(percent(p)) of cases.")
}

/// Why the claim within questions could not be judged, and what would be enough.
private func missingClaim(_ subject: AuditSubject) -> [Finding] {
  guard subject.claim(.within) == nil, subject.context.repeatsQuestions else { return [] }
  return [
    Finding(
      severity: .note, name: "within questions", number: nil,
      sentence:
        "Within questions the AUROC cannot be estimated: fewer than \(fewestMixedGroups) questions have rows of both "
        + "labels.")
  ]
}

/// What holding the known columns fixed does, and which are not known.
func covariateFindings(_ subject: AuditSubject) -> [Finding] {
  let unknown = unknownColumns(subject).map { [$0] } ?? []
  guard !subject.context.covariates.isEmpty else { return unknown }
  return subject.claims.filter(\.predicts).flatMap { [jointFinding(subject, $0), strataFinding($0)].compactMap { $0 } }
    + [listFinding(subject)] + cutFindings(subject.context.terms) + unknown
}

/// Levels that rows do not allow to be held fixed.
func cutFindings(_ terms: CovariateTerms) -> [Finding] {
  terms.cut.map { cut in
    Finding(
      severity: .against, name: "levels left out: \(cut.name)", number: Double(cut.levels - 1 - cut.kept),
      sentence: cut.sentence)
  }
}

/// What most often drives both behaviour and activations, by how its column may be called.
private let usualSuspects: [(name: String, parts: [String])] = [
  ("answer letter", ["letter", "option", "choice"]), ("source", ["source", "dataset", "file"]),
  ("prompt length", ["length", "tokens", "chars", "words"]), ("template", ["template", "format", "persona", "style"]),
  ("turn", ["turn", "position", "round"]),
]

private func unknownColumns(_ subject: AuditSubject) -> Finding? {
  guard subject.claims.contains(where: \.predicts) else { return nil }
  let columns = subject.rows.columnNames.map { $0.lowercased() }
  let missing = usualSuspects.filter { suspect in
    !columns.contains { column in suspect.parts.contains { column.contains($0) } }
  }
  guard !missing.isEmpty else { return nil }
  return Finding(
    severity: .warning, name: "unknown columns", number: Double(missing.count),
    sentence:
      "Not known of the rows and so not ruled out: \(listed(missing.map(\.name))); give each as a column where it "
      + "varies.")
}

private func listFinding(_ subject: AuditSubject) -> Finding {
  let covariates = subject.context.covariates
  let names = covariates.map { "\($0.name) (\($0.kind == .numeric ? "numeric" : "\($0.distinctValues) levels"))" }
  let left = subject.context.terms.pairsLeftOut
  let pairs =
    covariates.count < 2
    ? ""
    : left == 0 ? ", and what pairs of them say together" : "; \(counted(left, "pair")) of them only each by itself"
  return Finding(
    severity: .note, name: "covariates", number: Double(covariates.count),
    sentence: "Held fixed: \(listed(names))\(pairs).")
}

private func jointFinding(_ subject: AuditSubject, _ claim: Claim) -> Finding {
  let names = listed(subject.context.covariates.map(\.name))
  let name = "\(claim.question.rawValue) questions, covariates fixed"
  guard let joint = claim.joint else {
    return Finding(
      severity: .against, name: name, number: nil,
      sentence:
        "\(claim.question == .within ? "Within" : "Across") questions nothing of the score is left once \(names) "
        + "\(subject.context.covariates.count == 1 ? "is" : "are") held fixed.")
  }
  let holds = joint.coefficient * claim.sign > 0 && claim.jointP <= 0.05
  let range =
    "\(points(joint.coefficient)) per standard deviation (95 % interval \(points(joint.low, unit: false)) to "
    + "\(points(joint.high, unit: false)), \(writtenP(claim.jointP)))"
  return Finding(
    severity: holds ? .inFavour : .against, name: name, number: joint.coefficient,
    sentence:
      "\(claim.question == .within ? "Within" : "Across") questions, with \(names) held fixed, the score "
      + "\(holds ? "still adds" : "adds nothing that can be told from 0:") \(range).")
}

private func strataFinding(_ claim: Claim) -> Finding? {
  guard let strata = claim.strata else { return nil }
  let place = claim.question == .within ? "of the same question that agree in" : "that agree in"
  let thin = strata.area.clusters < fewestMixedGroups
  return Finding(
    severity: thin ? .note : claim.strataAgree ? .inFavour : .against,
    name: "\(claim.question.rawValue) questions and strata", number: strata.area.area,
    sentence: "Among rows \(place) \(listed(strata.names)) the AUROC is \(stated(strata.area))"
      + (thin ? ", from too few questions to judge." : "."))
}
