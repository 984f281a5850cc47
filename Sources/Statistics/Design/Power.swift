/// How many groups an experiment needs.
///
/// Normal approximation: the one-sided test of AUROC > 1/2 at level `significance` reaches `power` if
/// (A - 1/2) >= z_alpha sqrt(V(1/2)) + z_power sqrt(V(A)), V being Hanley and McNeil's (1982) variance for as many
/// independent rows as the design effect 1 + (rows per group - 1) * correlation leaves.
public struct PowerAnalysis: Sendable, Equatable {
  public let auroc: Double
  public let rowsPerGroup: Double
  public let positiveRate: Double
  /// The correlation, inside a group, of what the rows contribute to the AUROC: 0 if rows are independent, 1 if a group
  /// tells no more than one row.
  public let correlation: Double

  /// - Throws: `StatisticsError` unless 0.5 < auroc < 1, 1 <= rowsPerGroup <= 1e6, 0 < positiveRate < 1 and
  ///   0 <= correlation <= 1.
  public init(
    auroc: Double, rowsPerGroup: Double = 1, positiveRate: Double = 0.5, correlation: Double = 0
  ) throws(StatisticsError) {
    let checks = [
      ("AUROC to detect", auroc, auroc > 0.5 && auroc < 1, "between 0.5 and 1"),
      ("number of rows per group", rowsPerGroup, rowsPerGroup >= 1 && rowsPerGroup <= 1e6, "from 1 to 1000000"),
      ("share of positives", positiveRate, positiveRate > 0 && positiveRate < 1, "between 0 and 1"),
      ("correlation inside groups", correlation, correlation >= 0 && correlation <= 1, "from 0 to 1"),
    ]
    for (name, value, isValid, range) in checks where !isValid {
      throw StatisticsError(.invalidValue, "The \(name) is \(value); it must be \(range).")
    }
    self.auroc = auroc
    self.rowsPerGroup = rowsPerGroup
    self.positiveRate = positiveRate
    self.correlation = correlation
  }

  public var designEffect: Double { 1 + (rowsPerGroup - 1) * correlation }

  /// The power of `groups` groups, 0...1.
  public func power(groups: Int, significance: Double = 0.025) -> Double {
    let rows = Double(groups) * rowsPerGroup / designEffect
    let m = rows * positiveRate
    let n = rows - m
    guard m > 0, n > 0 else { return 0 }
    let atNull = max(0, hanleyMcNeilVariance(0.5, positives: m, negatives: n)).squareRoot()
    let atTruth = max(1e-300, hanleyMcNeilVariance(auroc, positives: m, negatives: n)).squareRoot()
    let threshold = -NormalDistribution.quantile(significance) * atNull
    return NormalDistribution.cumulative((auroc - 0.5 - threshold) / atTruth)
  }

  /// The fewest groups with the given power; `nil` if a million do not suffice.
  ///
  /// `comparisons` layers looked at divide the significance (Bonferroni).
  public func groupsNeeded(power wanted: Double = 0.8, significance: Double = 0.025, comparisons: Int = 1) -> Int? {
    let level = significance / Double(max(1, comparisons))
    var high = 1_000_000
    guard power(groups: high, significance: level) >= wanted else { return nil }
    var low = 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if power(groups: middle, significance: level) >= wanted { high = middle } else { low = middle }
    }
    return high
  }
}
