/// What rows may have in common: the question (or its family), and what crosses questions and is a sample as well
/// (templates, personas).
struct Clusters: Sendable {
  let primary: Partition
  let crossed: [Partition]

  init(_ primary: Partition, crossed: [Partition] = []) { (self.primary, self.crossed) = (primary, crossed) }
}

extension Clusters {
  /// All partitions whose variances are wanted: the primary one, then every crossed one and its intersection with it.
  var partitions: [Partition] { [primary] + crossed.flatMap { [$0, $0.crossed(with: primary)] } }
}

/// How an estimate changes as each cluster is left out, for every partition of `Clusters.partitions`.
struct ClusterSpread: Sendable {
  struct Part: Sendable {
    /// By cluster.
    var deviations: [Double]
    /// Clusters that take part, and the degrees of freedom of their variance.
    var count: Double
    var df: Double

    /// (G - 1)/G times the sum of squares.
    var variance: Double { (count - 1) / count * deviations.reduce(0) { $0 + $1 * $1 } }
  }

  let parts: [Part]
  /// Whether the levels of what crosses the primary clusters are held fixed, so that they share nothing but what is left.
  private let crossedAreFixed: Bool

  /// `nil` unless the primary clusters give a variance.
  init?(_ clusters: Clusters, crossedAreFixed: Bool = false, _ part: (Partition) -> Part?) {
    self.crossedAreFixed = crossedAreFixed
    let parts = clusters.partitions.map { part($0) }
    guard let own = parts[0], own.count > 1 else { return nil }
    // A crossed cluster without a variance, such as a template of one level, says nothing.
    self.parts = parts.map { $0.map { $0.count > 1 ? $0 : own } ?? own }
  }

  private init(parts: [Part], crossedAreFixed: Bool) { (self.parts, self.crossedAreFixed) = (parts, crossedAreFixed) }

  /// Of the estimate a x + b y, x and y being estimates of the same clusters.
  func combined(_ a: Double, with other: ClusterSpread, _ b: Double) -> ClusterSpread {
    ClusterSpread(
      parts: zip(parts, other.parts).map { x, y in
        let (u, v) = (a * a * x.variance, b * b * y.variance)
        let df = u + v > 0 ? (u + v) * (u + v) / (u * u / x.df + v * v / y.df) : min(x.df, y.df)
        return Part(
          deviations: zip(x.deviations, y.deviations).map { a * $0 + b * $1 }, count: max(x.count, y.count), df: df)
      }, crossedAreFixed: crossedAreFixed)
  }

  var variance: ClusteredVariance { ClusteredVariance(parts, crossedAreFixed: crossedAreFixed) }
}

/// A variance clustered one way or several.
///
/// With V_q by question, V_t by what crosses it and V_qt by their intersection, V = max(V_q, V_q + V_t - V_qt) (Cameron,
/// Gelbach and Miller 2011; the maximum because the sum may fall below its parts). Degrees of freedom follow Welch and
/// Satterthwaite, V^2 / (V_q^2 / df_q + V_t^2 / (T - 1)), so that four templates are no more than four where they matter
/// and cost little where they do not. V_q is the jackknife's; V_t and V_qt are linear, because leaving out one of four
/// templates overstates what it does. Several crossed clusters are taken one by one, and the widest counts.
struct ClusteredVariance: Sendable {
  let value: Double
  let degreesOfFreedom: Double

  fileprivate init(_ parts: [ClusterSpread.Part], crossedAreFixed: Bool) {
    let own = (value: parts[0].variance, df: parts[0].df)
    var widest = own
    for first in stride(from: 1, to: parts.count, by: 2) {
      let (other, both) = (parts[first], parts[first + 1])
      let total = max(own.value, own.value + other.variance - both.variance)
      let added = crossedAreFixed ? max(0, other.variance - both.variance) : other.variance
      let spread = own.value * own.value / own.df + added * added / other.df
      guard spread > 0 else { continue }
      let df = min(own.df, total * total / spread)
      if Self.reach(total, df) > Self.reach(widest.value, widest.df) { widest = (total, df) }
    }
    (value, degreesOfFreedom) = (widest.value, max(1, widest.df))
  }

  private static func reach(_ variance: Double, _ df: Double) -> Double {
    criticalValue(0.95, df: max(1, df)) * variance.squareRoot()
  }
}

