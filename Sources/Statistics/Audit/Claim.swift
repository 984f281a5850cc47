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

  var sign: Double { area.area >= 0.5 ? 1 : -1 }

  /// Whether the score predicts, whatever explains it.
  var predicts: Bool { adjustedP <= 0.05 && (permutationP ?? 0) <= 0.05 }

  /// Whether it still does with everything known held fixed: in the joint fit and inside strata.
  var survives: Bool {
    guard hasCovariates else { return true }
    guard let joint, joint.coefficient * sign > 0, jointP <= 0.05 else { return false }
    return strataAgree
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

  func claims() -> [Claim] {
    let questions = Claim.Question.allCases.filter { fits[best].area($0) != nil }
    let corrected = questions.map { min(1, further * adjusted($0)) }
    return zip(questions, holm(corrected)).compactMap { question, p in claim(question, adjustedP: p) }
  }

  /// Over candidates by the maximum statistic.
  private func adjusted(_ question: Claim.Question) -> Double {
    let known = fits.indices.filter { fits[$0].area(question)?.p != nil }
    guard let position = known.firstIndex(of: best) else { return 1 }
    let areas = known.compactMap { fits[$0].area(question) }
    return MaximumStatistic(
      p: areas.map { $0.p ?? 1 }, deviations: areas.map(\.deviations), draws: permutations, seed: seed
    ).adjustedP[position]
  }

  private func claim(_ question: Claim.Question, adjustedP: Double) -> Claim? {
    guard let area = fits[best].area(question) else { return nil }
    let covariates = !context.covariates.isEmpty
    let alone = covariates ? regression(question, fits[best].scores, terms: []) : nil
    let joint = covariates ? regression(question, fits[best].scores, terms: context.terms.columns) : nil
    let determined = covariates && (joint == nil || (joint?.labelShare ?? 0) > 0.999)
    return Claim(
      question: question, area: area, adjustedP: adjustedP, permutationP: permutationP(question),
      alone: alone?.estimate, joint: joint?.estimate, jointP: covariates ? jointP(question, joint) : 1,
      strata: covariates ? strata(question) : nil, hasCovariates: covariates, isDetermined: determined)
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

  /// The joint fit of other candidates is made only where they are few: the best of them was chosen, and what covariates
  /// leave of it must bear that.
  private func jointP(_ question: Claim.Question, _ joint: ClusteredRegression?) -> Double {
    guard let joint, let p = joint.estimate?.p else { return 1 }
    guard fits.count > 1 else { return min(1, p * further) }
    guard fits.count <= 64 else { return min(1, p * further * Double(fits.count)) }
    let others = fits.indices.filter { $0 != best }.compactMap {
      regression(question, fits[$0].scores, terms: context.terms.columns)
    }.filter { $0.estimate != nil }
    let all = [joint] + others
    let corrected = MaximumStatistic(
      p: all.map { $0.estimate?.p ?? 1 }, deviations: all.map(\.deviations), draws: permutations, seed: seed)
    return min(1, corrected.adjustedP[0] * further)
  }

  private func strata(_ question: Claim.Question) -> (area: ClusteredArea, names: [String])? {
    let inner = question == .within ? context.questions : nil
    let shares = context.terms.partitions.map { partition in
      Measures.labelVarianceExplained(context.labels, partition) ?? 0
    }
    let order = shares.indices.sorted { (shares[$0], $1) > (shares[$1], $0) }
    guard let (partition, used) = context.terms.strata(labels: context.labels, within: inner, order: order),
      let area = ClusteredArea.stratified(
        fits[best].order, labels: context.labels, strata: partition, clusters: context.clusters)
    else { return nil }
    return (area, used.map { context.covariates[$0].name })
  }
}

extension Measures {
  /// `labelVarianceExplained` of numbered parts.
  static func labelVarianceExplained(_ labels: [Int], _ partition: Partition) -> Double? {
    let positives = labels.reduce(0, +)
    guard positives > 0, positives < labels.count else { return nil }
    var counts = [(rows: Double, positives: Double)](repeating: (0, 0), count: partition.count)
    for (row, code) in partition.codes.enumerated() {
      counts[code].rows += 1
      counts[code].positives += Double(labels[row])
    }
    let unexplained = counts.reduce(0.0) { sum, part in
      part.rows > 0 ? sum + part.positives * (1 - part.positives / part.rows) : sum
    }
    let rate = Double(positives) / Double(labels.count)
    return max(0, 1 - unexplained / (Double(labels.count) * rate * (1 - rate)))
  }
}
