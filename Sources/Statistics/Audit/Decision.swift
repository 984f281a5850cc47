/// The verdict, the sentence that decided, and the direction.
struct Decision {
  let verdict: Verdict
  let reason: String
  let direction: Direction

  init(_ findings: [Finding], _ subject: AuditSubject?) {
    guard let subject, !findings.contains(where: { $0.severity == .blocking }) else {
      let blocking = findings.first { $0.severity == .blocking }?.sentence
      (verdict, reason) = (.cannotTell, blocking ?? "No candidate has a defined AUROC.")
      direction = subject.flatMap(Self.apparentDirection) ?? .none
      return
    }
    let smallest = subject.options.smallestEffect
    let predicting = subject.claims.filter(\.predicts)
    let held = predicting.filter { $0.survives && !$0.isNegligible(smallest) }
    let leading = held.first ?? predicting.first
    direction = leading.map { $0.sign > 0 ? .positive : .inverted } ?? .none
    if !held.isEmpty {
      (verdict, reason) = (.supported, supportedSentence(subject, held))
    } else if subject.claims.allSatisfy({ $0.isNegligible(smallest) }), !subject.claims.isEmpty {
      (verdict, reason) = (.absent, absentSentence(subject))
    } else if predicting.isEmpty {
      // What crosses the questions widens the intervals; where holding it fixed takes the effect away, it is the explanation.
      let here = subject.context.crossedNames.isEmpty ? [] : subject.claims.filter(\.predictsHere)
      let explained = here.filter { !$0.survives && $0.isExplained }
      if explained.isEmpty {
        (verdict, reason) = (.cannotTell, undecidedSentence(subject))
      } else {
        (verdict, reason) = (.explained, explainedSentence(subject, explained))
      }
    } else if predicting.allSatisfy(\.survives) {
      (verdict, reason) = (.cannotTell, smallSentence(subject, predicting[0]))
    } else if predicting.filter({ !$0.survives }).allSatisfy(\.isExplained) {
      (verdict, reason) = (.explained, explainedSentence(subject, predicting))
    } else {
      (verdict, reason) = (.cannotTell, thinSentence(subject, predicting))
    }
  }

  /// Where the data do not decide, the direction is that of an interval that excludes 0.5.
  private static func apparentDirection(_ subject: AuditSubject) -> Direction? {
    guard let claim = subject.claims.first(where: { ($0.area.p ?? 1) <= 0.05 }) else { return nil }
    return claim.sign > 0 ? .positive : .inverted
  }
}

/// "0.812 (95 % interval 0.711 to 0.883)".
func stated(_ area: ClusteredArea) -> String {
  let interval = area.interval()
  return statedInterval(area.area, low: interval?.low, high: interval?.high)
}

func statedInterval(_ value: Double, low: Double?, high: Double?) -> String {
  guard let low, let high else { return "\(fixed(value)) (no interval)" }
  return "\(fixed(value)) (95 % interval \(fixed(low)) to \(fixed(high)))"
}

/// "letter, source and length".
func listed(_ names: [String]) -> String {
  guard let last = names.last, names.count > 1 else { return names.first ?? "" }
  return names.dropLast().joined(separator: ", ") + " and " + last
}

private func supportedSentence(_ subject: AuditSubject, _ held: [Claim]) -> String {
  let inverted = held[0].sign < 0 ? ", inverted (higher scores go with its absence)" : ""
  let areas = held.map { "\($0.question.phrase) with an AUROC of \(stated($0.area))" }
  let sentence = "\(subject.best.name) predicts the label\(inverted) \(areas.joined(separator: ", and "))"
  return sentence + fixedClause(subject) + "." + otherClause(subject, held)
}

private func fixedClause(_ subject: AuditSubject) -> String {
  let names = subject.context.covariates.map(\.name)
  return names.isEmpty ? "" : ", also with \(listed(names)) held fixed"
}

private func otherClause(_ subject: AuditSubject, _ held: [Claim]) -> String {
  guard held.count == 1 else { return "" }
  let asked = held[0].question
  guard let other = subject.claims.first(where: { $0.question != asked }) else {
    return asked == .within
      ? "" : " Within questions nothing can be said: too few questions have rows of both labels."
  }
  let why =
    other.area.interval() == nil
    ? "has no interval, because too few questions have rows of both labels"
    : !other.predicts
      ? "cannot be distinguished from 0.5"
      : other.isNegligible(subject.options.smallestEffect)
        ? "is too small to matter"
        : "does not remain once they are held fixed"
  return other.question == .across
    ? " One threshold for all questions is not supported: across questions the AUROC, \(stated(other.area)), \(why)."
    : " Within questions the AUROC, \(other.area.interval() == nil ? fixed(other.area.area) : stated(other.area)), \(why)."
}

