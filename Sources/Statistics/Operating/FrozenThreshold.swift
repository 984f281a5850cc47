import Foundations

/// A threshold with a target false-positive rate, and its rates on questions it was not chosen on.
public struct FrozenThreshold: Sendable, Equatable, Codable {
  /// The target: the largest share of negatives that may be flagged.
  public let target: Double
  /// A row is flagged if its score is this or higher.
  public let value: Double
  /// The rate on questions that it was not chosen on, with the 95 % interval for further questions.
  public let falsePositiveRate: ClusteredProportion
  public let recall: ClusteredProportion
  /// A warning where there are too few negatives for so low a rate.
  public let note: String?

  /// - Parameters:
  ///   - choosing: scores of the rows that the threshold is chosen on, with their labels.
  ///   - measuring: those of others, with the question of each.
  /// - Throws: `StatisticsError` where a class is missing among the others.
  public init(
    target: Double, choosing: (scores: [Double], labels: [Int]),
    measuring: (scores: [Double], labels: [Int], groups: [String])
  ) throws(StatisticsError) {
    let threshold = OperatingPoint.threshold(choosing.scores, choosing.labels, target: target)
    guard let rates = FlaggedShares(measuring.scores, measuring.labels, measuring.groups, threshold: threshold) else {
      throw StatisticsError(.empty, "The rows that measure the threshold have one label only; add groups of both.")
    }
    self.target = target
    value = threshold
    (falsePositiveRate, recall) = (rates.falsePositiveRate, rates.recall)
    note = OperatingPoint.note(
      target, choosing: choosing.labels.count { $0 == 0 }, measuring: measuring.labels.count { $0 == 0 })
  }
}

/// The rates of a fixed threshold on labelled rows.
public struct FlaggedShares: Sendable, Equatable, Codable {
  /// The share of negatives flagged.
  public let falsePositiveRate: ClusteredProportion
  /// The share of positives flagged.
  public let recall: ClusteredProportion

  /// `nil` where a class is missing.
  public init?(_ scores: [Double], _ labels: [Int], _ groups: [String], threshold: Double) {
    func flagged(_ label: Int) -> ClusteredProportion? {
      let own = labels.indices.filter { labels[$0] == label }
      return ClusteredProportion(own.map { scores[$0] >= threshold ? 1 : 0 }, groups: own.map { groups[$0] })
    }
    guard let alarms = flagged(0), let recall = flagged(1) else { return nil }
    (falsePositiveRate, self.recall) = (alarms, recall)
  }
}
