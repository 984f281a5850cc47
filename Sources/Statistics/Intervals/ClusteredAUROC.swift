/// The area under the ROC curve with intervals that hold when rows of one group (cluster) are alike.
///
/// Two variances of the area are given, both of O(n log n):
/// - Obuchowski 1997: with V10, V01 DeLong's components, group i holding m_i positives and n_i negatives, the group sums
///   A_i = sum V10 - m_i theta and B_i = sum V01 - n_i theta give
///   S10 = I10/((I10-1)M) sum A_i^2, S01 = I01/((I01-1)N) sum B_i^2, S11 = I/(I-1) sum A_i B_i and
///   variance = S10/M + S01/N + 2 S11/(MN), I10 (I01) counting the groups with a positive (negative).
///   With one row per group this is DeLong's variance.
/// - The group jackknife: (G-1)/G times the sum of squared deviations of the G areas that leave one group out.
///
/// `interval` uses the jackknife, because in simulation Obuchowski's variance is too small when groups differ in size
/// or hold one class only (docs/calibration.md has the numbers).
public struct ClusteredAUROC: Sendable, Equatable {
  public let auroc: Double
  /// Obuchowski's. `nil` if fewer than two groups have a positive, or a negative. Cut at 0.
  public let variance: Double?
  /// The group jackknife's, `nil` with `variance`.
  public let jackknifeVariance: Double?
  /// Number of groups.
  public let groups: Int
  /// How many groups have a positive, and how many a negative.
  public let groupsWithPositive: Int
  public let groupsWithNegative: Int
  /// Of `interval`: Welch and Satterthwaite's, from the groups that have a positive and those that have a negative,
  /// at most groups - 1. `nil` with `variance`.
  public let degreesOfFreedom: Double?

  /// `nil` unless both classes occur and every score is finite.
  public init?(scores: [Double], labels: [Int], groups: [String]) {
    precondition(groups.count == labels.count, "groups and labels must have the same length")
    self.init(scores, labels, Categories(groups))
  }

  init?(_ scores: [Double], _ labels: [Int], _ groups: Categories) {
    guard let components = PlacementComponents(scores: scores, labels: labels) else { return nil }
    let sums = GroupSums(components, groups)
    auroc = components.auroc
    self.groups = groups.count
    groupsWithPositive = sums.groupsWithPositive
    groupsWithNegative = sums.groupsWithNegative
    guard sums.groupsWithPositive > 1, sums.groupsWithNegative > 1 else {
      (variance, jackknifeVariance, degreesOfFreedom) = (nil, nil, nil)
      return
    }
    variance = sums.obuchowskiVariance
    degreesOfFreedom = sums.degreesOfFreedom
    let clusters = Partition(codes: groups.indexOfRow, count: groups.count)
    jackknifeVariance =
      PairTotals(ScoreOrder(scores), labels: labels, strata: .whole(labels.count), clusters: clusters)
      .jackknifeVariance()
  }

  /// An interval on the logit scale with Student's t, back-transformed, so always inside 0...1.
  ///
  /// logit(auroc) +- t sqrt(jackknife variance) / (auroc (1 - auroc)), t with `degreesOfFreedom`. At an area of exactly
  /// 0 or 1, where neither the jackknife nor the logit scale says anything, the score interval `scoreInterval` for as
  /// many positives and negatives as there are groups with one. `nil` without a variance, and if it is 0 elsewhere.
  public func interval(confidence: Double = 0.95) -> Interval? {
    guard let jackknifeVariance, let degreesOfFreedom else { return nil }
    let critical = criticalValue(confidence, df: degreesOfFreedom)
    if auroc == 0 || auroc == 1 {
      return scoreInterval(
        auroc, positives: groupsWithPositive, negatives: groupsWithNegative, critical: critical)
    }
    return logitInterval(auroc, variance: jackknifeVariance, critical: critical)
  }

  /// The interval that other tools print: auroc +- z sqrt(Obuchowski's variance), cut to 0...1. Too narrow for few
  /// groups; `nil` without a variance.
  public func obuchowskiInterval(confidence: Double = 0.95) -> Interval? {
    variance.map { normalInterval(auroc, variance: $0, confidence: confidence).clamped(to: 0...1) }
  }
}

/// The sums of DeLong's components over the rows of each group, minus what the overall area leads one to expect.
private struct GroupSums {
  private var positive: [Double]
  private var negative: [Double]
  private let positives: Double
  private let negatives: Double
  var groupsWithPositive = 0
  var groupsWithNegative = 0

  init(_ components: PlacementComponents, _ groups: Categories) {
    positive = [Double](repeating: 0, count: groups.count)
    negative = positive
    positives = Double(components.positives)
    negatives = Double(components.negatives)
    for (row, group) in groups.indexOfRow.enumerated() {
      let excess = components.values[row] - components.auroc
      if components.labels[row] == 1 { positive[group] += excess } else { negative[group] += excess }
    }
    for count in groups.counts(components.labels) {
      groupsWithPositive += count.positives > 0 ? 1 : 0
      groupsWithNegative += count.positives < count.rows ? 1 : 0
    }
  }

  /// S10/M.
  private var positivePart: Double {
    smallSample(groupsWithPositive) * positive.reduce(0) { $0 + $1 * $1 } / (positives * positives)
  }

  /// S01/N.
  private var negativePart: Double {
    smallSample(groupsWithNegative) * negative.reduce(0) { $0 + $1 * $1 } / (negatives * negatives)
  }

  var obuchowskiVariance: Double {
    let s11 = smallSample(positive.count) * zip(positive, negative).reduce(0) { $0 + $1.0 * $1.1 }
    return max(0, positivePart + negativePart + 2 * s11 / (positives * negatives))
  }

  var degreesOfFreedom: Double {
    let a = positivePart
    let b = negativePart
    let most = Double(positive.count - 1)
    guard a + b > 0 else { return most }
    return min(
      most, (a + b) * (a + b) / (a * a / Double(groupsWithPositive - 1) + b * b / Double(groupsWithNegative - 1)))
  }

  private func smallSample(_ groups: Int) -> Double { Double(groups) / Double(groups - 1) }
}
