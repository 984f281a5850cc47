/// One of the two claims that a score may support, with all that was tested about it.
struct Claim {
  enum Question: String, CaseIterable {
    case within, across

    var phrase: String { self == .within ? "within questions" : "across questions" }
  }

  let question: Question
  let area: ClusteredArea
  /// Corrected for candidates, comparisons and both questions; 1 without a test.
  let adjustedP: Double
  /// Of exchanging labels; `nil` where the exchange tests the other question.
  let permutationP: Double?
  /// The score's coefficient, alone and with all covariates held fixed; `nil` without covariates or a fit.
  let alone: CoefficientEstimate?
  let joint: CoefficientEstimate?
  /// The joint p corrected for candidates and comparisons.
  let jointP: Double
  /// The area inside strata in which covariates agree, and the names of those.
  let strata: (area: ClusteredArea, names: [String])?
  let hasCovariates: Bool
  /// The score is a function of the covariates, or the label is.
  let isDetermined: Bool
  /// Whether rows are too few to hold all levels of every covariate fixed.
  let isCut: Bool
  /// The joint coefficient that the smallest effect of interest would have; `nil` without a fit.
  let smallestCoefficient: Double?

  var sign: Double { area.area >= 0.5 ? 1 : -1 }

  /// The level of the corrected p: 0.04 and not 0.05, because approximations for few clusters and rare labels err by up to a
  /// percentage point in simulation (docs/calibration.md), and the promise is 5 %.
  static let significance = 0.04

  /// Whether the score predicts, explained or not.
  var predicts: Bool { adjustedP <= Self.significance && (permutationP ?? 0) <= 0.05 }

  /// Whether it would predict were nothing crossing the questions: a score that is a template's predicts on these templates.
  var predictsHere: Bool {
    guard let part = area.spread?.parts[0], part.variance > 0, area.area > 0, area.area < 1 else { return predicts }
    let t = logit(area.area) * area.area * (1 - area.area) / part.variance.squareRoot()
    return StudentT.twoSidedP(t, degreesOfFreedom: max(1, part.df)) <= Self.significance
  }

  /// Whether it still does with everything known held fixed: in the joint fit and inside strata.
  var survives: Bool {
    guard hasCovariates else { return true }
    guard !isCut, let joint, joint.coefficient * sign > 0, jointP <= 0.05, !leavesTooLittle else { return false }
    return strataAgree
  }

  /// Whether what is left after the covariates is, with its whole interval, smaller than the smallest effect of interest: of very
  /// many rows the little that bins and powers miss of a confound would differ from 0.
  var leavesTooLittle: Bool {
    guard let joint, let smallestCoefficient else { return false }
    return max(abs(joint.low), abs(joint.high)) < smallestCoefficient
  }

  /// Where strata are too thin to estimate, the joint fit decides alone.
  var strataAgree: Bool {
    guard let strata = strata?.area, strata.clusters >= fewestMixedGroups, let interval = strata.interval() else {
      return true
    }
    return sign > 0 ? interval.low > 0.5 : interval.high < 0.5
  }

  /// Whether the covariates demonstrably take away from the effect: the joint interval excludes what the score has alone.
  var isExplained: Bool {
    if isDetermined { return true }
    guard let joint, let alone else { return false }
    return sign > 0 ? joint.high < alone.coefficient : joint.low > alone.coefficient
  }

  /// Whether the whole 95 % interval lies closer to 0.5 than `smallest`.
  func isNegligible(_ smallest: Double) -> Bool {
    guard let interval = area.interval() else { return false }
    return interval.low > 0.5 - smallest && interval.high < 0.5 + smallest
  }
}

/// Makes the claims of the best candidate, with p-values corrected for all.
struct ClaimMaker {
  let context: AuditRows
  let fits: [CandidateFit]
  let best: Int
  /// Comparisons whose scores are not here.
  let further: Double
  let permutations: Int
  let seed: UInt64
  let permutation: MaxStatisticTest?
  let smallestEffect: Double

  func claims() -> [Claim] {
    let questions = Claim.Question.allCases.filter { fits[best].area($0) != nil }
    let joints = context.covariates.isEmpty ? nil : jointFits(questions)
    let marginal = corrected(questions.map { question in fits.map { fit in TestedEstimate(fit.area(question)) } })
    let joint = joints.map { corrected($0.map { fits in fits.map { fit in TestedEstimate(fit) } }) }
    return questions.indices.compactMap { index in
      claim(
        questions[index], adjustedP: marginal[index],
        joint: joints?[index][joints?[index].count == 1 ? 0 : best] ?? nil,
        jointP: joint?[index] ?? 1)
    }
  }

