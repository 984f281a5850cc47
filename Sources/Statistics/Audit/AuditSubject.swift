import RealModule

/// The candidate under judgement with what all checks need.
struct AuditSubject {
  let context: AuditRows
  let best: CandidateFit
  /// Candidates with finite scores only.
  let usable: [CandidateFit]
  let claims: [Claim]
  let comparisons: Int
  let permutation: MaxStatisticTest?
  let options: AuditOptions
  private let maker: ClaimMaker

  var rows: ScoredRows { context.rows }
  var auroc: Double { best.across.area }

  /// `nil` if no candidate has an AUROC.
  init?(
    _ candidates: [AuditCandidate], _ context: AuditRows, comparisons: Int, permutations: Int, seed: UInt64,
    options: AuditOptions
  ) {
    let usable = candidates.compactMap { CandidateFit($0, context) }
    guard let index = usable.indices.max(by: { usable[$0].strength < usable[$1].strength }) else { return nil }
    best = usable[index]
    self.usable = usable
    (self.context, self.comparisons, self.options) = (context, comparisons, options)
    permutation = MaxStatisticTest(
      usable.map(\.scores), context.labels, context.rows.questionIndex, permutations: permutations, seed: seed)
    maker = ClaimMaker(
      context: context, fits: usable, best: index, further: Double(max(1, comparisons / max(1, candidates.count))),
      permutations: permutations, seed: seed, permutation: permutation, smallestEffect: options.smallestEffect)
    claims = maker.claims()
  }

  func claim(_ question: Claim.Question) -> Claim? { claims.first { $0.question == question } }

  /// The claim that the verdict is about: one that predicts, survives first, else the one with the smaller p.
  var leading: Claim? {
    claims.min { a, b in
      (a.predicts ? 0 : 1, a.survives ? 0 : 1, a.adjustedP) < (b.predicts ? 0 : 1, b.survives ? 0 : 1, b.adjustedP)
    }
  }

  func estimate(_ question: Claim.Question) -> AreaEstimate? {
    guard let claim = claim(question) else { return nil }
    var estimate = claim.area.estimate
    estimate.adjustedP = claim.adjustedP
    guard let odds = oddsRatio(question) else { return estimate }
    (estimate.oddsRatio, estimate.oddsRatioLow, estimate.oddsRatioHigh) = odds
    return estimate
  }

  /// Per standard deviation of the score, with the 95 % interval.
  private func oddsRatio(_ question: Claim.Question) -> (Double, Double?, Double?)? {
    let absorbed = question == .within ? context.questions : nil
    guard let scores = regressionScores(best.scores, within: absorbed) else { return nil }
    let fit: (Double, Double?, Int)?
    if question == .within {
      let own = ConditionalLogistic(scores, context.labels, context.questions, context.clusters.primary)
      fit = own.map { ($0.coefficient, $0.standardError, $0.clusters) }
    } else {
      let own = SlopeLogistic(scores, context.labels, context.clusters.primary)
      fit = own.map { ($0.slope, $0.slopeError, $0.clusters) }
    }
    guard let (slope, error, clusters) = fit else { return nil }
    guard let error, clusters > 1 else { return (Double.exp(slope), nil, nil) }
    let crossing = crossingSpread(question)
    let reach = criticalValue(0.95, df: crossing?.df ?? Double(clusters - 1)) * error * (crossing?.factor ?? 1)
    return (Double.exp(slope), Double.exp(slope - reach), Double.exp(slope + reach))
  }

  /// By how much what crosses the questions widens the area's standard error, and the degrees of freedom it leaves: the odds ratio,
  /// whose own errors know the questions alone, is widened by as much.
  private func crossingSpread(_ question: Claim.Question) -> (factor: Double, df: Double)? {
    guard !context.crossedNames.isEmpty, let spread = best.area(question)?.spread, spread.parts[0].variance > 0 else {
      return nil
    }
    let variance = spread.variance
    return ((variance.value / spread.parts[0].variance).squareRoot(), variance.degreesOfFreedom)
  }

  /// With everything known held fixed.
  func joint(_ question: Claim.Question) -> ClusteredRegression? {
    maker.regression(question, best.scores, terms: context.terms.columns)
  }

  /// Each covariate alone, at the leading claim.
  var covariateResults: [CovariateResult] {
    guard let question = leading?.question else { return [] }
    return context.covariates.map { covariate in
      let terms = CovariateTerms([covariate], rows: context.labels.count).columns
      let fit = maker.regression(question, best.scores, terms: terms)
      let pooled = question == .across ? fit : maker.regression(.across, best.scores, terms: terms)
      return CovariateResult(
        name: covariate.name, kind: covariate.kind, levels: covariate.distinctValues,
        adjustedCoefficient: fit?.coefficient, low: fit?.estimate?.low, high: fit?.estimate?.high,
        labelShare: pooled?.labelShare ?? 1, scoreShare: pooled?.scoreShare ?? 1)
    }
  }
}
