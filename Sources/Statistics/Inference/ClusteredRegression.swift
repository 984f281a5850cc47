/// The score's coefficient in a linear regression of the label (0/1 or a number) on score and covariates, with clustered errors: by how
/// much the probability of the behaviour changes per standard deviation of the score at fixed covariates.
///
/// Linear and not logistic, because its test is right if *either* the label's or the score's mean is linear in the covariates'
/// terms (the coefficient is the covariance of two residuals), it exists where classes are separated, and leaving a cluster out
/// costs one small solve (`RegressionDesign`). With `absorbed`, every part (question) has an intercept and only parts with both labels take part:
/// the comparison is within questions, as in conditional logistic regression.
///
/// The variance is the cluster jackknife CV3, (G - 1)/G sum (b_-g - b)^2, the most reliable with few clusters (MacKinnon,
/// Nielsen and Webb 2023, "Fast and reliable jackknife and bootstrap methods for cluster-robust inference"), with Student's t
/// of the effective number of clusters minus 1 minus the covariates' terms that do not vary inside clusters. Clusters that cross
/// the primary ones enter linearly (CV1); where they are held fixed by indicators, only what they add counts in the degrees of
/// freedom.
struct ClusteredRegression: Sendable {
  let coefficient: Double
  let variance: ClusteredVariance?
  /// `nil` with the variance.
  let spread: ClusterSpread?
  /// R squared of the covariates' terms alone: of the label and of the score.
  let labelShare: Double
  let scoreShare: Double
  /// Of the label, around its mean or the means of the absorbed parts.
  let labelVariance: Double
  /// What the coefficient's variance would be were rows independent and alike, and its degrees of freedom.
  private let classical: (variance: Double, df: Double)

  /// Of a 0/1 label.
  init?(scores: [Double], labels: [Int], terms: [[Double]], absorbed: Partition?, clusters: Clusters) {
    self.init(
      scores: scores, outcome: labels.map(Double.init), terms: terms, absorbed: absorbed, clusters: clusters)
  }

  /// `nil` where the score is a function of the covariates (and of `absorbed`), or no row takes part.
  ///
  /// - Parameter scores: standardised.
  init?(scores: [Double], outcome: [Double], terms: [[Double]], absorbed: Partition?, clusters: Clusters) {
    let rows = absorbed.map { Self.rowsOfMixedParts($0, outcome) } ?? Array(outcome.indices)
    guard rows.count > 2 else { return nil }
    let design = RegressionDesign(
      columns: terms + [scores], outcome: outcome, rows: rows, absorbed: absorbed)
    guard let design else { return nil }
    coefficient = design.coefficient
    (labelShare, scoreShare) = design.shares
    labelVariance = design.outcomeVariance
    classical = design.classical
    spread = ClusterSpread(clusters, crossedAreFixed: !terms.isEmpty) { partition in
      let deviations =
        partition == clusters.primary ? design.deviations(partition) : design.linearDeviations(partition)
      guard let deviations else { return nil }
      let sizes = design.sizes(partition)
      let between = absorbed == nil && partition == clusters.primary ? Double(design.columnsBetween(partition)) : 0
      let df = partition.effectiveCount(weights: sizes) - 1 - between
      return ClusterSpread.Part(deviations: deviations, count: Double(sizes.count { $0 > 0 }), df: max(1, df))
    }
    variance = spread?.variance
  }

  /// About the coefficient of a score whose AUROC is this: classes d = sqrt 2 Phi^-1(area) standard deviations apart have one of
  /// d times the label's variance.
  func coefficient(ofArea area: Double) -> Double {
    labelVariance * 2.0.squareRoot() * NormalDistribution.quantile(area)
  }

  /// `nil` without a variance.
  var robustness: RobustnessValue? {
    guard let variance, variance.value > 0, classical.variance > 0 else { return nil }
    // Rows that are alike tell as much as this part of them.
    let df = classical.df / max(1, variance.value / classical.variance)
    return RobustnessValue(t: coefficient / variance.value.squareRoot(), degreesOfFreedom: df)
  }

  /// 95 %; `nil` without a variance.
  var estimate: CoefficientEstimate? {
    guard let variance, variance.value > 0 else { return nil }
    let error = variance.value.squareRoot()
    let reach = criticalValue(0.95, df: variance.degreesOfFreedom) * error
    return CoefficientEstimate(
      coefficient: coefficient, low: coefficient - reach, high: coefficient + reach,
      p: StudentT.twoSidedP(coefficient / error, degreesOfFreedom: variance.degreesOfFreedom),
      degreesOfFreedom: variance.degreesOfFreedom)
  }

  /// Rows of the parts in which the outcome varies.
  private static func rowsOfMixedParts(_ partition: Partition, _ outcome: [Double]) -> [Int] {
    var first = [Double?](repeating: nil, count: partition.count)
    var varies = [Bool](repeating: false, count: partition.count)
    for (value, code) in zip(outcome, partition.codes) {
      if let known = first[code], known != value { varies[code] = true }
      first[code] = first[code] ?? value
    }
    return outcome.indices.filter { varies[partition.codes[$0]] }
  }
}
