import Foundations

/// The sceptical audit of a claimed prediction.
///
/// Two claims are judged, never mixed: *within* questions (does a higher score mean more of the behaviour for the same
/// question) and *across* questions (does one threshold serve all). docs/audit.md states the rule from top to bottom; in short:
/// 1. `cannotTell` if a blocking finding exists: no usable score, one label only, fewer than 10 rows or questions, fewer than 5
///    questions with one of the labels, the label being the question or a known column, rows without groups in blocks.
/// 2. A claim *predicts* if its clustered p, corrected for candidates by the maximum statistic, for further comparisons by
///    Bonferroni and for the two claims by closed testing, is at most 0.04, and that of exchanged labels at most 0.05.
///    It *survives* if the score's coefficient in one regression with all covariates, clustered, has the same sign with a
///    corrected p of at most 0.05, and the area inside strata in which covariates agree excludes 0.5.
/// 3. `supported` if a claim predicts, survives, and is not smaller than the smallest effect of interest; `explained` if none
///    survives and the joint intervals exclude what the score has alone; `absent` if every area's interval lies within the
///    smallest effect of interest; else `cannotTell`.
///
/// In simulated experiments without an effect, or with one that known columns explain, at most 5 % are supported
/// (docs/calibration.md).
public struct Audit: Sendable, Equatable, Codable {
  /// The gravest first.
  public internal(set) var findings: [Finding]
  public internal(set) var verdict: Verdict
  /// The sentence that decided.
  public internal(set) var reason: String
  public let direction: Direction
  public let specificity: Specificity
  public let plan: PlanStatus
  /// Both answers, of the candidate judged; `nil` where the rows cannot answer.
  @NullIfAbsent public internal(set) var within: AreaEstimate?
  @NullIfAbsent public internal(set) var across: AreaEstimate?
  /// What is known besides, each alone; empty if nothing is.
  public let covariates: [CovariateResult]
  /// The score's coefficient with all of them held fixed, by claim.
  @NullIfAbsent public internal(set) var jointWithin: CoefficientEstimate?
  @NullIfAbsent public internal(set) var jointAcross: CoefficientEstimate?
  /// Thresholds for 1 % and 5 % false positives, with recall and precision on questions they were not chosen on.
  @NullIfAbsent public internal(set) var operating: OperatingPoints?
  /// How strong a confounder that nobody recorded would have to be; `nil` unless a claim predicts and survives.
  @NullIfAbsent public internal(set) var sensitivity: Sensitivity?
  /// Covariates left out because the caller asked for it.
  public let ignored: [String]
  /// The share of rows with the behaviour.
  @NullIfAbsent public internal(set) var baseRate: Double?
  /// AUROCs closer to 0.5 than this do not matter.
  public let smallestEffect: Double
  /// The candidate judged; `nil` if none has a defined AUROC.
  @NullIfAbsent public internal(set) var best: String?
  /// How many candidates were compared.
  public let comparisons: Int
  /// For correcting the audits of a run together; not stored with the rest.
  private(set) var evidence: AuditEvidence?

  private enum CodingKeys: String, CodingKey {
    case findings, verdict, reason, direction, specificity, plan, within, across, covariates, jointWithin, jointAcross
    case operating, sensitivity, ignored, baseRate, smallestEffect, best, comparisons
  }

  /// The index of the candidate that an audit would judge: the one whose 95 % interval, of either claim, stays farthest from
  /// 0.5. `nil` if none has an AUROC.
  public static func bestCandidate(_ candidates: [AuditCandidate]) -> Int? {
    guard let first = candidates.first else { return nil }
    let context = AuditRows(first.rows, baselines: [])
    let strengths = candidates.map { CandidateFit($0, context)?.strength }
    return strengths.indices.filter { strengths[$0] != nil }.max { (strengths[$0] ?? 0) < (strengths[$1] ?? 0) }
  }