/// The two-sided p of one test that neither of two estimates differs from 0: of their mean weighted by precision, whose
/// variance knows what they share. Each claim then needs its own p and this one (closed testing), which costs less than
/// Holm's correction where both point the same way.
func intersectionP(
  _ a: (estimate: Double, spread: ClusterSpread), _ b: (estimate: Double, spread: ClusterSpread)
) -> (p: Double, spread: ClusterSpread)? {
  let (u, v) = (a.spread.variance.value, b.spread.variance.value)
  guard u > 0, v > 0 else { return nil }
  let (x, y) = (v / (u + v), u / (u + v))
  let spread = a.spread.combined(x, with: b.spread, y)
  let variance = spread.variance
  guard variance.value > 0 else { return nil }
  let t = (x * a.estimate + y * b.estimate) / variance.value.squareRoot()
  return (StudentT.twoSidedP(t, degreesOfFreedom: variance.degreesOfFreedom), spread)
}

/// An AUROC, stratified or not, with its clustered interval and test.
struct ClusteredArea: Sendable {
  let area: Double
  let variance: ClusteredVariance?
  /// `nil` with the variance.
  let spread: ClusterSpread?
  /// Primary clusters that take part.
  let clusters: Int
  let mixedStrata: Int
  let rowsInMixedStrata: Int
  /// Primary clusters with a positive and with a negative.
  private let clustersByLabel: (positive: Int, negative: Int)

  /// Pairs of all rows, each counted alike: the ordinary AUROC.
  static func pooled(_ order: ScoreOrder, labels: [Int], clusters: Clusters) -> ClusteredArea? {
    ClusteredArea(order, labels, strata: .whole(labels.count), clusters, .pairs)
  }

  /// Pairs inside strata, weighed by the strata's rows.
  static func stratified(
    _ order: ScoreOrder, labels: [Int], strata: Partition, clusters: Clusters
  ) -> ClusteredArea? {
    ClusteredArea(order, labels, strata: strata, clusters, .vanElteren)
  }

  private init?(
    _ order: ScoreOrder, _ labels: [Int], strata: Partition, _ clusters: Clusters, _ weighting: PairWeighting
  ) {
    let totals = PairTotals(order, labels: labels, strata: strata, clusters: clusters.primary, weighting: weighting)
    guard let area = totals.area else { return nil }
    self.area = area
    self.clusters = totals.contributingClusters
    (mixedStrata, rowsInMixedStrata) = (totals.mixedStrata, totals.rowsInMixedStrata)
    clustersByLabel = Self.clustersByLabel(labels, clusters.primary)
    spread = ClusterSpread(clusters) { partition in
      let totals =
        partition == clusters.primary
        ? totals
        : PairTotals(
          order, labels: labels, strata: strata, clusters: partition, weighting: weighting, influence: .linear)
      let df = Self.degreesOfFreedom(totals, order, labels, strata, partition, weighting, area)
      return ClusterSpread.Part(
        deviations: totals.deviations(), count: Double(totals.contributingClusters), df: max(1, df))
    }
    variance = spread?.variance
  }

  private static func clustersByLabel(_ labels: [Int], _ clusters: Partition) -> (Int, Int) {
    var seen = [(Bool, Bool)](repeating: (false, false), count: clusters.count)
    for (row, code) in clusters.codes.enumerated() {
      if labels[row] == 1 { seen[code].0 = true } else { seen[code].1 = true }
    }
    return (seen.count { $0.0 }, seen.count { $0.1 })
  }

  /// Pooled: Welch and Satterthwaite's, from clusters with a positive and those with a negative. Stratified: the effective
  /// number of clusters by their weight in the area, minus 1.
  private static func degreesOfFreedom(
    _ totals: PairTotals, _ order: ScoreOrder, _ labels: [Int], _ strata: Partition, _ clusters: Partition,
    _ weighting: PairWeighting, _ area: Double
  ) -> Double {
    if strata.count == 1, weighting == .pairs {
      return PlacementSums(order, labels, clusters, area: area).degreesOfFreedom
    }
    return clusters.effectiveCount(weights: totals.pairsOf) - 1
  }

  private var deviation: Double? {
    variance.flatMap { $0.value > 0 && area > 0 && area < 1 ? $0.value.squareRoot() / (area * (1 - area)) : nil }
  }