  /// By claim, the best candidate's p: corrected for candidates and comparisons, and at least that of the test that no claim
  /// holds (closed testing).
  private func corrected(_ estimates: [[TestedEstimate?]]) -> [Double] {
    let position = estimates[0].count == 1 ? 0 : best
    // A single estimate of several candidates bears their number.
    let count = estimates[0].count == 1 ? further * Double(fits.count) : further
    let own = estimates.map { min(1, count * maximum($0, position)) }
    guard estimates.count == 2 else { return own }
    let both = zip(estimates[0], estimates[1]).map { one, other in one.flatMap { a in other.flatMap { a.combined($0) } }
    }
    guard both[position] != nil else { return holm(own) }
    let intersection = min(1, count * maximum(both, position))
    return own.map { max($0, intersection) }
  }

  /// Over candidates by the maximum statistic.
  private func maximum(_ estimates: [TestedEstimate?], _ position: Int) -> Double {
    guard let subject = estimates[position] else { return 1 }
    let others = estimates.indices.filter { $0 != position }.compactMap { estimates[$0] }
    let all = [subject] + others.filter { $0.deviations.count == subject.deviations.count }
    return MaximumStatistic(p: all.map(\.p), deviations: all.map(\.deviations), draws: permutations, seed: seed)
      .adjustedP[0]
  }

  /// By claim and candidate; of the best alone where there are many.
  private func jointFits(_ questions: [Claim.Question]) -> [[ClusteredRegression?]] {
    let chosen = fits.count <= 64 ? Array(fits.indices) : [best]
    return questions.map { question in
      chosen.map { regression(question, fits[$0].scores, terms: context.terms.columns) }
    }
  }

  private func claim(
    _ question: Claim.Question, adjustedP: Double, joint: ClusteredRegression?, jointP: Double
  ) -> Claim? {
    guard let area = fits[best].area(question) else { return nil }
    let covariates = !context.covariates.isEmpty
    let alone = covariates ? regression(question, fits[best].scores, terms: []) : nil
    let determined = covariates && (joint == nil || (joint?.labelShare ?? 0) > 0.999)
    return Claim(
      question: question, area: area, adjustedP: adjustedP, permutationP: permutationP(question),
      alone: alone?.estimate, joint: joint?.estimate, jointP: jointP, strata: covariates ? strata(question) : nil,
      hasCovariates: covariates, isDetermined: determined, isCut: !context.terms.cut.isEmpty,
      smallestCoefficient: joint.map { $0.coefficient(ofArea: 0.5 + smallestEffect) })
  }

  /// Exchanging labels inside questions tests the claim within them; exchanging those of rows or whole questions the other.
  private func permutationP(_ question: Claim.Question) -> Double? {
    guard let permutation, let position = fits.indices.firstIndex(of: best) else { return nil }
    let testsWithin = permutation.scheme == .withinGroups && context.repeatsQuestions
    guard testsWithin == (question == .within) else { return nil }
    return min(1, permutation.adjustedP[position] * further)
  }

  func regression(_ question: Claim.Question, _ scores: [Double], terms: [[Double]]) -> ClusteredRegression? {
    let absorbed = question == .within ? context.questions : nil
    guard let scaled = regressionScores(scores, within: absorbed) else { return nil }
    return ClusteredRegression(
      scores: scaled, labels: context.labels, terms: terms, absorbed: absorbed, clusters: context.clusters)
  }

  private func strata(_ question: Claim.Question) -> (area: ClusteredArea, names: [String])? {
    let inner = question == .within ? context.questions : nil
    let shares = context.terms.partitions.map { partition in
      Measures.labelVarianceExplained(context.labels, partition) ?? 0
    }
    let order = shares.indices.sorted { (shares[$0], $1) > (shares[$1], $0) }
    guard
      let (partition, used) = context.terms.strata(
        labels: context.labels.map(Double.init), within: inner, order: order),
      let area = ClusteredArea.stratified(
        fits[best].order, labels: context.labels, strata: partition, clusters: context.clusters)
    else { return nil }
    return (area, used.map { context.covariates[$0].name })
  }
}

/// An estimate with its test: an area's, a coefficient's or their weighted mean's.
private struct TestedEstimate {
  let p: Double
  /// By primary cluster.
  var deviations: [Double] { spread?.parts[0].deviations ?? [] }
  /// On a scale whose null value is 0; `nil` where it has none.
  private let estimate: Double?
  private let spread: ClusterSpread?

  init?(_ area: ClusteredArea?) {
    guard let area, let p = area.p else { return nil }
    self.p = p
    let scaled = area.onLogitScale
    (estimate, spread) = (scaled?.estimate, scaled?.spread ?? area.spread)
  }

  init?(_ fit: ClusteredRegression?) {
    guard let fit, let p = fit.estimate?.p else { return nil }
    (self.p, estimate, spread) = (p, fit.coefficient, fit.spread)
  }

  private init(p: Double, spread: ClusterSpread) { (self.p, estimate, self.spread) = (p, nil, spread) }

  func combined(_ other: TestedEstimate) -> TestedEstimate? {
    guard let a = estimate, let b = other.estimate, let x = spread, let y = other.spread else { return nil }
    return intersectionP((a, x), (b, y)).map { TestedEstimate(p: $0.p, spread: $0.spread) }
  }
}
