/// How much less rows in groups tell than as many independent ones.
public struct DesignEffect: Sendable, Equatable {
  /// Variance of the AUROC clustered by group / DeLong's variance, at least 1.
  public let designEffect: Double
  /// Rows / design effect: so many independent rows would tell as much.
  public let effectiveSampleSize: Double
  /// The intraclass correlation of the labels, by the analysis of variance: (MSB - MSW) / (MSB + (k - 1) MSW), k the
  /// mean group size corrected for unequal sizes. In -1...1; `nil` if no group has two rows.
  public let labelCorrelation: Double?

  /// `nil` where one of the two variances is undefined or DeLong's is 0.
  public init?(scores: [Double], labels: [Int], groups: [String]) {
    let clustered = ClusteredAUROC(scores: scores, labels: labels, groups: groups)
    guard let wide = clustered?.jackknifeVariance,
      let narrow = DeLong(scores: scores, labels: labels)?.variance, narrow > 0
    else { return nil }
    designEffect = max(1, wide / narrow)
    effectiveSampleSize = Double(labels.count) / designEffect
    labelCorrelation = intraclassCorrelation(labels, Categories(groups))
  }
}

/// The one-way analysis of variance estimator of the correlation of two labels of a group (Donner 1986).
func intraclassCorrelation(_ labels: [Int], _ groups: Categories) -> Double? {
  let n = Double(labels.count)
  let k = Double(groups.count)
  guard let explained = Measures.labelVarianceExplained(labels, groups), k > 1, n > k else { return nil }
  let squaredSizes = groups.counts(labels).reduce(0.0) { $0 + Double($1.rows) * Double($1.rows) }
  let size = (n - squaredSizes / n) / (k - 1)
  // Mean squares between and within, both in units of the total sum of squares.
  let between = explained / (k - 1)
  let within = (1 - explained) / (n - k)
  let total = between + (size - 1) * within
  return total > 0 ? (between - within) / total : nil
}