  /// On the logit scale with Student's t; at an area of 0 or 1 the score interval for as many positives and negatives as
  /// there are clusters with one. `nil` without a variance, and if it is 0 elsewhere.
  func interval(confidence: Double = 0.95) -> Interval? {
    guard let variance else { return nil }
    let critical = criticalValue(confidence, df: variance.degreesOfFreedom)
    if area == 0 || area == 1 {
      let (m, n) = effectiveClasses
      return scoreInterval(area, positives: m, negatives: n, critical: critical)
    }
    return logitInterval(area, variance: variance.value, critical: critical)
  }

  /// Of "the area is 0.5": positive above it. `nil` with the interval.
  var t: Double? {
    if let deviation { return logit(area) / deviation }
    guard variance != nil, area == 0 || area == 1 else { return nil }
    let (m, n) = effectiveClasses
    return (area - 0.5) / hanleyMcNeilVariance(0.5, positives: Double(m), negatives: Double(n)).squareRoot()
  }

  private var effectiveClasses: (Int, Int) {
    (min(clusters, clustersByLabel.positive), min(clusters, clustersByLabel.negative))
  }

  /// The area and its spread on the logit scale; `nil` where that scale ends.
  var onLogitScale: (estimate: Double, spread: ClusterSpread)? {
    guard let spread, area > 0, area < 1 else { return nil }
    let slope = 1 / (area * (1 - area))
    return (logit(area), spread.combined(slope, with: spread, 0))
  }

  /// Two-sided.
  var p: Double? {
    guard let t, let variance else { return nil }
    return StudentT.twoSidedP(t, degreesOfFreedom: variance.degreesOfFreedom)
  }

  var estimate: AreaEstimate {
    let interval = interval()
    return AreaEstimate(
      auroc: area, low: interval?.low, high: interval?.high, p: interval == nil ? nil : p, adjustedP: nil,
      degreesOfFreedom: variance?.degreesOfFreedom, questions: clusters, oddsRatio: nil, oddsRatioLow: nil,
      oddsRatioHigh: nil)
  }
}

/// Sums over clusters of the placements of positives and of negatives, minus what the area leads one to expect: the two
/// parts of Obuchowski's variance, which say how many clusters the area rests on.
private struct PlacementSums {
  private var positive: [Double]
  private var negative: [Double]
  private var hasPositive: [Bool]
  private var hasNegative: [Bool]
  private let classes: (positives: Double, negatives: Double)

  init(_ order: ScoreOrder, _ labels: [Int], _ clusters: Partition, area: Double) {
    positive = [Double](repeating: 0, count: clusters.count)
    (negative, hasPositive) = (positive, [Bool](repeating: false, count: clusters.count))
    hasNegative = hasPositive
    let positives = labels.reduce(0, +)
    classes = (Double(positives), Double(labels.count - positives))
    var below = (positives: 0, negatives: 0)
    var start = 0
    while start < order.rows.count {
      var end = start
      var tied = 0
      while end < order.rows.count, order.ranks[order.rows[end]] == order.ranks[order.rows[start]] {
        tied += labels[order.rows[end]]
        end += 1
      }
      let tiedNegatives = end - start - tied
      let placement = (Double(below.negatives) + Double(tiedNegatives) / 2) / classes.negatives
      let converse = (Double(positives - below.positives - tied) + Double(tied) / 2) / classes.positives
      for row in order.rows[start..<end] {
        let cluster = clusters.codes[row]
        if labels[row] == 1 {
          positive[cluster] += placement - area
          hasPositive[cluster] = true
        } else {
          negative[cluster] += converse - area
          hasNegative[cluster] = true
        }
      }
      below = (below.positives + tied, below.negatives + tiedNegatives)
      start = end
    }
  }

  var degreesOfFreedom: Double {
    let (m, n) = (Double(hasPositive.count { $0 }), Double(hasNegative.count { $0 }))
    let most = Double(positive.count - 1)
    guard m > 1, n > 1 else { return min(most, 1) }
    let a = m / (m - 1) * positive.reduce(0) { $0 + $1 * $1 } / (classes.positives * classes.positives)
    let b = n / (n - 1) * negative.reduce(0) { $0 + $1 * $1 } / (classes.negatives * classes.negatives)
    guard a + b > 0 else { return most }
    return min(most, (a + b) * (a + b) / (a * a / (m - 1) + b * b / (n - 1)))
  }
}