private func absentSentence(_ subject: AuditSubject) -> String {
  let areas = subject.claims.map { "\($0.question.phrase) \(stated($0.area))" }.joined(separator: ", ")
  return
    "\(subject.best.name) has an AUROC within \(fixed(subject.options.smallestEffect)) of 0.5, the smallest effect of "
    + "interest: \(areas)."
}

/// One claim holds, but by too little to matter, and the other is open.
private func smallSentence(_ subject: AuditSubject, _ claim: Claim) -> String {
  "The AUROC of \(subject.best.name) \(claim.question.phrase), \(stated(claim.area)), can be distinguished from 0.5, but lies within "
    + "\(fixed(subject.options.smallestEffect)) of it, the smallest effect of interest, and the other claim is open."
}

private func undecidedSentence(_ subject: AuditSubject) -> String {
  let areas = subject.claims.map { "\($0.question.phrase) \(stated($0.area))" }.joined(separator: ", ")
  let compared = subject.comparisons == 1 ? "" : " once \(subject.comparisons) comparisons are counted"
  return "The AUROC of \(subject.best.name) cannot be distinguished from 0.5\(compared): \(areas)."
    + enoughClause(subject)
}

/// How many questions would find an effect of the size seen, if it is there.
private func enoughClause(_ subject: AuditSubject) -> String {
  guard let claim = subject.leading, let t = claim.area.t, abs(t) > 0.5 else {
    return " An effect of the smallest size of interest would need many more questions: plan them."
  }
  // With a power of 80 %.
  let level = 0.025 / Double(max(1, subject.claims.count)) / Double(subject.comparisons)
  let wanted = -NormalDistribution.quantile(level) + NormalDistribution.quantile(0.8)
  let needed = (Double(claim.area.clusters) * wanted * wanted / (t * t)).rounded(.up)
  let unit = subject.context.rows.groups == nil ? "rows" : "questions"
  guard needed > Double(claim.area.clusters), needed < 1e6 else { return "" }
  return " If the effect is as large as it looks, about \(fixed(needed, 0)) \(unit) like these would show it."
}

private func explainedSentence(_ subject: AuditSubject, _ predicting: [Claim]) -> String {
  let claim = predicting.first { !$0.survives } ?? predicting[0]
  let names = explainers(subject)
  let columns = listed(names)
  let explain = "\(columns) \(names.count == 1 ? "explains" : "explain") it: "
  let start =
    claim.predicts
    ? "\(subject.best.name) predicts the label \(claim.question.phrase) (AUROC \(stated(claim.area))), but \(explain)"
    : "\(subject.best.name) predicts the label \(claim.question.phrase) for the very levels of "
      + "\(listed(subject.context.crossedNames)) that are here, not beyond them (AUROC \(stated(claim.area))), and \(explain)"
  guard let joint = claim.joint, let alone = claim.alone else {
    return start + "with \(names.count == 1 ? "it" : "them") held fixed nothing of the score is left."
  }
  return start
    + "a standard deviation of the score goes with \(points(alone.coefficient)) alone and with \(points(joint.coefficient)) "
    + "(95 % interval \(points(joint.low, unit: false)) to \(points(joint.high, unit: false))) when "
    + "\(names.count == 1 ? "it is" : "they are") held fixed."
}

/// The covariates that share variance with both, the strongest first; all if none stands out.
private func explainers(_ subject: AuditSubject) -> [String] {
  let results = subject.covariateResults
  let strong = results.filter { $0.labelShare * $0.scoreShare > 1e-4 && $0.labelShare > 0.005 }
    .sorted { $0.labelShare * $0.scoreShare > $1.labelShare * $1.scoreShare }
  return (strong.isEmpty ? results : strong).map(\.name)
}

private func thinSentence(_ subject: AuditSubject, _ predicting: [Claim]) -> String {
  let claim = predicting.first { !$0.survives } ?? predicting[0]
  let names = subject.context.covariates.map(\.name)
  let start =
    "\(subject.best.name) predicts the label \(claim.question.phrase) (AUROC \(stated(claim.area))), but whether it "
    + "does with \(listed(names)) held fixed is open: "
  if let cut = subject.context.terms.cut.first { return String(start.dropLast(2)) + ". " + cut.sentence }
  guard let joint = claim.joint else { return start + "nothing can be estimated then; more questions are needed." }
  let range =
    "\(points(joint.coefficient)) per standard deviation, 95 % interval "
    + "\(points(joint.low, unit: false)) to \(points(joint.high, unit: false))"
  if joint.p <= 0.05, joint.coefficient * claim.sign > 0, let strata = claim.strata {
    return start
      + "the joint fit says so (\(range)), but among rows that agree in \(listed(strata.names)) the AUROC is "
      + "\(stated(strata.area))."
  }
  return start + range
    + "; more questions, or rows in which these columns vary independently of the label, would decide it."
}

/// "4.2 percentage points".
func points(_ share: Double, unit: Bool = true) -> String {
  fixed(100 * share, 1) + (unit ? " percentage points of the behaviour" : "")
}
