import Foundations

extension PermutationTest.Scheme: Codable {}

/// Permutation p-values of one or several scores of the same rows and numeric labels, questions respected.
///
/// Labels are exchanged inside groups; where the group explains 90 % or more of the label's variance, whole groups exchange
/// their mean labels. The statistic of a score is the sum of products of centred ranks (or values) over its standard
/// deviation under the permutations, sqrt(sum over groups of S_aa S_bb / (n - 1)). A score's adjusted p is the share of
/// permutations in which the largest absolute statistic of any score reaches its own (Westfall and Young 1993, single step).
///
/// Past 400 million row visits (rows x scores x permutations) the statistics are drawn from the normal distribution with the
/// same covariances instead of from permutations, which by then they follow (Hoeffding 1951); one score then has the
/// exact normal tail.
public struct NumericPermutationTest: Sendable, Equatable, Codable {
  /// What of a row is compared: its mid-rank inside its group, divided by the group's size, or its value.
  public enum Statistic: String, Sendable, Equatable, Codable { case ranks, values }

  /// One per score, two-sided and corrected for having looked at all; 1 for a score that cannot tell (constant in every
  /// group).
  public let adjustedP: [Double]
  /// One per score: the statistic in standard deviations, signed; 0 for a score that cannot tell.
  public let z: [Double]
  public let scheme: PermutationTest.Scheme
  public let permutations: Int
  /// Whether the normal distribution stood in for the permutations.
  public let isNormal: Bool

  /// `nil` for no scores, unless the label varies and all are finite, and for `permutations` out of 1...1,000,000.
  public init?(
    scores: [[Double]], labels: [Double], groups: [String]?, statistic: Statistic = .ranks,
    permutations: Int = 2_000, seed: UInt64 = 0, mostVisits: Int = 400_000_000
  ) {
    precondition(scores.allSatisfy { $0.count == labels.count }, "every score needs one value per row")
    guard !scores.isEmpty, (1...1_000_000).contains(permutations), allFinite(labels), scores.allSatisfy(allFinite),
      !isConstant(labels)
    else { return nil }
    let clusters = groups.map { Partition($0) } ?? .whole(labels.count)
    let isFixed = (Measures.varianceExplained(scaledToOne(labels), clusters) ?? 1) >= nearlyExplained
    let units =
      isFixed
      ? ExchangeableValues(means: scores, labels, clusters, statistic)
      : ExchangeableValues(rows: scores, labels, clusters, statistic)
    scheme = isFixed ? .betweenGroups : .withinGroups
    z = units.statistics()
    self.permutations = permutations
    isNormal = Double(units.count) * Double(scores.count) * Double(permutations) > Double(mostVisits)
    let largest = z.map(\.magnitude)
    if isNormal, scores.count == 1 {
      adjustedP = [units.variances[0] > 0 ? NormalDistribution.twoSidedP(z[0]) : 1]
      return
    }
    var generator = SeededGenerator(seed: seed)
    let extremes =
      isNormal
      ? units.normalExtremes(permutations, &generator)
      : units.permutedExtremes(permutations, &generator)
    adjustedP = largest.map { own in
      Double(1 + extremes.count { $0 >= own - 1e-9 }) / Double(permutations + 1)
    }
  }
}
