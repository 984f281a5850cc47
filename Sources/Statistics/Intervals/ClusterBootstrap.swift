import Foundations

/// The cluster bootstrap: whole groups drawn with replacement, the AUROC computed anew each time.
public struct ClusterBootstrap: Sendable, Equatable {
  /// The AUROC of each replicate that held both classes, in the order drawn.
  public let replicates: [Double]
  /// Replicates that held one class only, and so have no AUROC.
  public let undefined: Int

  /// Draws `count` replicates (1...1,000,000). O(count * rows) after one sort.
  /// `nil` unless both classes occur, every score is finite and `count` is in its range.
  public init?(scores: [Double], labels: [Int], groups: [String], count: Int = 2_000, seed: UInt64 = 0) {
    precondition(scores.count == labels.count && groups.count == labels.count, "arrays must have the same length")
    guard allFinite(scores), (1...1_000_000).contains(count), Set(labels).count > 1 else { return nil }
    let categories = Categories(groups)
    let sorted = SortedRows(scores, labels, categories)
    var generator = SeededGenerator(seed: seed)
    var areas: [Double] = []
    for _ in 0..<count {
      var weights = [Double](repeating: 0, count: categories.count)
      for _ in 0..<categories.count { weights[generator.index(below: categories.count)] += 1 }
      if let area = sorted.auroc(weights: weights) { areas.append(area) }
    }
    replicates = areas
    undefined = count - areas.count
  }

  /// The percentile interval. `nil` if more than a tenth of the replicates are undefined: then the rest are no longer a
  /// fair picture of the sampling distribution.
  public func interval(confidence: Double = 0.95) -> Interval? {
    guard undefined <= replicates.count / 9, confidence > 0, confidence < 1 else { return nil }
    let sorted = replicates.sorted()
    return Interval(low: quantile(sorted, (1 - confidence) / 2), high: quantile(sorted, (1 + confidence) / 2))
  }
}

/// Rows in order of score, so that the AUROC under any weights of the groups costs one pass.
private struct SortedRows {
  private var groups: [Int] = []
  private var isPositive: [Bool] = []
  private let blocks: [Range<Int>]

  init(_ scores: [Double], _ labels: [Int], _ categories: Categories) {
    let order = ascendingOrder(scores)
    blocks = tieBlocks(scores, order)
    groups = order.map { categories.indexOfRow[$0] }
    isPositive = order.map { labels[$0] == 1 }
  }

  func auroc(weights: [Double]) -> Double? {
    var positives = 0.0
    var negatives = 0.0
    var ordered = 0.0
    for block in blocks {
      var blockPositives = 0.0
      var blockNegatives = 0.0
      for position in block {
        let weight = weights[groups[position]]
        if isPositive[position] { blockPositives += weight } else { blockNegatives += weight }
      }
      ordered += blockPositives * (negatives + blockNegatives / 2)
      positives += blockPositives
      negatives += blockNegatives
    }
    return positives > 0 && negatives > 0 ? ordered / (positives * negatives) : nil
  }
}

/// The quantile of ascending values by linear interpolation (Hyndman and Fan's type 7, as NumPy and R).
func quantile(_ sorted: [Double], _ share: Double) -> Double {
  let position = share * Double(sorted.count - 1)
  let below = min(max(Int(position), 0), sorted.count - 1)
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}
