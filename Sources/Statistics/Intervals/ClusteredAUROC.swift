import RealModule

/// The area under the ROC curve with a variance that holds when rows of one group (cluster) are alike.
///
/// Obuchowski 1997: with V10, V01 DeLong's components, group i holding m_i positives and n_i negatives, the group sums
/// A_i = sum V10 - m_i theta and B_i = sum V01 - n_i theta give
/// S10 = I10/((I10-1)M) sum A_i^2, S01 = I01/((I01-1)N) sum B_i^2, S11 = I/(I-1) sum A_i B_i and
/// variance = S10/M + S01/N + 2 S11/(MN), I10 (I01) counting the groups with a positive (negative).
/// With one row per group this is DeLong's variance.
public struct ClusteredAUROC: Sendable, Equatable {
  public let auroc: Double
  /// `nil` if fewer than two groups have a positive, or a negative. Cut at 0.
  public let variance: Double?
  /// Number of groups.
  public let groups: Int
  /// The degrees of freedom of `interval`: min(groups with a positive, groups with a negative) - 1.
  public let degreesOfFreedom: Int

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
    variance = sums.obuchowskiVariance()
    degreesOfFreedom = max(0, min(sums.groupsWithPositive, sums.groupsWithNegative) - 1)
  }
}

/// The sums of DeLong's components over the rows of each group, minus what the overall area leads one to expect.
struct GroupSums {
  var positive: [Double]
  var negative: [Double]
  var groupsWithPositive = 0
  var groupsWithNegative = 0
  let positives: Double
  let negatives: Double

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

  func obuchowskiVariance() -> Double? {
    guard groupsWithPositive > 1, groupsWithNegative > 1 else { return nil }
    let s10 = smallSample(groupsWithPositive) / positives * positive.reduce(0) { $0 + $1 * $1 }
    let s01 = smallSample(groupsWithNegative) / negatives * negative.reduce(0) { $0 + $1 * $1 }
    let s11 = smallSample(positive.count) * zip(positive, negative).reduce(0) { $0 + $1.0 * $1.1 }
    return max(0, s10 / positives + s01 / negatives + 2 * s11 / (positives * negatives))
  }

  private func smallSample(_ groups: Int) -> Double { Double(groups) / Double(groups - 1) }
}

extension ClusteredAUROC {
  /// An interval on the logit scale with Student's t, back-transformed, so always inside 0...1.
  ///
  /// logit(auroc) +- t sqrt(variance) / (auroc (1 - auroc)), t with `degreesOfFreedom`. At an area of exactly 0 or 1,
  /// or with a variance of 0, where the logit scale ends, both ends are the area. `nil` without a variance.
  public func interval(confidence: Double = 0.95) -> Interval? {
    guard let variance, degreesOfFreedom > 0 else { return nil }
    guard variance > 0, auroc > 0, auroc < 1 else { return Interval(low: auroc, high: auroc) }
    let t = StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: Double(degreesOfFreedom))
    let reach = t * variance.squareRoot() / (auroc * (1 - auroc))
    let centre = logit(auroc)
    return Interval(low: logistic(centre - reach), high: logistic(centre + reach))
  }
}

func logit(_ p: Double) -> Double { Double.log(p) - Double.log(onePlus: -p) }

/// 1 / (1 + exp(-x)) without overflow on either side.
func logistic(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + Double.exp(-x)) }
  let power = Double.exp(x)
  return power / (1 + power)
}
