/// What rows may have in common: the question (or its family), and what crosses questions and is a sample as well
/// (templates, personas).
struct Clusters: Sendable {
  let primary: Partition
  let crossed: [Partition]

  init(_ primary: Partition, crossed: [Partition] = []) { (self.primary, self.crossed) = (primary, crossed) }
}

/// A variance clustered one way or several.
///
/// With V_q by question, V_t by what crosses it and V_qt by their intersection, V = max(V_q, V_q + V_t - V_qt) (Cameron,
/// Gelbach and Miller 2011; the maximum because the sum may come out below its parts). Degrees of freedom follow Welch
/// and Satterthwaite, V^2 / (V_q^2 / df_q + V_t^2 / (T - 1)), so that four templates are no more than four where they
/// matter and cost little where they do not. Several crossed clusters are taken one by one, and the widest counts.
struct ClusteredVariance: Sendable {
  let value: Double
  let degreesOfFreedom: Double

  /// - Parameter variance: of the estimate, by clusters of a partition, with the degrees of freedom of those alone.
  init?(_ clusters: Clusters, _ variance: (Partition) -> (value: Double, df: Double)?) {
    guard let own = variance(clusters.primary) else { return nil }
    var widest = (value: own.value, df: own.df)
    for crossed in clusters.crossed {
      guard let other = variance(crossed), let both = variance(crossed.crossed(with: clusters.primary)) else {
        continue
      }
      let total = max(own.value, own.value + other.value - both.value)
      let spread = own.value * own.value / own.df + other.value * other.value / other.df
      guard spread > 0 else { continue }
      let df = min(own.df, total * total / spread)
      let isWider =
        criticalValue(0.95, df: df) * total.squareRoot() > criticalValue(0.95, df: widest.df)
        * widest.value.squareRoot()
      if isWider { widest = (total, df) }
    }
    (value, degreesOfFreedom) = (widest.value, max(1, widest.df))
  }
}

/// An AUROC, stratified or not, with its clustered interval and test.
struct ClusteredArea: Sendable {
  let area: Double
  let variance: ClusteredVariance?
  /// Primary clusters that take part.
  let clusters: Int
  let mixedStrata: Int
  let rowsInMixedStrata: Int
  /// By primary cluster, the area without it minus the mean of those.
  let deviations: [Double]
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
    deviations = totals.deviations()
    clustersByLabel = Self.clustersByLabel(labels, clusters.primary)
    variance = ClusteredVariance(clusters) { partition in
      let totals =
        partition == clusters.primary
        ? totals
        : PairTotals(order, labels: labels, strata: strata, clusters: partition, weighting: weighting)
      guard let value = totals.jackknifeVariance() else { return nil }
      let df = Self.degreesOfFreedom(totals, order, labels, strata, partition, weighting, area)
      return (value, max(1, df))
    }
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
