extension Measures {
  /// The area under the ROC curve: the probability that a random positive scores above a random negative, ties
  /// counting one half. From mid-ranks, O(n log n). `nil` unless both classes occur.
  public static func auroc(scores: [Double], labels: [Int]) -> Double? {
    precondition(scores.count == labels.count, "scores and labels must have the same length")
    guard allFinite(scores) else { return nil }
    let positives = labels.count { $0 == 1 }
    guard positives > 0, positives < labels.count else { return nil }
    return aurocFromRanks(midRanks(scores), labels, positives: positives)
  }

  /// Average precision: the sum over distinct thresholds, from the highest score down, of
  /// (recall_k - recall_{k-1}) * precision_k, tied scores entering together. `nil` without a positive.
  public static func averagePrecision(scores: [Double], labels: [Int]) -> Double? {
    precondition(scores.count == labels.count, "scores and labels must have the same length")
    let positives = labels.count { $0 == 1 }
    guard allFinite(scores), positives > 0 else { return nil }
    let order = ascendingOrder(scores)
    var found = 0
    var seen = 0
    var area = 0.0
    for block in tieBlocks(scores, order).reversed() {
      let gained = block.count { labels[order[$0]] == 1 }
      found += gained
      seen += block.count
      area += Double(gained) / Double(positives) * Double(found) / Double(seen)
    }
    return area
  }
}

extension Measures {
  /// The share of null values that lie below `value`, equal ones counting one half, 0...1: where an AUROC stands among
  /// those of vectors that ought not to predict. `nil` without values or if one is not finite.
  public static func nullPercentile(of value: Double, among nulls: [Double]) -> Double? {
    guard !nulls.isEmpty, allFinite(nulls), value.isFinite else { return nil }
    let below = nulls.count { $0 < value }
    let equal = nulls.count { $0 == value }
    return (Double(below) + Double(equal) / 2) / Double(nulls.count)
  }

  /// The quantile of values at a share of 0...1, by linear interpolation (Hyndman and Fan's type 7, as NumPy and R).
  /// `nil` without values or if one is not finite.
  public static func quantile(of values: [Double], _ share: Double) -> Double? {
    guard !values.isEmpty, allFinite(values), (0...1).contains(share) else { return nil }
    return Statistics.quantile(values.sorted(), share)
  }
}

/// The area from the rank sum of the positives (the Mann-Whitney identity). Both classes must occur.
func aurocFromRanks(_ ranks: [Double], _ labels: [Int], positives: Int) -> Double {
  var rankSum = 0.0
  for row in labels.indices where labels[row] == 1 { rankSum += ranks[row] }
  let m = Double(positives)
  let n = Double(labels.count - positives)
  return (rankSum - m * (m + 1) / 2) / (m * n)
}
