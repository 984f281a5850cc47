/// A permutation test of "the score says nothing about the label" that respects groups.
public struct PermutationTest: Sendable, Equatable {
  /// What was exchanged.
  public enum Scheme: String, Sendable, Equatable {
    /// Labels inside each group; the statistic is the distance of the within-group AUROC from 1/2.
    case withinGroups
    /// The one label that each group has, among groups; the statistic is the distance of the AUROC from 1/2.
    case betweenGroups
  }

  /// (1 + permutations at least as extreme as the data) / (1 + permutations), so never 0.
  public let p: Double
  public let scheme: Scheme
  public let permutations: Int

  /// Labels are permuted within groups if some group holds both classes (without groups all rows are one group),
  /// otherwise whole groups exchange their labels, which for two groups can show nothing and gives p = 1.
  /// `nil` unless both classes occur, every score is finite and `permutations` is in 1...1,000,000.
  public init?(_ rows: ScoredRows, permutations: Int = 2_000, seed: UInt64 = 0) {
    guard allFinite(rows.scores), Set(rows.labels).count > 1, (1...1_000_000).contains(permutations) else { return nil }
    let groups = Categories(rows.groups ?? [String](repeating: "", count: rows.count)).rows()
    let mixed = groups.filter { Set($0.map { rows.labels[$0] }).count > 1 }
    var generator = SeededGenerator(seed: seed)
    self.permutations = permutations
    scheme = mixed.isEmpty ? .betweenGroups : .withinGroups
    p =
      mixed.isEmpty
      ? betweenGroupsP(rows, groups, permutations, &generator)
      : withinGroupsP(rows, mixed, permutations, &generator)
  }
}

/// The share of permutations whose statistic reaches the observed one, the data counted as one of them.
private func permutationP(observed: Double, permutations: Int, draw: () -> Double) -> Double {
  var extreme = 1
  for _ in 0..<permutations where draw() >= observed - 1e-12 { extreme += 1 }
  return Double(extreme) / Double(permutations + 1)
}

private func withinGroupsP(
  _ rows: ScoredRows, _ mixed: [[Int]], _ permutations: Int, _ generator: inout SeededGenerator
) -> Double {
  // Inside a group the number of positives is fixed, so the within-group area is a constant plus the rank sum of the
  // positives, and its distance from 1/2 is that of the rank sum from its expectation.
  let ranks = mixed.map { group in midRanks(group.map { rows.scores[$0] }) }
  var labels = mixed.map { group in group.map { rows.labels[$0] } }
  let expected = zip(ranks, labels).reduce(0.0) { sum, group in
    sum + mean(group.0) * Double(group.1.reduce(0, +))
  }
  func statistic() -> Double {
    var sum = 0.0
    for (ranks, labels) in zip(ranks, labels) {
      for row in labels.indices where labels[row] == 1 { sum += ranks[row] }
    }
    return abs(sum - expected)
  }
  let observed = statistic()
  return permutationP(observed: observed, permutations: permutations) {
    for group in labels.indices { generator.shuffle(&labels[group]) }
    return statistic()
  }
}

private func betweenGroupsP(
  _ rows: ScoredRows, _ groups: [[Int]], _ permutations: Int, _ generator: inout SeededGenerator
) -> Double {
  let ranks = midRanks(rows.scores)
  let groupRanks = groups.map { group in group.reduce(0.0) { $0 + ranks[$1] } }
  var groupLabels = groups.map { rows.labels[$0[0]] }
  func statistic() -> Double {
    var positives = 0
    var rankSum = 0.0
    for (group, label) in groupLabels.enumerated() where label == 1 {
      positives += groups[group].count
      rankSum += groupRanks[group]
    }
    let m = Double(positives)
    return abs((rankSum - m * (m + 1) / 2) / (m * Double(rows.count - positives)) - 0.5)
  }
  let observed = statistic()
  return permutationP(observed: observed, permutations: permutations) {
    generator.shuffle(&groupLabels)
    return statistic()
  }
}
