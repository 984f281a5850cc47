import Foundations

/// A permutation test of "the score says nothing about the label" that respects groups.
public struct PermutationTest: Sendable, Equatable {
  /// What is exchanged.
  public enum Scheme: String, Sendable, Equatable {
    /// Labels inside each group; the statistic is the distance of the within-group AUROC from 1/2.
    case withinGroups
    /// The mean label of each group, among groups; the statistic is the distance of the AUROC from 1/2.
    case betweenGroups
  }

  /// Two-sided: (1 + permutations at least as extreme as the data) / (1 + permutations), so never 0.
  public let p: Double
  public let scheme: Scheme
  public let permutations: Int

  /// Labels are permuted within groups where that leaves variation, that is unless the group explains 90 % or more of
  /// the label's variance (without groups all rows are one group). Otherwise whole groups exchange their labels, which
  /// for two groups can show nothing and gives p = 1.
  /// `nil` unless both classes occur, every score is finite and `permutations` is in 1...1,000,000.
  public init?(_ rows: ScoredRows, permutations: Int = 2_000, seed: UInt64 = 0) {
    guard
      let test = MaxStatisticTest(
        [rows.scores], rows.labels, rows.questionIndex, permutations: permutations, seed: seed)
    else { return nil }
    p = test.adjustedP[0]
    scheme = test.scheme
    self.permutations = permutations
  }
}

/// Permutation p-values of several scores of the same rows (layers, positions), corrected for having looked at all.
///
/// Westfall and Young 1993, single step: the adjusted p of a score is the share of permutations in which the *largest*
/// distance of any score's area from 1/2 reaches that score's own. Scores that are alike cost little, unlike with
/// Bonferroni.
public struct MaxStatisticTest: Sendable, Equatable {
  /// One per score, two-sided.
  public let adjustedP: [Double]
  public let scheme: PermutationTest.Scheme

  /// `nil` for no scores, unless both classes occur, every score is finite and `permutations` is in 1...1,000,000.
  /// O(permutations * rows * scores). From 500 million such steps on, labels exchanged inside 30 groups or more are not
  /// shuffled: the deviations are drawn from the normal distribution with the covariance of all exchanges, their limit.
  public init?(
    scores: [[Double]], labels: [Int], groups: [String]? = nil, permutations: Int = 2_000, seed: UInt64 = 0
  ) {
    self.init(scores, labels, groups.map { Partition($0) }, permutations: permutations, seed: seed)
  }

  init?(_ scores: [[Double]], _ labels: [Int], _ groups: Partition?, permutations: Int, seed: UInt64) {
    precondition(scores.allSatisfy { $0.count == labels.count }, "every score needs one value per row")
    guard !scores.isEmpty, (1...1_000_000).contains(permutations),
      var labelling = LabelPermutation(scores: scores, labels: labels, groups: groups)
    else { return nil }
    let observed = labelling.deviations().map(abs)
    var generator = SeededGenerator(seed: seed)
    var extreme = [Int](repeating: 1, count: scores.count)
    let steps = Double(permutations) * Double(labels.count) * Double(scores.count)
    let limit = steps > 5e8 ? labelling.covariance().map { SemidefiniteFactor($0, size: scores.count) } : nil
    for _ in 0..<permutations {
      let deviations: [Double]
      if let limit {
        deviations = limit.draw(&generator)
      } else {
        labelling.shuffle(&generator)
        deviations = labelling.deviations()
      }
      let largest = deviations.map(abs).max() ?? 0
      for layer in observed.indices where largest >= observed[layer] - 1e-12 { extreme[layer] += 1 }
    }
    adjustedP = extreme.map { Double($0) / Double(permutations + 1) }
    scheme = labelling.scheme
  }
}
