/// AUROC with pairs compared only inside a group.
public struct WithinGroupAUROC: Sendable, Equatable {
  /// Correctly ordered pairs over all groups / all pairs (ties one half), so each group weighs by its number of
  /// positive-negative pairs.
  public let auroc: Double
  /// How many groups hold both classes, and so contribute.
  public let mixedGroups: Int
  /// How many positive-negative pairs there are inside groups.
  public let pairs: Int
}

extension Measures {
  /// AUROC with every positive compared only to the negatives in its group, pooled by number of pairs.
  /// `nil` if no group has both classes.
  public static func withinGroupAUROC(scores: [Double], labels: [Int], groups: [String]) -> WithinGroupAUROC? {
    precondition(scores.count == labels.count && groups.count == labels.count, "arrays must have the same length")
    guard allFinite(scores) else { return nil }
    return withinGroupAUROC(scores, labels, Partition(groups))
  }

  static func withinGroupAUROC(_ scores: [Double], _ labels: [Int], _ groups: Partition) -> WithinGroupAUROC? {
    var ordered = 0.0
    var pairs = 0
    var mixed = 0
    for rows in groups.rows() {
      let groupLabels = rows.map { labels[$0] }
      let positives = groupLabels.count { $0 == 1 }
      guard positives > 0, positives < rows.count else { continue }
      let ranks = midRanks(rows.map { scores[$0] })
      let groupPairs = positives * (rows.count - positives)
      ordered += aurocFromRanks(ranks, groupLabels, positives: positives) * Double(groupPairs)
      pairs += groupPairs
      mixed += 1
    }
    guard pairs > 0 else { return nil }
    return WithinGroupAUROC(auroc: ordered / Double(pairs), mixedGroups: mixed, pairs: pairs)
  }

  /// The share of the label's variance that a categorical variable explains: eta squared, the R^2 of a one-way
  /// analysis of variance of the 0/1 label, sum over categories of n_c (rate_c - rate)^2 / (n rate (1 - rate)).
  /// In 0...1; `nil` if all labels are equal. Not corrected for the number of categories: with one row per category
  /// it is 1 by construction.
  public static func labelVarianceExplained(labels: [Int], by categories: [String]) -> Double? {
    precondition(categories.count == labels.count, "arrays must have the same length")
    return labelVarianceExplained(labels, Partition(categories))
  }

  static func labelVarianceExplained(_ labels: [Int], _ categories: Partition) -> Double? {
    let positives = labels.count { $0 == 1 }
    guard positives > 0, positives < labels.count else { return nil }
    let rate = Double(positives) / Double(labels.count)
    let unexplained = categories.counts(labels).reduce(0.0) { sum, category in
      let share = Double(category.positives) / Double(category.rows)
      return sum + Double(category.rows) * share * (1 - share)
    }
    return max(0, 1 - unexplained / (Double(labels.count) * rate * (1 - rate)))
  }

  /// AUROC of a categorical variable alone (the answer letter, say), each category scored by its share of positives.
  /// So it is at least 0.5, and does not depend on how the categories are named. `nil` unless both classes occur.
  public static func categoryAUROC(labels: [Int], categories: [String]) -> Double? {
    precondition(categories.count == labels.count, "arrays must have the same length")
    let index = Partition(categories)
    let shares = index.counts(labels).map { Double($0.positives) / Double($0.rows) }
    return auroc(scores: index.codes.map { shares[$0] }, labels: labels)
  }
}
