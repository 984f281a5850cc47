/// The test that two scores of the same rows, or one score of rows that were labelled twice, have different AUROCs, when
/// rows of one group are alike.
///
/// Both areas are computed with each group left out; the jackknife variance of their difference is
/// (G-1)/G sum (d_-g - mean d)^2, so that what the two scores share cancels, as in DeLong's paired test. The statistic
/// difference / sqrt(variance) is compared with Student's t, with the degrees of freedom of `ClusteredAUROC`.
/// With one row per group the variance approaches DeLong's. Source: Efron and Stein 1981 for the jackknife; Obuchowski
/// 1997 for areas of clustered rows.
public struct PairedClusteredAUROC: Sendable, Equatable {
  public let aurocA: Double
  public let aurocB: Double
  /// A - B.
  public let difference: Double
  public let variance: Double
  public let degreesOfFreedom: Double
  /// `nil` if the variance is 0, e.g. for two scores that order the rows alike.
  public let t: Double?
  /// Two-sided, `nil` with `t`.
  public let p: Double?

  /// Two scores of the same labels.
  ///
  /// `nil` unless at least two groups have a positive and two a negative, and every score is finite.
  public init?(scoresA: [Double], scoresB: [Double], labels: [Int], groups: [String]) {
    self.init((scoresA, labels), (scoresB, labels), groups)
  }

  /// One score of labels from two sources: what replacing the first source by the second does to the area.
  ///
  /// `nil` unless, by each source, at least two groups have a positive and two a negative, and every score is finite.
  public init?(scores: [Double], labelsA: [Int], labelsB: [Int], groups: [String]) {
    self.init((scores, labelsA), (scores, labelsB), groups)
  }

  private init?(_ a: (scores: [Double], labels: [Int]), _ b: (scores: [Double], labels: [Int]), _ groups: [String]) {
    precondition(groups.count == a.labels.count, "groups and labels must have the same length")
    let categories = Partition(groups)
    guard let areaA = ClusteredAUROC(a.scores, a.labels, categories),
      let areaB = ClusteredAUROC(b.scores, b.labels, categories),
      let df = areaA.degreesOfFreedom, let otherDF = areaB.degreesOfFreedom
    else { return nil }
    let clusters = Partition(codes: categories.codes, count: categories.count)
    func deviations(_ scores: [Double], _ labels: [Int]) -> [Double] {
      PairTotals(ScoreOrder(scores), labels: labels, strata: .whole(labels.count), clusters: clusters).deviations()
    }
    // With two groups of each class every group can be left out and takes part in a pair.
    let differences = zip(deviations(a.scores, a.labels), deviations(b.scores, b.labels)).map { $0 - $1 }
    guard differences.count > 1 else { return nil }
    let count = Double(differences.count)
    aurocA = areaA.auroc
    aurocB = areaB.auroc
    difference = areaA.auroc - areaB.auroc
    variance = isConstant(differences) ? 0 : (count - 1) / count * sumOfSquares(differences)
    degreesOfFreedom = min(df, otherDF)
    t = variance > 0 ? difference / variance.squareRoot() : nil
    p = t.map { [degreesOfFreedom] in StudentT.twoSidedP($0, degreesOfFreedom: degreesOfFreedom) }
  }

  /// difference +- t sqrt(variance), not cut.
  public func interval(confidence: Double = 0.95) -> Interval {
    let reach = criticalValue(confidence, df: degreesOfFreedom) * variance.squareRoot()
    return Interval(low: difference - reach, high: difference + reach)
  }
}

/// The test that two scores of the same rows differ, clustered where groups hold several rows, else DeLong's.
public struct AUROCDifference: Sendable, Equatable {
  /// A - B.
  public let difference: Double
  public let interval: Interval
  /// Two-sided; `nil` if the two order the rows alike.
  public let p: Double?

  /// `nil` where neither test is defined, or the rows differ in labels or groups.
  public init?(_ a: ScoredRows, _ b: ScoredRows) {
    guard a.labels == b.labels, a.groups == b.groups else { return nil }
    if let groups = a.groups, a.hasClusters {
      guard
        let test = PairedClusteredAUROC(scoresA: a.scores, scoresB: b.scores, labels: a.labels, groups: groups)
      else { return nil }
      (difference, interval, p) = (test.difference, test.interval(), test.p)
    } else {
      guard let test = PairedDeLong(scoresA: a.scores, scoresB: b.scores, labels: a.labels) else { return nil }
      (difference, interval, p) = (test.difference, test.interval(), test.p)
    }
  }
}
