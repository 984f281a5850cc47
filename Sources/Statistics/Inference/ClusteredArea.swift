/// An AUROC, stratified or not, with its clustered interval and test.
struct ClusteredArea: Sendable {
  let area: Double
  let variance: ClusteredVariance?
  /// `nil` with the variance: unless two primary clusters have a positive and two a negative.
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
    guard clustersByLabel.positive > 1, clustersByLabel.negative > 1 else {
      (spread, variance) = (nil, nil)
      return
    }
    let components =
      strata.count == 1 && weighting == .pairs ? PlacementComponents(order, labels) : nil
    spread = ClusterSpread(clusters) { partition in
      let totals =
        partition == clusters.primary
        ? totals
        : PairTotals(
          order, labels: labels, strata: strata, clusters: partition, weighting: weighting, influence: .linear)
      // Stratified: the effective number of clusters by their weight in the area, minus 1.
      let df =
        components.map { PlacementSums($0, partition).degreesOfFreedom }
        ?? partition.effectiveCount(weights: totals.pairsOf) - 1
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
