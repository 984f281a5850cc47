/// How well a score predicts a numeric or ordinal label: two questions, two answers.
///
/// *Within* groups: does a higher score mean more of the behaviour for the same question? *Across* groups: does one scale
/// work for all questions? Each measure has its value, clustered interval and p; `concordance` stands on the scale of the
/// AUROC, so that the rules made for 0/1 labels (1/2 is no effect, a smallest effect of interest of 0.05) apply to it.
public struct NumericPrediction: Sendable, Equatable, Codable {
  public let rows: Int
  /// Number of distinct groups; `nil` if the rows have none.
  public let groups: Int?
  public let distinctLabels: Int
  /// The share of the label's variance that lies between groups, 0...1; `nil` without groups or for a constant label.
  public let labelVarianceBetweenGroups: Double?
  /// One per measure that is defined, in the order of `NumericMeasure.allCases`; empty without groups.
  public let within: [ClusteredAssociation]
  public let across: [ClusteredAssociation]
  /// Of the one score; for several (layers) use `NumericPermutationTest` over all of them. `nil` for a constant label.
  public let permutation: NumericPermutationTest?

  /// - Parameters:
  ///   - covariates: of which those that cross the questions and are sampled are a second cluster.
  ///   - permutations: how many `permutation` draws (1...1,000,000).
  ///   - seed: of the permutations.
  public init(_ rows: NumericRows, covariates: [Covariate] = [], permutations: Int = 2_000, seed: UInt64 = 0) {
    let clusters = rows.clusters(covariates.filter { $0.distinctValues > 1 })
    self.rows = rows.count
    groups = rows.groups.map { Set($0).count }
    distinctLabels = Set(rows.labels).count
    labelVarianceBetweenGroups = rows.groups.flatMap { Measures.varianceExplained(rows.labels, by: $0) }
    within = NumericMeasure.allCases.compactMap { ClusteredAssociation.within(rows, $0, clusters) }
    across = NumericMeasure.allCases.compactMap { ClusteredAssociation.across(rows, $0, clusters) }
    permutation = NumericPermutationTest(
      scores: [rows.scores], labels: rows.labels, groups: rows.groups, permutations: permutations, seed: seed)
  }

  public func within(_ measure: NumericMeasure) -> ClusteredAssociation? { within.first { $0.measure == measure } }
  public func across(_ measure: NumericMeasure) -> ClusteredAssociation? { across.first { $0.measure == measure } }
}
