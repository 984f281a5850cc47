import RealModule

/// A measure that can be had again with the rows of any cluster left out, at no more than a sort.
protocol LeaveOneOutMeasure {
  var value: Double { get }
  /// The value without each cluster: `nil` where nothing is left of it, or the cluster has no part in it.
  func values(without clusters: Categories) -> [Double?]
  /// By cluster what it would contribute to the variance if rows were independent, in any unit.
  func weights(of clusters: Categories) -> [Double]
}

/// The variance of a measure whose rows are alike inside clusters, by leaving one cluster out at a time.
///
/// One way: (G-1)/G sum (value_-g - mean)^2 over the G clusters that take part (Efron and Stein 1981). Two ways:
/// V_a + V_b - V_ab, V_ab over the cells in which both agree (Cameron, Gelbach and Miller 2011), and never less than
/// V_a or V_b, because the difference of noisy terms can be too small or negative.
///
/// Degrees of freedom of Student's t: G - 1, and no more than (sum w)^2 / sum w^2 with w the share of every cluster in the
/// variance if rows were independent (Satterthwaite 1946), so that one cluster with most of the rows counts as the
/// little it is. Two ways: the smaller of the two.
struct ClusterVariance: Equatable {
  let variance: Double
  let degreesOfFreedom: Double
  /// Clusters of the first way that take part.
  let clusters: Int

  /// `nil` if fewer than two clusters of either way take part.
  init?(_ measure: some LeaveOneOutMeasure, _ first: Categories, second: Categories? = nil) {
    guard let a = Self.oneWay(measure, first) else { return nil }
    guard let second else {
      (variance, degreesOfFreedom, clusters) = a
      return
    }
    guard let b = Self.oneWay(measure, second) else { return nil }
    let both = Self.oneWay(measure, crossed(first, second))?.variance ?? 0
    variance = max(a.variance, b.variance, a.variance + b.variance - both)
    degreesOfFreedom = min(a.degreesOfFreedom, b.degreesOfFreedom)
    clusters = a.clusters
  }

  private static func oneWay(
    _ measure: some LeaveOneOutMeasure, _ clusters: Categories
  ) -> (variance: Double, degreesOfFreedom: Double, clusters: Int)? {
    let values = measure.values(without: clusters).compactMap { $0 }
    guard values.count > 1 else { return nil }
    let count = Double(values.count)
    let variance = isConstant(values) ? 0 : (count - 1) / count * sumOfSquares(values)
    return (variance, satterthwaite(measure.weights(of: clusters), count: values.count), values.count)
  }
}

/// count - 1, and no more than (sum w)^2 / sum w^2; at least 1.
func satterthwaite(_ weights: [Double], count: Int) -> Double {
  let sum = weights.reduce(0, +)
  let squares = weights.reduce(0) { $0 + $1 * $1 }
  let most = Double(count - 1)
  return squares > 0 ? max(1, min(most, sum * sum / squares)) : max(1, most)
}
