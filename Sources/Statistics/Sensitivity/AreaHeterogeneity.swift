extension Heterogeneity {
  /// Whether the AUROC (for numeric labels the concordance) differs between levels of the rows.
  ///
  /// The covariance of the levels' areas comes from leaving out one group at a time in all of them at once, so it holds where
  /// a group has rows of several levels (letters) and where each group has one (sources). Degrees of freedom: groups
  /// minus one where levels share groups, else the fewest groups of a level minus one.
  ///
  /// - Parameters:
  ///   - levels: of every row, e.g. its letter. Levels without an area or with one of 0 or 1 are left out.
  ///   - within: whether pairs are compared inside groups only.
  /// `nil` if fewer than two levels are left, or their variances are undefined.
  public static func ofAreas(
    scores: [Double], labels: [Double], levels: [String], groups: [String]? = nil, within: Bool = false
  ) -> Heterogeneity? {
    precondition(scores.count == labels.count && levels.count == labels.count, "arrays must have the same length")
    guard allFinite(scores), allFinite(labels) else { return nil }
    let clusters = groups.map { Partition($0) } ?? .rows(labels.count)
    let categories = Partition(levels)
    let areas = zip(categories.firsts(levels), categories.rows()).compactMap { name, rows in
      LevelArea(name, rows, scores, labels, clusters, within: within)
    }
    guard areas.count > 1 else { return nil }
    return Heterogeneity(
      names: areas.map(\.name), values: areas.map(\.value), covariance: covariance(areas),
      degreesOfFreedom: degreesOfFreedom(areas, clusters.count))
  }

  private static func covariance(_ areas: [LevelArea]) -> [[Double]] {
    areas.map { a in
      areas.map { b in
        let count = Double(max(a.deviations.count, b.deviations.count))
        // In the order of the groups: sums in a dictionary's own order would differ from run to run.
        let product = a.deviations.keys.sorted().reduce(0) { sum, group in
          sum + (a.deviations[group] ?? 0) * (b.deviations[group] ?? 0)
        }
        return (count - 1) / count * product
      }
    }
  }

  private static func degreesOfFreedom(_ areas: [LevelArea], _ groups: Int) -> Double {
    let taking = areas.map(\.deviations.count)
    let isShared = taking.reduce(0, +) > Set(areas.flatMap { $0.deviations.keys }).count
    return Double((isShared ? Set(areas.flatMap { $0.deviations.keys }).count : taking.min() ?? 0) - 1)
  }
}

/// The area of one level's rows and how it moves with each group left out.
private struct LevelArea {
  let name: String
  let value: Double
  /// By group that takes part: the area without it minus the mean of those.
  let deviations: [Int: Double]

  init?(
    _ name: String, _ rows: [Int], _ scores: [Double], _ labels: [Double], _ clusters: Partition, within: Bool
  ) {
    let keys = rows.map { clusters.codes[$0] }
    let own = Partition(keys: keys)
    let strata = within ? own : .whole(rows.count)
    guard
      let area = StratifiedConcordance(
        rows.map { scores[$0] }, rows.map { labels[$0] }, strata: strata, measure: { $0.somersD }),
      abs(area.value) < 1
    else { return nil }
    let values = area.values(without: own)
    let present = values.compactMap { $0 }
    guard present.count > 1 else { return nil }
    let centre = mean(present)
    var deviations: [Int: Double] = [:]
    for (row, index) in own.codes.enumerated() {
      if let value = values[index] { deviations[keys[row]] = (value - centre) / 2 }
    }
    (self.name, value, self.deviations) = (name, (area.value + 1) / 2, deviations)
  }
}
