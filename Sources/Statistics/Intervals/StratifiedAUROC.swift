/// AUROC with pairs compared only inside strata (all rows of answer letter A, all of B), pooled by number of pairs, its
/// interval clustered by group.
public struct StratifiedAUROC: Sendable, Equatable {
  public let auroc: Double
  /// Strata that hold both classes.
  public let mixedStrata: Int
  /// The group jackknife's; `nil` if fewer than two groups take part.
  public let variance: Double?
  /// Groups that take part, minus one.
  public let degreesOfFreedom: Int

  /// `nil` if no stratum has both classes or a score is not finite. Without groups every row is its own.
  public init?(scores: [Double], labels: [Int], strata: [String], groups: [String]? = nil) {
    precondition(scores.count == labels.count && strata.count == labels.count, "arrays must have the same length")
    guard allFinite(scores) else { return nil }
    let tally = PairTotals(
      ScoreOrder(scores), labels: labels, strata: Partition(strata),
      clusters: groups.map { Partition($0) } ?? .rows(labels.count))
    guard let area = tally.area else { return nil }
    auroc = area
    mixedStrata = tally.mixedStrata
    variance = tally.jackknifeVariance()
    degreesOfFreedom = max(0, tally.contributingClusters - 1)
  }

  /// On the logit scale with Student's t; `nil` without a variance and at an area of 0 or 1.
  public func interval(confidence: Double = 0.95) -> Interval? {
    variance.flatMap {
      logitInterval(auroc, variance: $0, critical: criticalValue(confidence, df: Double(degreesOfFreedom)))
    }
  }
}
