/// The receiver operating characteristic: for every threshold, which share of either class scores at or above it.
///
/// Points run from (0, 0), a threshold above every score, to (1, 1). Tied scores enter together. Points on a straight line
/// between their neighbours are left out after the highest score's, as scikit-learn's `roc_curve` does by default; the area by trapezoids is the
/// AUROC.
public struct OperatingCurve: Sendable, Equatable {
  /// By point: the share of rows labelled 0 at or above the threshold.
  public let falsePositiveRates: [Double]
  /// By point: the share of rows labelled 1 at or above the threshold.
  public let truePositiveRates: [Double]
  /// By point: infinite for the first.
  public let thresholds: [Double]

  /// `nil` unless both classes occur and all scores are finite.
  public init?(scores: [Double], labels: [Int]) {
    precondition(scores.count == labels.count, "scores and labels must have the same length")
    let positives = labels.count { $0 == 1 }
    guard allFinite(scores), positives > 0, positives < labels.count else { return nil }
    let order = ascendingOrder(scores)
    var points: [(negatives: Int, positives: Int, threshold: Double)] = [(0, 0, .infinity)]
    for block in tieBlocks(scores, order).reversed() {
      let last = points[points.count - 1]
      let gained = block.count { labels[order[$0]] == 1 }
      points.append(
        (last.negatives + block.count - gained, last.positives + gained, scores[order[block.lowerBound]]))
    }
    let kept = points.indices.filter { index in
      guard index > 1, index < points.count - 1 else { return true }
      let (before, here, after) = (points[index - 1], points[index], points[index + 1])
      return here.negatives - before.negatives != after.negatives - here.negatives
        || here.positives - before.positives != after.positives - here.positives
    }.map { points[$0] }
    falsePositiveRates = kept.map { Double($0.negatives) / Double(labels.count - positives) }
    truePositiveRates = kept.map { Double($0.positives) / Double(positives) }
    thresholds = kept.map(\.threshold)
  }

  /// By trapezoids.
  public var area: Double {
    falsePositiveRates.indices.dropFirst().reduce(0) { sum, i in
      sum + (falsePositiveRates[i] - falsePositiveRates[i - 1]) * (truePositiveRates[i] + truePositiveRates[i - 1]) / 2
    }
  }
}
