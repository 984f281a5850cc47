/// The area under the ROC curve with the interval that holds when rows of one group (cluster) are alike: that of the audit.
///
/// The variance is the group jackknife's, (G-1)/G times the sum of squared deviations of the G areas that leave one group out:
/// in simulation Obuchowski's (1997) is too small when groups differ in size or have one class only (docs/calibration.md has
/// the numbers). One row per group is right where rows are independent.
public struct ClusteredAUROC: Sendable {
  public let auroc: Double
  /// Number of groups.
  public let groups: Int
  private let area: ClusteredArea

  /// `nil` if fewer than two groups have a positive, or a negative.
  public var jackknifeVariance: Double? { area.variance?.value }
  /// Of `interval`: Welch and Satterthwaite's, from the groups that have a positive and those that have a negative,
  /// at most groups - 1. `nil` with the variance.
  public var degreesOfFreedom: Double? { area.variance?.degreesOfFreedom }

  /// `nil` unless both classes occur and every score is finite.
  public init?(scores: [Double], labels: [Int], groups: [String]) {
    precondition(groups.count == labels.count, "groups and labels must have the same length")
    self.init(scores, labels, Partition(groups))
  }

  init?(_ scores: [Double], _ labels: [Int], _ groups: Partition) {
    guard allFinite(scores),
      let area = ClusteredArea.pooled(ScoreOrder(scores), labels: labels, clusters: Clusters(groups))
    else { return nil }
    (self.area, auroc, self.groups) = (area, area.area, groups.count)
  }

  /// `ClusteredArea.interval`: on the logit scale with Student's t, back-transformed, so always inside 0...1. `nil` without a
  /// variance, and if it is 0 for an area other than 0 and 1.
  public func interval(confidence: Double = 0.95) -> Interval? { area.interval(confidence: confidence) }
}
