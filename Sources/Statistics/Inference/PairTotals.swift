/// How positive-negative pairs of one stratum are weighed against those of another.
enum PairWeighting: Sendable {
  /// Every pair alike.
  case pairs
  /// By 1 / (rows of the stratum + 1), so that a stratum counts by its rows and not by their square (van Elteren 1960):
  /// locally the most powerful weights where every stratum has the same effect.
  case vanElteren
}

/// Pairs compared only inside strata, with what vanishes from them when a cluster is left out, in O(rows) after one sort.
///
/// A cluster may lie inside a stratum, hold several or cross them.
struct PairTotals {
  /// How the area's change without a cluster is taken.
  enum Influence: Sendable {
    /// By leaving it out.
    case leftOut
    /// By its part of the first-order expansion (DeLong's components, summed): for few large clusters that cross strata, whose
    /// leaving out changes more than the first order and makes variances too large.
    case linear
  }

  /// Correctly ordered pairs, ties one half, and all pairs; weighted.
  private(set) var ordered = 0.0
  private(set) var pairs = 0.0
  /// Strata that hold both classes.
  private(set) var mixedStrata = 0
  /// Rows in such strata.
  private(set) var rowsInMixedStrata = 0
  /// By cluster.
  private(set) var orderedOf: [Double]
  private(set) var pairsOf: [Double]
  private let weighting: PairWeighting
  private let influence: Influence

  init(
    _ order: ScoreOrder, labels: [Int], strata: Partition, clusters: Partition, weighting: PairWeighting = .pairs,
    influence: Influence = .leftOut
  ) {
    orderedOf = [Double](repeating: 0, count: clusters.count)
    pairsOf = orderedOf
    (self.weighting, self.influence) = (weighting, influence)
    let (rows, starts) = strata.sorted(order.rows)
    let weights = (0..<strata.count).map { weight(rows: starts[$0 + 1] - starts[$0]) }
    for stratum in 0..<strata.count {
      let block = Block(rows: rows[starts[stratum]..<starts[stratum + 1]], order, labels)
      guard block.pairs > 0 else { continue }
      (mixedStrata, rowsInMixedStrata) = (mixedStrata + 1, rowsInMixedStrata + block.rows.count)
      add(block, order, labels, clusters, weight: weights[stratum])
    }
    if influence == .leftOut { takeBackPairsInsideClusters(order, labels, strata, clusters, weights) }
  }

  var area: Double? { pairs > 0 ? ordered / pairs : nil }

  private func weight(rows: Int) -> Double {
    switch weighting {
    case .pairs: 1
    case .vanElteren: 1 / Double(rows + 1)
    }
  }

  private mutating func add(
    _ block: Block, _ order: ScoreOrder, _ labels: [Int], _ clusters: Partition, weight: Double
  ) {
    var placements = 0.0
    block.eachPlacement(order, labels) { row, isPositive, placement in
      orderedOf[clusters.codes[row]] += weight * placement
      pairsOf[clusters.codes[row]] += weight * Double(isPositive ? block.negatives : block.positives)
      if isPositive { placements += placement }
    }
    // Summed without weights, so that an area of 0 or 1 is exactly that.
    ordered += weight * placements
    pairs += weight * block.pairs
  }

  /// A pair inside one cluster was counted for its positive and for its negative, but vanishes once.
  private mutating func takeBackPairsInsideClusters(
    _ order: ScoreOrder, _ labels: [Int], _ strata: Partition, _ clusters: Partition, _ weights: [Double]
  ) {
    let cells = strata == clusters ? strata : strata.crossed(with: clusters)
    let (rows, starts) = cells.sorted(order.rows)
    for cell in 0..<cells.count where starts[cell + 1] - starts[cell] > 1 {
      let block = Block(rows: rows[starts[cell]..<starts[cell + 1]], order, labels)
      guard block.pairs > 0, let first = block.rows.first else { continue }
      let (weight, cluster) = (weights[strata.codes[first]], clusters.codes[first])
      pairsOf[cluster] -= weight * block.pairs
      block.eachPlacement(order, labels) { _, isPositive, placement in
        if isPositive { orderedOf[cluster] -= weight * placement }
      }
    }
  }

  /// The area with each cluster that takes part left out, minus the mean of those areas; 0 for one that takes no part, and
  /// for one without which no pair is left.
  func deviations() -> [Double] {
    influence == .linear ? linearDeviations() : leftOutDeviations()
  }

  /// In units in which (G - 1)/G times their sum of squares is G/(G - 1) times that of the clusters' parts.
  private func linearDeviations() -> [Double] {
    let count = Double(contributingClusters)
    guard let area, count > 1 else { return [Double](repeating: 0, count: orderedOf.count) }
    let scale = count / (count - 1)
    return zip(orderedOf, pairsOf).map { own, ownPairs in
      let change = own - area * ownPairs
      // What is rounding error is nothing.
      return abs(change) > 1e-12 * pairs ? -scale * change / pairs : 0
    }
  }

  private func leftOutDeviations() -> [Double] {
    let tiny = 1e-12 * pairs
    let areas: [Double?] = zip(orderedOf, pairsOf).map { lost, lostPairs in
      lostPairs > tiny && pairs - lostPairs > tiny ? (ordered - lost) / (pairs - lostPairs) : nil
    }
    let known = areas.compactMap { $0 }
    // Differences of rounding error are no variance.
    guard let least = known.min(), let most = known.max(), most - least > 1e-12 else {
      return [Double](repeating: 0, count: areas.count)
    }
    let centre = mean(known)
    return areas.map { $0.map { $0 - centre } ?? 0 }
  }

  /// How many clusters take part in a pair.
  var contributingClusters: Int { pairsOf.count { $0 > 1e-12 * pairs } }

  /// The group jackknife, (G - 1)/G sum of squared deviations; `nil` if fewer than two clusters take part.
  func jackknifeVariance() -> Double? {
    let count = Double(contributingClusters)
    guard count > 1 else { return nil }
    return (count - 1) / count * deviations().reduce(0) { $0 + $1 * $1 }
  }
}

/// Rows of one stratum in ascending order of score.
private struct Block {
  let rows: ArraySlice<Int>
  let positives: Int
  let negatives: Int
  var pairs: Double { Double(positives) * Double(negatives) }

  init(rows: ArraySlice<Int>, _ order: ScoreOrder, _ labels: [Int]) {
    self.rows = rows
    positives = rows.reduce(0) { $0 + labels[$1] }
    negatives = rows.count - positives
  }

  /// For a positive the negatives below it, for a negative the positives above it, ties one half.
  func eachPlacement(_ order: ScoreOrder, _ labels: [Int], _ body: (_ row: Int, _ isPositive: Bool, Double) -> Void) {
    var position = rows.startIndex
    var (positivesBelow, negativesBelow) = (0, 0)
    while position < rows.endIndex {
      var end = position
      var tiedPositives = 0
      while end < rows.endIndex, order.ranks[rows[end]] == order.ranks[rows[position]] {
        tiedPositives += labels[rows[end]]
        end += 1
      }
      let tiedNegatives = end - position - tiedPositives
      let below = Double(negativesBelow) + Double(tiedNegatives) / 2
      let above = Double(positives - positivesBelow - tiedPositives) + Double(tiedPositives) / 2
      for row in rows[position..<end] { body(row, labels[row] == 1, labels[row] == 1 ? below : above) }
      (positivesBelow, negativesBelow) = (positivesBelow + tiedPositives, negativesBelow + tiedNegatives)
      position = end
    }
  }
}
