import Foundations

/// Two random halves of the groups: one to choose on, one to measure on.
///
/// Groups with both classes, with positives only and with negatives only are each dealt out alternately, so that both halves
/// have both classes where that is possible.
public struct GroupHalves: Sendable, Equatable {
  /// Rows, ascending.
  public let choosing: [Int]
  public let measuring: [Int]

  /// - Throws: `StatisticsError` if a half would lack a class.
  public init(labels: [Int], groups: [String]?, seed: UInt64) throws(StatisticsError) {
    precondition(groups.map { $0.count == labels.count } ?? true, "one group per row")
    try self.init(labels, groups.map { Partition($0) } ?? .rows(labels.count), seed: seed)
  }

  init(_ labels: [Int], _ clusters: Partition, seed: UInt64) throws(StatisticsError) {
    let isChoosing = Self.dealt(clusters.counts(labels), seed)
    choosing = labels.indices.filter { isChoosing[clusters.codes[$0]] }
    measuring = labels.indices.filter { !isChoosing[clusters.codes[$0]] }
    for half in [choosing, measuring] where Set(half.map { labels[$0] }).count < 2 {
      throw StatisticsError(
        .empty,
        "Half of the \(clusters.count) groups holds one label only, so no threshold can be chosen on one half and measured "
          + "on the other; add groups that show both labels.")
    }
  }

  /// For each group, whether it is in the choosing half.
  private static func dealt(_ counts: [(rows: Int, positives: Int)], _ seed: UInt64) -> [Bool] {
    var order = Array(counts.indices)
    var generator = SeededGenerator(seed: seed)
    generator.shuffle(&order)
    let kind = { (group: Int) in
      counts[group].positives == 0 ? 0 : counts[group].positives == counts[group].rows ? 1 : 2
    }
    let sorted = (0..<3).flatMap { wanted in order.filter { kind($0) == wanted } }
    var isChoosing = [Bool](repeating: false, count: counts.count)
    for (position, group) in sorted.enumerated() where position % 2 == 0 { isChoosing[group] = true }
    return isChoosing
  }
}
