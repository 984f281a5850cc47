/// Positive-negative pairs compared only inside a stratum, with what each group (cluster) contributes to them, so that
/// the area with a group left out costs nothing more. With one stratum this is the ordinary AUROC.
struct PairTally {
  /// Correctly ordered pairs, ties one half.
  private(set) var ordered = 0.0
  private(set) var pairs = 0.0
  /// Strata that hold both classes.
  private(set) var mixedStrata = 0
  /// What vanishes from `ordered` and `pairs` when a group is left out.
  private var orderedOfGroup: [Double]
  private var pairsOfGroup: [Double]

  init(scores: [Double], labels: [Int], strata: Categories, groups: Categories) {
    orderedOfGroup = [Double](repeating: 0, count: groups.count)
    pairsOfGroup = orderedOfGroup
    for rows in strata.rows() {
      add(rows.map { scores[$0] }, rows.map { labels[$0] }, groupOfRow: rows.map { groups.indexOfRow[$0] })
    }
  }

  /// The AUROC; `nil` if no stratum has both classes.
  var area: Double? { pairs > 0 ? ordered / pairs : nil }

  private mutating func add(_ scores: [Double], _ labels: [Int], groupOfRow: [Int]) {
    guard let components = PlacementComponents(scores: scores, labels: labels) else { return }
    let m = Double(components.positives)
    let n = Double(components.negatives)
    ordered += components.auroc * m * n
    pairs += m * n
    mixedStrata += 1
    for (row, group) in groupOfRow.enumerated() {
      let others = labels[row] == 1 ? n : m
      orderedOfGroup[group] += components.values[row] * others
      pairsOfGroup[group] += others
    }
    addBackPairsInsideGroups(scores, labels, groupOfRow)
  }

  /// A pair inside one group was counted for its positive and for its negative, but vanishes once.
  private mutating func addBackPairsInsideGroups(_ scores: [Double], _ labels: [Int], _ groupOfRow: [Int]) {
    for (group, rows) in Dictionary(grouping: labels.indices, by: { groupOfRow[$0] }) {
      let groupLabels = rows.map { labels[$0] }
      guard let area = Measures.auroc(scores: rows.map { scores[$0] }, labels: groupLabels) else { continue }
      let positives = groupLabels.reduce(0, +)
      let inside = Double(positives) * Double(rows.count - positives)
      orderedOfGroup[group] -= area * inside
      pairsOfGroup[group] -= inside
    }
  }

  /// How many groups take part in a pair.
  var contributingGroups: Int { pairsOfGroup.count { $0 > 0 } }

  /// The area with each contributing group left out; groups without which no pair is left are passed over.
  func areasWithoutOneGroup() -> [Double] {
    zip(orderedOfGroup, pairsOfGroup).compactMap { removedOrdered, removedPairs in
      guard removedPairs > 0, pairs - removedPairs > 0 else { return nil }
      return (ordered - removedOrdered) / (pairs - removedPairs)
    }
  }

  /// The group jackknife variance (G-1)/G sum (area_-g - mean)^2; `nil` with fewer than two areas.
  func jackknifeVariance() -> Double? {
    let areas = areasWithoutOneGroup()
    guard areas.count > 1 else { return nil }
    return isConstant(areas) ? 0 : Double(areas.count - 1) / Double(areas.count) * sumOfSquares(areas)
  }
}

/// AUROC with pairs compared only inside strata (all rows of answer letter A, all of B), pooled by number of pairs, its
/// interval clustered by group.
public struct StratifiedAUROC: Sendable, Equatable {
  public let auroc: Double
  /// Strata that hold both classes.
  public let mixedStrata: Int
  /// The group jackknife's; `nil` if fewer than two groups take part.
  public let variance: Double?
  /// Groups that take part, minus one.
  public let degreesOfFreedom: Int

  /// `nil` if no stratum has both classes or a score is not finite. Without groups every row is its own.
  public init?(scores: [Double], labels: [Int], strata: [String], groups: [String]? = nil) {
    precondition(scores.count == labels.count && strata.count == labels.count, "arrays must have the same length")
    guard allFinite(scores) else { return nil }
    let groups = Categories(groups ?? labels.indices.map { String($0) })
    let tally = PairTally(scores: scores, labels: labels, strata: Categories(strata), groups: groups)
    guard let area = tally.area else { return nil }
    auroc = area
    mixedStrata = tally.mixedStrata
    variance = tally.jackknifeVariance()
    degreesOfFreedom = max(0, tally.contributingGroups - 1)
  }

  /// On the logit scale with Student's t; `nil` without a variance and at an area of 0 or 1.
  public func interval(confidence: Double = 0.95) -> Interval? {
    variance.flatMap {
      logitInterval(auroc, variance: $0, critical: criticalValue(confidence, df: Double(degreesOfFreedom)))
    }
  }
}
