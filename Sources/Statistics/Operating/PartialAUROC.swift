import Foundations

/// The area under the ROC curve up to a false-positive rate, standardised as McClish 1989: 1/2 by chance, 1 at best.
///
/// 1/2 (1 + (A - m) / (M - m)) with A the area by trapezoids up to the rate u (linear between points), m = u^2/2 the area by
/// chance and M = u the largest: scikit-learn's `roc_auc_score(max_fpr: u)`. The variance leaves one group out at a time to
/// first order, from the influence of every row on A; the interval is on the logit scale with Student's t, whose degrees of
/// freedom count the groups with a negative in reach. O(n log n).
///
/// In 1,000 simulations each (two classes 1.5 standard deviations apart, 20 to 100 groups of 10 alike rows, rates of 0.05 and 0.1)
/// the interval covered the truth in 94 %. Below 10 negatives in reach there is none: with 5 a first-order interval covered it in
/// 77 % of 120.
public struct PartialAUROC: Sendable, Equatable, Codable {
  public let maximumFalsePositiveRate: Double
  public let value: Double
  /// The 95 % interval. `nil` for fewer than 10 negatives in reach, if fewer than two groups have a positive or a negative
  /// in reach, at a value of 0 or 1, and if no variance is seen.
  @NullIfAbsent public internal(set) var low: Double?
  @NullIfAbsent public internal(set) var high: Double?
  /// Of `value`; `nil` as for the interval where groups are too few.
  @NullIfAbsent public internal(set) var variance: Double?
  /// How many negatives the part of the curve rests on: rate * negatives.
  public let negativesInReach: Double

  public var interval: Interval? {
    if let low, let high { Interval(low: low, high: high) } else { nil }
  }

  /// `nil` unless both classes occur, every score is finite and the rate is in 0 (excluded) to 1. Without groups every row
  /// is its own.
  public init?(scores: [Double], labels: [Int], groups: [String]? = nil, maximumFalsePositiveRate rate: Double) {
    precondition(scores.count == labels.count && (groups.map { $0.count == labels.count } ?? true), "lengths differ")
    self.init(scores, labels, groups.map { Partition($0) } ?? .rows(labels.count), maximumFalsePositiveRate: rate)
  }

  init?(_ scores: [Double], _ labels: [Int], _ groups: Partition, maximumFalsePositiveRate rate: Double) {
    let positives = labels.count { $0 == 1 }
    guard allFinite(scores), positives > 0, positives < labels.count, rate > 0, rate <= 1 else { return nil }
    let curve = PartialCurve(scores, labels, rate)
    let spread = rate - rate * rate / 2
    maximumFalsePositiveRate = rate
    value = rate == 1 ? curve.area : 0.5 * (1 + (curve.area - rate * rate / 2) / spread)
    negativesInReach = rate * Double(labels.count - positives)
    let scale = rate == 1 ? 1 : 0.5 / spread
    let inReach = Self.groupsInReach(scores, labels, groups, rate)
    let estimate = TwoClassInfluence(curve.contributions, labels, groups, negativeGroups: inReach)
    variance = estimate?.variance.map { $0 * scale * scale }
    let interval = variance.flatMap { [value, negativesInReach] variance in
      negativesInReach < 10
        ? nil
        : logitInterval(value, variance: variance, critical: criticalValue(0.95, df: estimate?.degreesOfFreedom ?? 1))
    }
    (low, high) = (interval?.low, interval?.high)
  }
}

extension PartialAUROC {
  /// Groups with one of the negatives that score highest, as many as the rate lets through.
  private static func groupsInReach(_ scores: [Double], _ labels: [Int], _ groups: Partition, _ rate: Double) -> Int {
    let negatives = labels.indices.filter { labels[$0] != 1 }
    let ranked = negatives.map { scores[$0] }.sorted(by: >)
    let last = ranked[min(ranked.count, max(1, Int(saturating: (rate * Double(ranked.count)).rounded(.up)))) - 1]
    return Set(negatives.filter { scores[$0] >= last }.map { groups.codes[$0] }).count
  }
}

