/// A measure that can be had again with the rows of any cluster left out, at no more than a sort.
protocol LeaveOneOutMeasure {
  var value: Double { get }
  /// The value without each cluster: `nil` where nothing is left of it, or the cluster has no part in it.
  func values(without clusters: Partition) -> [Double?]
  /// By cluster what it would contribute to the variance if rows were independent, in any unit.
  func weights(of clusters: Partition) -> [Double]
}

extension ClusterSpread {
  /// How a measure changes without each cluster (Efron and Stein 1981).
  ///
  /// Degrees of freedom of Student's t: G - 1, and no more than (sum w)^2 / sum w^2 with w the share of every cluster in the
  /// variance if rows were independent (Satterthwaite 1946), so that one cluster with most of the rows counts as the
  /// little it is.
  init?(_ measure: some LeaveOneOutMeasure, _ clusters: Clusters) {
    self.init(clusters) { partition in
      let values = measure.values(without: partition)
      let known = values.compactMap { $0 }
      guard known.count > 1 else { return nil }
      let centre = isConstant(known) ? known[0] : mean(known)
      return Part(
        deviations: values.map { $0.map { $0 - centre } ?? 0 }, count: Double(known.count),
        df: satterthwaite(measure.weights(of: partition), count: known.count))
    }
  }
}

/// count - 1, and no more than (sum w)^2 / sum w^2; at least 1.
func satterthwaite(_ weights: [Double], count: Int) -> Double {
  let sum = weights.reduce(0, +)
  let squares = weights.reduce(0) { $0 + $1 * $1 }
  let most = Double(count - 1)
  return squares > 0 ? max(1, min(most, sum * sum / squares)) : max(1, most)
}
