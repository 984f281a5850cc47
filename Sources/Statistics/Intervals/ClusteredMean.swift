/// The mean of values whose rows of one group (cluster) are alike, with an interval that holds then.
///
/// variance = G/(G-1) sum over groups (sum over its rows of x - mean)^2 / n^2: the linearised variance of a ratio (total over
/// rows) with Student's t of G - 1 degrees of freedom (Cochran 1977, section 9A). With one row per group it is s^2/n.
public struct ClusteredMean: Sendable, Equatable {
  public let mean: Double
  public let rows: Int
  public let groups: Int
  /// `nil` for fewer than two groups.
  public let variance: Double?
  private let isExtremeProportion: Bool
  private let isProportion: Bool

  /// - Parameter proportion: whether the values are 0, 1 or shares between, so that the interval must stay in 0...1.
  /// `nil` for no values or one that is not finite.
  public init?(_ values: [Double], groups: [String], proportion: Bool = false) {
    precondition(groups.count == values.count, "groups and values must have the same length")
    guard !values.isEmpty, allFinite(values) else { return nil }
    let categories = Partition(groups)
    let centre = Statistics.mean(values)
    var sums = [Double](repeating: 0, count: categories.count)
    for (row, group) in categories.codes.enumerated() { sums[group] += values[row] - centre }
    (mean, rows, self.groups) = (centre, values.count, categories.count)
    isProportion = proportion
    isExtremeProportion = proportion && isConstant(values) && (centre == 0 || centre == 1)
    guard categories.count > 1 else {
      variance = nil
      return
    }
    let count = Double(categories.count)
    let scaled = sums.map { $0 / Double(values.count) }
    variance = isConstant(values) ? 0 : count / (count - 1) * scaled.reduce(0) { $0 + $1 * $1 }
  }

  /// mean +- t sqrt(variance), cut to 0...1 for a proportion. A proportion of exactly 0 or 1 has Wilson's interval for as many
  /// trials as there are groups. `nil` for fewer than two groups, and where groups are so alike that no variance is seen.
  public func interval(confidence: Double = 0.95) -> Interval? {
    guard let variance else { return nil }
    if isExtremeProportion {
      return Proportion.wilson(successes: mean == 1 ? groups : 0, trials: groups, confidence: confidence)
    }
    guard variance > 0 else { return nil }
    let reach = criticalValue(confidence, df: Double(groups - 1)) * variance.squareRoot()
    let interval = Interval(low: mean - reach, high: mean + reach)
    return isProportion ? interval.clamped(to: 0...1) : interval
  }
}
