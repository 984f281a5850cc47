/// DeLong's component of every row: over the pairs that the row takes part in, the share in which the positive scores higher, ties
/// counting one half (DeLong et al. 1988, in O(n log n) as Sun and Xu 2014).
struct PlacementComponents {
  let auroc: Double
  let labels: [Int]
  let values: [Double]
  let positives: Int
  var negatives: Int { labels.count - positives }

  /// `nil` unless both classes occur and every score is finite.
  init?(scores: [Double], labels: [Int]) {
    precondition(scores.count == labels.count, "scores and labels must have the same length")
    guard allFinite(scores) else { return nil }
    self.init(ScoreOrder(scores), labels)
  }

  init?(_ order: ScoreOrder, _ labels: [Int]) {
    let positives = labels.reduce(0, +)
    guard positives > 0, positives < labels.count else { return nil }
    let (m, n) = (Double(positives), Double(labels.count - positives))
    var values = [Double](repeating: 0, count: labels.count)
    var below = (positives: 0, negatives: 0)
    var sum = 0.0
    for block in order.ties {
      let tied = block.reduce(0) { $0 + labels[$1] }
      let tiedNegatives = block.count - tied
      let outscored = Double(below.negatives) + Double(tiedNegatives) / 2
      let outscoring = Double(positives - below.positives - tied) + Double(tied) / 2
      for row in block { values[row] = labels[row] == 1 ? outscored / n : outscoring / m }
      sum += outscored * Double(tied)
      below = (below.positives + tied, below.negatives + tiedNegatives)
    }
    auroc = sum / (m * n)
    (self.labels, self.values, self.positives) = (labels, values, positives)
  }

  /// S10/m + S01/n of one number per row; `nil` if a class has a single row.
  func variance(of numbers: [Double]) -> Double? {
    guard positives > 1, negatives > 1 else { return nil }
    let ofPositives = labels.indices.filter { labels[$0] == 1 }.map { numbers[$0] }
    let ofNegatives = labels.indices.filter { labels[$0] != 1 }.map { numbers[$0] }
    return sampleVariance(ofPositives) / Double(positives) + sampleVariance(ofNegatives) / Double(negatives)
  }
}

/// The sums of the components over the rows of each cluster, minus what the area leads one to expect: the two parts of
/// Obuchowski's (1997) variance, which say how many clusters the area rests on.
struct PlacementSums {
  /// Welch and Satterthwaite's, from clusters with a positive and those with a negative; at most clusters - 1.
  let degreesOfFreedom: Double

  init(_ components: PlacementComponents, _ clusters: Partition) {
    var sums = [(positive: Double, negative: Double)](repeating: (0, 0), count: clusters.count)
    for (row, code) in clusters.codes.enumerated() {
      let excess = components.values[row] - components.auroc
      if components.labels[row] == 1 { sums[code].positive += excess } else { sums[code].negative += excess }
    }
    let counts = clusters.counts(components.labels)
    let (m, n) = (Double(counts.count { $0.positives > 0 }), Double(counts.count { $0.positives < $0.rows }))
    let most = Double(clusters.count - 1)
    guard m > 1, n > 1 else {
      degreesOfFreedom = min(most, 1)
      return
    }
    let scale = (Double(components.positives), Double(components.negatives))
    let a = m / (m - 1) * sums.reduce(0) { $0 + $1.positive * $1.positive } / (scale.0 * scale.0)
    let b = n / (n - 1) * sums.reduce(0) { $0 + $1.negative * $1.negative } / (scale.1 * scale.1)
    degreesOfFreedom = a + b > 0 ? min(most, (a + b) * (a + b) / (a * a / (m - 1) + b * b / (n - 1))) : most
  }
}