  /// - Parameter further: findings made elsewhere, such as a blocking one of leakage.
  /// - Throws: `StatisticsError` for no candidates or over 10,000, candidates that differ in labels or groups, or a
  ///   baseline whose scores do not match the rows.
  public init(
    candidates: [AuditCandidate], baselines: [AuditBaseline] = [], nulls: [AuditNull] = [],
    geometry: [AuditGeometry] = [], comparisons: Int = 1, permutations: Int = 2_000, seed: UInt64 = 0,
    options: AuditOptions = AuditOptions(), further: [Finding] = []
  ) throws(StatisticsError) {
    try checkCandidates(candidates, baselines)
    try options.check()
    self.comparisons = candidates.count * max(1, comparisons)
    let context = AuditRows(candidates[0].rows, baselines: baselines)
    let subject = AuditSubject(
      candidates, context, comparisons: self.comparisons, permutations: permutations, seed: seed, options: options)
    best = subject?.best.name
    let operating = subject?.operatingPoints(seed: seed)
    let sensitivity = subject.flatMap(Sensitivity.init)
    var findings = blockingFindings(candidates, context, subject)
    let specificity = subject.map { Specificity($0, nulls) } ?? .untested
    if let subject {
      findings += claimFindings(subject) + covariateFindings(subject) + nullFindings(subject, nulls)
      findings += baselineFindings(subject, baselines) + designFindings(subject, seed: seed)
      findings += shapeFindings(subject) + heterogeneityFindings(subject)
      findings += operatingFindings(subject, operating) + [sensitivity?.finding].compactMap { $0 }
    }
    findings += further + namingFindings(context) + options.findings + geometry.map(Finding.init)
    // A stable order: Swift's sort is not, so equal severities keep their place by index.
    let ordered = findings.enumerated().sorted { ($0.element.severity, $0.offset) < ($1.element.severity, $1.offset) }
    self.findings = ordered.map(\.element)
    let decision = Decision(self.findings, subject)
    (verdict, reason, direction) = (decision.verdict, decision.reason, decision.direction)
    self.specificity = specificity
    (self.operating, self.sensitivity) = (operating, sensitivity)
    plan = options.plan
    within = subject?.estimate(.within)
    across = subject?.estimate(.across)
    covariates = subject?.covariateResults ?? []
    jointWithin = subject?.claim(.within)?.joint
    jointAcross = subject?.claim(.across)?.joint
    ignored = options.ignored
    baseRate = Double(context.labels.reduce(0, +)) / Double(context.labels.count)
    smallestEffect = options.smallestEffect
    evidence = subject.flatMap(AuditEvidence.init)
  }
}

/// An audit's verdict alone, for simulations: the same rule without the findings that decide nothing.
struct Judgement {
  let verdict: Verdict
  let direction: Direction
  let within: ClusteredArea?
  let across: ClusteredArea?

  init(
    _ candidates: [AuditCandidate], comparisons: Int = 1, permutations: Int, seed: UInt64,
    options: AuditOptions = AuditOptions()
  ) throws(StatisticsError) {
    try checkCandidates(candidates, [])
    try options.check()
    let context = AuditRows(candidates[0].rows, baselines: [])
    let subject = AuditSubject(
      candidates, context, comparisons: candidates.count * max(1, comparisons), permutations: permutations, seed: seed,
      options: options)
    let decision = Decision(blockingFindings(candidates, context, subject), subject)
    (verdict, direction) = (decision.verdict, decision.direction)
    (within, across) = (subject?.claim(.within)?.area, subject?.claim(.across)?.area)
  }
}

/// What the analyst fixed beforehand.
public struct AuditOptions: Sendable, Equatable {
  /// AUROCs closer to 0.5 than this do not matter, 0...0.5.
  public var smallestEffect = 0.05
  /// Names of columns that were left out on request.
  public var ignored: [String] = []
  public var plan = PlanStatus.exploratory

  public init() {}

  func check() throws(StatisticsError) {
    guard smallestEffect >= 0, smallestEffect < 0.5 else {
      throw StatisticsError(
        .invalidValue,
        "The smallest effect of interest is \(smallestEffect); it must be an AUROC's distance from 0.5, "
          + "from 0 to under 0.5.")
    }
  }

  var findings: [Finding] {
    guard !ignored.isEmpty else { return [] }
    let columns = ignored.count == 1 ? "The column \(ignored[0]) was" : "The columns \(listed(ignored)) were"
    return [
      Finding(
        severity: .warning, name: "ignored columns", number: Double(ignored.count),
        sentence: "\(columns) left out on request, so the verdict does not rule out that they explain the prediction.")
    ]
  }
}

extension Finding {
  init(_ number: AuditGeometry) {
    self.init(
      severity: number.isDoubtful ? .warning : .note, name: number.name,
      number: number.value.isFinite ? number.value : nil,
      sentence: number.sentence ?? "\(number.name): \(fixed(number.value)).")
  }
}

private func checkCandidates(_ candidates: [AuditCandidate], _ baselines: [AuditBaseline]) throws(StatisticsError) {
  guard let first = candidates.first else {
    throw StatisticsError(.empty, "There is nothing to audit; give the scores of at least one layer.")
  }
  guard candidates.count <= 10_000 else {
    throw StatisticsError(.tooLarge, "There are \(candidates.count) candidates to audit; at most 10000 are taken.")
  }
  for candidate in candidates where !candidate.rows.areOfSameRows(as: first.rows) {
    throw StatisticsError(
      .lengthMismatch,
      "\(candidate.name) has other labels, groups or columns than \(first.name); audit only scores of the same rows together."
    )
  }
  for baseline in baselines where baseline.scores.count != first.rows.count {
    throw StatisticsError(
      .lengthMismatch,
      "The baseline \(baseline.name) has \(baseline.scores.count) scores for \(first.rows.count) rows; give one per row."
    )
  }
}
