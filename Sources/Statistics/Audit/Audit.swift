/// The sceptical audit of a claimed prediction.
///
/// The candidate with the highest AUROC is judged. The rule:
/// 1. *Cannot tell* if a blocking finding exists: no candidate with finite scores, one class, fewer than 10 rows or 10
///    groups, fewer than 5 groups with a positive or with a negative; or the label is nearly (90 % of its variance)
///    explained by the group while fewer than 5 groups hold both classes and fewer than 10 hold either, by the letter,
///    the source or the user side; or, where rows have no groups, labels come in blocks (run test, p < 0.0001).
/// 2. *Supported* only if all of these hold: the lower bound of the clustered interval, at confidence 1 - 0.05/K for K
///    candidates, is over 0.5; the permutation p corrected for K candidates by the maximum statistic is at most 0.05;
///    inside letters, sources, user sides and groups, where at least 5 groups allow an estimate, the AUROC keeps half of
///    its distance from 0.5; it exceeds 95 % of every decisive null distribution of 19 or more; and no trivial baseline
///    explains it (its coefficient in a logistic regression beside the baseline stays positive with a cluster-robust p of
///    at most 0.05, or, where no such fit exists, its AUROC is higher).
/// 3. *Not supported* otherwise.
///
/// In simulated experiments without an effect at most 5 % are supported (docs/calibration.md).
public struct Audit: Sendable, Equatable, Codable {
  /// The gravest first.
  public let findings: [Finding]
  public let verdict: Verdict
  /// The sentence that decided.
  public let reason: String
  /// The candidate judged; `nil` if none has a defined AUROC.
  public let best: String?
  /// How many candidates were compared.
  public let comparisons: Int

  /// - Throws: `StatisticsError` for no candidates or over 10,000, candidates that differ in labels or groups, or a
  ///   baseline whose scores do not match the rows.
  public init(
    candidates: [AuditCandidate], baselines: [AuditBaseline] = [], nulls: [AuditNull] = [],
    geometry: [AuditGeometry] = [], comparisons: Int = 1, permutations: Int = 2_000, seed: UInt64 = 0
  ) throws(StatisticsError) {
    try checkCandidates(candidates, baselines)
    self.comparisons = candidates.count * max(1, comparisons)
    let subject = AuditSubject(candidates, comparisons: self.comparisons)
    best = subject?.best.name
    var findings = blockingFindings(candidates, subject)
    if let subject {
      findings += comparisonFindings(subject, permutations: permutations, seed: seed)
      findings += strataFindings(subject)
      findings += nullFindings(subject, nulls) + baselineFindings(subject, baselines)
      findings += designFindings(subject, seed: seed)
    }
    findings += geometry.map { number in
      Finding(
        severity: number.isDoubtful ? .warning : .note, name: number.name,
        number: number.value.isFinite ? number.value : nil,
        sentence: number.sentence ?? "\(number.name): \(fixed(number.value)).")
    }
    // A stable order: Swift's sort is not, so equal severities keep their place by index.
    let ordered = findings.enumerated().sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }
    self.findings = ordered.map(\.element)
    (verdict, reason) = decide(self.findings, subject)
  }
}

private func decide(_ findings: [Finding], _ subject: AuditSubject?) -> (Verdict, String) {
  if let blocking = findings.first(where: { $0.severity == .blocking }) { return (.cannotTell, blocking.sentence) }
  if let against = findings.first(where: { $0.severity == .against }) { return (.notSupported, against.sentence) }
  guard let subject else { return (.cannotTell, "No candidate has a defined AUROC.") }
  return (
    .supported,
    "\(subject.best.name) predicts the label with an AUROC of \(fixed(subject.auroc)), and no check speaks against it."
  )
}

private func checkCandidates(_ candidates: [AuditCandidate], _ baselines: [AuditBaseline]) throws(StatisticsError) {
  guard let first = candidates.first else {
    throw StatisticsError(.empty, "There is nothing to audit; give the scores of at least one layer.")
  }
  guard candidates.count <= 10_000 else {
    throw StatisticsError(.tooLarge, "There are \(candidates.count) candidates to audit; at most 10000 are taken.")
  }
  for candidate in candidates
  where candidate.rows.labels != first.rows.labels || candidate.rows.groups != first.rows.groups {
    throw StatisticsError(
      .lengthMismatch,
      "\(candidate.name) has other labels or groups than \(first.name); audit only scores of the same rows together.")
  }
  for baseline in baselines where baseline.scores.count != first.rows.count {
    throw StatisticsError(
      .lengthMismatch,
      "The baseline \(baseline.name) has \(baseline.scores.count) scores for \(first.rows.count) rows; give one per row."
    )
  }
}

/// The candidate under judgement with what all checks need.
struct AuditSubject {
  let best: AuditCandidate
  let auroc: Double
  /// Candidates with finite scores only.
  let usable: [AuditCandidate]
  let comparisons: Int

  var rows: ScoredRows { best.rows }
  /// Groups by name; without groups each row is its own.
  var groupNames: [String] { rows.groups ?? rows.labels.indices.map { String($0) } }

  /// `nil` if no candidate has an AUROC.
  init?(_ candidates: [AuditCandidate], comparisons: Int) {
    let scored = candidates.compactMap { candidate in
      Measures.auroc(scores: candidate.rows.scores, labels: candidate.rows.labels).map { (candidate, $0) }
    }
    guard let best = scored.max(by: { $0.1 < $1.1 }) else { return nil }
    self.best = best.0
    auroc = best.1
    usable = scored.map(\.0)
    self.comparisons = comparisons
  }
}