/// The part of the curve: what each positive adds to the area, and how each negative lowers it.
private struct PartialCurve {
  /// Not standardised, 0...rate.
  let area: Double
  /// For a positive its own part of the area, for a negative the derivative of the area with respect to its share.
  let contributions: [Double]

  init(_ scores: [Double], _ labels: [Int], _ rate: Double) {
    let order = ascendingOrder(scores)
    let positives = Double(labels.count { $0 == 1 })
    let negatives = Double(labels.count) - positives
    var contributions = [Double](repeating: 0, count: scores.count)
    var blocks: [(rows: [Int], above: Double, tied: Double)] = []
    var above = 0.0
    var sum = 0.0
    for block in tieBlocks(scores, order).reversed() {
      let rows = block.map { order[$0] }
      let tied = Double(rows.count { labels[$0] != 1 }) / negatives
      let part = Self.part(above, tied, rate)
      for row in rows where labels[row] == 1 { contributions[row] = part.area }
      sum += part.area * Double(rows.count { labels[$0] == 1 })
      blocks.append((rows, above, tied))
      above += tied
    }
    area = sum / positives
    var below = 0.0
    for block in blocks.reversed() {
      let part = Self.part(block.above, block.tied, rate)
      let own = Double(block.rows.count { labels[$0] == 1 }) / positives
      for row in block.rows where labels[row] != 1 { contributions[row] = below + own * part.byTied }
      below += own * part.byAbove
    }
    self.contributions = contributions
  }

  /// The area of a positive that a share `above` of the negatives outscores and a share `tied` equals, and its
  /// derivatives with respect to the two.
  private static func part(_ above: Double, _ tied: Double, _ rate: Double) -> (
    area: Double, byAbove: Double, byTied: Double
  ) {
    if rate <= above { return (0, 0, 0) }
    if rate >= above + tied { return (rate - above - tied / 2, -1, -0.5) }
    let inside = (rate - above) / tied
    return ((rate - above) * inside / 2, -inside, -inside * inside / 2)
  }
}

/// The clustered variance of a number that is a mean over positives and, to first order, over negatives.
struct TwoClassInfluence {
  let variance: Double?
  let degreesOfFreedom: Double

  /// `nil` if fewer than two groups have a positive, or a negative that counts.
  ///
  /// - Parameter negativeGroups: how many groups have a negative that counts.
  init?(_ contributions: [Double], _ labels: [Int], _ groups: Partition, negativeGroups: Int) {
    let parts = [1, 0].map { Self.deviations(contributions, labels, groups, label: $0) }
    let counts = [parts[0].count { $0 != nil }, min(negativeGroups, parts[1].count { $0 != nil })]
    guard counts.allSatisfy({ $0 > 1 }) else { return nil }
    let (a, b) = (parts[0].map { $0 ?? 0 }, parts[1].map { $0 ?? 0 })
    let sums = zip(a, b).map(+)
    let count = Double(groups.count)
    variance = isConstant(sums) ? 0 : (count - 1) / count * sumOfSquares(sums)
    let (va, vb) = (a.reduce(0) { $0 + $1 * $1 }, b.reduce(0) { $0 + $1 * $1 })
    let welch = va * va / Double(counts[0] - 1) + vb * vb / Double(counts[1] - 1)
    degreesOfFreedom = welch > 0 ? min(count - 1, (va + vb) * (va + vb) / welch) : count - 1
  }

  /// By group how far its rows of a class move the class mean; `nil` for a group without one.
  private static func deviations(
    _ contributions: [Double], _ labels: [Int], _ groups: Partition, label: Int
  ) -> [Double?] {
    let rows = labels.indices.filter { (labels[$0] == 1) == (label == 1) }
    let centre = mean(rows.map { contributions[$0] })
    var sums = [Double](repeating: 0, count: groups.count)
    var sizes = [Int](repeating: 0, count: groups.count)
    for row in rows {
      sums[groups.codes[row]] += contributions[row] - centre
      sizes[groups.codes[row]] += 1
    }
    return zip(sums, sizes).map { $1 == 0 || $1 == rows.count ? nil : $0 / Double(rows.count - $1) }
  }
}
