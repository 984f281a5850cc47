/// The ways in which labels could have fallen if the score said nothing about them, with groups respected.
///
/// Prepared once for several scores of the same rows (layers), so that each permutation costs one pass per score.
struct LabelPermutation {
  let scheme: PermutationTest.Scheme
  /// The label of each row, and the rows that exchange them; in the other scheme the mean label of each group.
  private var rowLabels: [Int]
  private var meanLabels: [Double]
  private let groups: [[Int]]
  /// Per score and row: mid-ranks minus their expectation, inside the group or over all rows.
  private let ranks: [[Double]]
  /// What turns a rank sum into a distance of the area from 1/2.
  private let scale: Double

  /// `nil` unless both classes occur and all scores are finite.
  init?(scores: [[Double]], labels: [Int], groups names: [String]?) {
    guard Set(labels).count > 1, scores.allSatisfy(allFinite) else { return nil }
    let categories = Categories(names ?? [String](repeating: "", count: labels.count))
    let explained = Measures.labelVarianceExplained(labels, categories) ?? 1
    scheme = explained < nearlyExplained ? .withinGroups : .betweenGroups
    rowLabels = labels
    let allGroups = categories.rows()
    meanLabels = categories.counts(labels).map { Double($0.positives) / Double($0.rows) }
    if scheme == .withinGroups {
      groups = allGroups.filter { rows in Set(rows.map { labels[$0] }).count > 1 }
      let pairs = groups.reduce(0.0) { sum, rows in
        let positives = rows.reduce(0) { $0 + labels[$1] }
        return sum + Double(positives) * Double(rows.count - positives)
      }
      scale = 1 / pairs
    } else {
      groups = allGroups
      scale = 1
    }
    let prepared = groups
    let within = scheme == .withinGroups
    ranks = scores.map { within ? centredRanksInside(prepared, $0) : sumsOfCentredRanks(prepared, $0) }
  }

  /// Exchanges the labels.
  mutating func shuffle(_ generator: inout SeededGenerator) {
    guard scheme == .withinGroups else { return generator.shuffle(&meanLabels) }
    for rows in groups {
      for last in stride(from: rows.count - 1, to: 0, by: -1) {
        rowLabels.swapAt(rows[last], rows[generator.index(below: last + 1)])
      }
    }
  }

  /// Area minus 1/2 under the present labels, per score: of the within-group AUROC, or of the AUROC in which a row of
  /// mean label w is w positives and 1 - w negatives.
  func deviations() -> [Double] {
    if scheme == .withinGroups {
      return ranks.map { ranks in
        var sum = 0.0
        for rows in groups {
          for row in rows where rowLabels[row] == 1 { sum += ranks[row] }
        }
        return sum * scale
      }
    }
    // Fractional positives M and negatives N change with the permutation when groups differ in size.
    let m = zip(meanLabels, groups).reduce(0.0) { $0 + $1.0 * Double($1.1.count) }
    let n = Double(rowLabels.count) - m
    return ranks.map { ranks in zip(ranks, meanLabels).reduce(0.0) { $0 + $1.0 * $1.1 } / (m * n) }
  }
}

/// For each row of a group its mid-rank inside the group minus the mean rank; 0 for rows of no listed group.
private func centredRanksInside(_ groups: [[Int]], _ scores: [Double]) -> [Double] {
  var result = [Double](repeating: 0, count: scores.count)
  for rows in groups {
    let centre = Double(rows.count + 1) / 2
    for (row, rank) in zip(rows, midRanks(rows.map { scores[$0] })) { result[row] = rank - centre }
  }
  return result
}

/// For each group the sum over its rows of mid-rank minus mean rank.
private func sumsOfCentredRanks(_ groups: [[Int]], _ scores: [Double]) -> [Double] {
  let ranks = midRanks(scores)
  let centre = Double(scores.count + 1) / 2
  return groups.map { rows in rows.reduce(0.0) { $0 + ranks[$1] - centre } }
}
