import Foundations

/// What an audit's verdict rests on, for correcting several audits together.
struct AuditEvidence: Sendable, Equatable {
  /// Of the leading claim, corrected for its own candidates and comparisons.
  let p: Double
  /// By cluster (question), how the area changes without it.
  let deviations: [String: Double]

  init?(_ subject: AuditSubject) {
    guard let claim = subject.leading, let spread = claim.area.spread else { return nil }
    p = claim.adjustedP
    let prefix = Self.prefix(subject)
    let names = subject.context.clusterNames.map { prefix + $0 }
    var deviations: [String: Double] = [:]
    for (row, code) in subject.context.clusters.primary.codes.enumerated() where deviations[names[row]] == nil {
      deviations[names[row]] = spread.parts[0].deviations[code]
    }
    self.deviations = deviations
  }

  /// Questions and given families are the same wherever they are called the same; rows without groups and families found in texts
  /// have numbers for names, which mean something in their own target only: its labels tell it from others.
  private static func prefix(_ subject: AuditSubject) -> String {
    let context = subject.context
    let areNumbers = context.rows.groups == nil || (context.hasFamilies && context.rows.familiesAreFromTexts)
    guard areNumbers else { return "" }
    return SHA256.hexadecimalDigest(of: context.labels.map { UInt8($0) }) + " "
  }
}

extension Audit {
  /// The audits of a run (vectors x targets x layers), each corrected for all of them by the maximum statistic.
  ///
  /// Questions of the same name are one cluster in all audits, so that vectors that are alike, and targets that share questions,
  /// cost little. An audit that no longer reaches the level `supported` asks for becomes `cannotTell`.
  ///
  /// - Parameter draws: of the maximum; the p of an audit is 1 / (draws + 1) at least.
  public static func correctedForRun(_ audits: [Audit], draws: Int = 2_000, seed: UInt64 = 0) -> [Audit] {
    let known = audits.indices.filter { audits[$0].evidence != nil }
    let evidence = known.compactMap { audits[$0].evidence }
    guard evidence.count > 1 else { return audits }
    let names = Set(evidence.flatMap(\.deviations.keys)).sorted()
    let deviations = evidence.map { one in names.map { one.deviations[$0] ?? 0 } }
    let corrected = MaximumStatistic(p: evidence.map(\.p), deviations: deviations, draws: draws, seed: seed).adjustedP
    var result = audits
    for (index, p) in zip(known, corrected) { result[index] = audits[index].corrected(p, of: evidence.count) }
    return result
  }

  private func corrected(_ p: Double, of count: Int) -> Audit {
    let holds = p <= Claim.significance
    let falls = verdict == .supported && !holds
    let finding = Finding(
      severity: falls ? .against : .note, name: "all verdicts of the run", number: p,
      sentence: "Corrected for all \(count) verdicts of this run by the maximum statistic, \(writtenP(p))"
        + (falls ? ", over \(Claim.significance): one of so many may look like this by chance." : "."))
    var audit = self
    let place = findings.firstIndex { $0.severity > finding.severity } ?? findings.count
    audit.findings.insert(finding, at: place)
    if falls { (audit.verdict, audit.reason) = (.cannotTell, finding.sentence) }
    return audit
  }
}
