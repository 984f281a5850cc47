import Foundations

/// The ways in which labels could have fallen if the score said nothing about them, with groups respected.
///
/// Prepared once for several scores of the same rows (layers), so that a permutation costs one pass over the rows.
struct LabelPermutation {
  let scheme: PermutationTest.Scheme
  private var units: any ExchangeableUnits

  /// `nil` unless both classes occur and all scores are finite.
  init?(scores: [[Double]], labels: [Int], groups: Partition?) {
    guard Set(labels).count > 1, scores.allSatisfy(allFinite) else { return nil }
    let groups = groups ?? .whole(labels.count)
    let explained = Measures.labelVarianceExplained(labels, groups) ?? 1
    if explained < nearlyExplained {
      scheme = .withinGroups
      units = RowsInsideGroups(scores, labels, groups)
    } else {
      scheme = .betweenGroups
      units = WholeGroups(scores, labels, groups)
    }
  }

  /// Exchanges the labels.
  mutating func shuffle(_ generator: inout SeededGenerator) { units.shuffle(&generator) }

  /// Area minus 1/2 under the present labels, per score: of the within-group AUROC, or of the AUROC in which a row of
  /// mean label w is w positives and 1 - w negatives.
  func deviations() -> [Double] { units.deviations() }

  /// The covariance of the deviations of all scores over all exchanges; `nil` where exchanges are few enough to be drawn.
  func covariance() -> [Double]? { units.covariance() }
}

private protocol ExchangeableUnits {
  mutating func shuffle(_ generator: inout SeededGenerator)
  func deviations() -> [Double]
  func covariance() -> [Double]?
}

/// Rows that exchange their labels with rows of the same group.
private struct RowsInsideGroups: ExchangeableUnits {
  /// The rows of a group stand together in `rows`; the first `chosen` of them carry the group's rarer label.
  private struct Group {
    let start: Int
    let count: Int
    let chosen: Int
    /// 1 if the rarer label is 1, else -1: ranks minus their mean sum to 0 over the group.
    let sign: Double
  }

  private var rows: [Int] = []
  private var groups: [Group] = []
  /// Row by row the rank inside the group minus the mean rank, over the group's rows + 1 (van Elteren's weight), for every score.
  private var ranks: [Double]
  private let scoreCount: Int
  private var pairs = 0.0

  init(_ scores: [[Double]], _ labels: [Int], _ categories: Partition) {
    scoreCount = scores.count
    ranks = [Double](repeating: 0, count: labels.count * scores.count)
    for members in categories.rows() {
      let positives = members.filter { labels[$0] == 1 }
      let negatives = members.filter { labels[$0] != 1 }
      guard !positives.isEmpty, !negatives.isEmpty else { continue }
      let positivesAreRarer = positives.count <= negatives.count
      let chosen = min(positives.count, negatives.count)
      groups.append(
        Group(start: rows.count, count: members.count, chosen: chosen, sign: positivesAreRarer ? 1 : -1))
      rows += positivesAreRarer ? positives + negatives : negatives + positives
      pairs += Double(positives.count) * Double(negatives.count) / Double(members.count + 1)
      fillRanks(scores, members)
    }
  }

  private mutating func fillRanks(_ scores: [[Double]], _ members: [Int]) {
    let centre = Double(members.count + 1) / 2
    for (index, values) in scores.enumerated() {
      for (row, rank) in zip(members, midRanks(members.map { values[$0] })) {
        ranks[row * scoreCount + index] = (rank - centre) / (2 * centre)
      }
    }
  }

  mutating func shuffle(_ generator: inout SeededGenerator) {
    for group in groups {
      for step in 0..<group.chosen {
        rows.swapAt(group.start + step, group.start + step + generator.index(below: group.count - step))
      }
    }
  }

  func deviations() -> [Double] {
    var sums = [Double](repeating: 0, count: scoreCount)
    for group in groups {
      for position in group.start..<group.start + group.chosen {
        let first = rows[position] * scoreCount
        for index in 0..<scoreCount { sums[index] += group.sign * ranks[first + index] }
      }
    }
    return sums.map { $0 / pairs }
  }
}

extension RowsInsideGroups {
  /// A group's sum over m of N rows drawn without replacement has covariance m (N - m) / (N (N - 1)) sum of products.
  func covariance() -> [Double]? {
    guard groups.count >= 30 else { return nil }
    var covariance = [Double](repeating: 0, count: scoreCount * scoreCount)
    for group in groups {
      let (count, chosen) = (Double(group.count), Double(group.chosen))
      let factor = chosen * (count - chosen) / (count * (count - 1)) / (pairs * pairs)
      for position in group.start..<group.start + group.count {
        let first = rows[position] * scoreCount
        for a in 0..<scoreCount {
          for b in 0...a { covariance[a * scoreCount + b] += factor * ranks[first + a] * ranks[first + b] }
        }
      }
    }
    for a in 0..<scoreCount {
      for b in 0..<a { covariance[b * scoreCount + a] = covariance[a * scoreCount + b] }
    }
    return covariance
  }
}

/// Groups that exchange their mean labels.
private struct WholeGroups: ExchangeableUnits {
  private var meanLabels: [Double]
  private let sizes: [Double]
  /// Per score and group the sum over its rows of rank minus mean rank.
  private let rankSums: [[Double]]

  init(_ scores: [[Double]], _ labels: [Int], _ categories: Partition) {
    let counts = categories.counts(labels)
    meanLabels = counts.map { Double($0.positives) / Double($0.rows) }
    sizes = counts.map { Double($0.rows) }
    let centre = Double(labels.count + 1) / 2
    rankSums = scores.map { values in
      var sums = [Double](repeating: 0, count: categories.count)
      for (row, rank) in midRanks(values).enumerated() { sums[categories.codes[row]] += rank - centre }
      return sums
    }
  }

  mutating func shuffle(_ generator: inout SeededGenerator) { generator.shuffle(&meanLabels) }

  func covariance() -> [Double]? { nil }

  func deviations() -> [Double] {
    // The number of (fractional) positives changes with the permutation where groups differ in size.
    let positives = zip(meanLabels, sizes).reduce(0.0) { $0 + $1.0 * $1.1 }
    let negatives = sizes.reduce(0, +) - positives
    return rankSums.map { sums in
      zip(sums, meanLabels).reduce(0.0) { $0 + $1.0 * $1.1 } / (positives * negatives)
    }
  }
}
