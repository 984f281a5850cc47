import Foundations

/// Centred values of several scores and of the label, block by block; the label's are exchanged inside a block.
struct ExchangeableValues {
  /// Row by row the values of every score, the rows of a block standing together.
  private var values: [Double] = []
  private var labels: [Double] = []
  private var blocks: [Range<Int>] = []
  private let scores: Int
  /// By score the variance of the sum of products over all exchanges.
  private(set) var variances: [Double] = []

  var count: Int { labels.count }

  /// Rows exchange labels inside their group.
  init(rows: [[Double]], _ labels: [Double], _ groups: Partition, _ statistic: NumericPermutationTest.Statistic) {
    self.init(rows, labels, blocks: groups.rows(), statistic)
  }

  /// Groups exchange their mean labels; a group's value is the mean over its rows (of ranks among all rows).
  init(means: [[Double]], _ labels: [Double], _ groups: Partition, _ statistic: NumericPermutationTest.Statistic) {
    let members = groups.rows()
    let average = { (values: [Double]) in members.map { rows in mean(rows.map { values[$0] }) } }
    let ranked = statistic == .ranks ? means.map(midRanks) : means
    self.init(ranked.map(average), average(labels), blocks: [Array(members.indices)], .values)
  }

  private init(
    _ scores: [[Double]], _ labels: [Double], blocks members: [[Int]], _ statistic: NumericPermutationTest.Statistic
  ) {
    self.scores = scores.count
    let scores = scores.map(scaledToOne)
    let labels = scaledToOne(labels)
    for rows in members where rows.count > 1 {
      let own = Self.prepared(rows.map { labels[$0] }, statistic)
      guard own.contains(where: { $0 != 0 }) else { continue }
      blocks.append(self.labels.count..<self.labels.count + rows.count)
      self.labels += own
      let columns = scores.map { column in Self.prepared(rows.map { column[$0] }, statistic) }
      for row in rows.indices { for column in columns { values.append(column[row]) } }
    }
    variances = (0..<self.scores).map { covariance($0, $0) }
  }

  private static func prepared(_ values: [Double], _ statistic: NumericPermutationTest.Statistic) -> [Double] {
    if isConstant(values) { return [Double](repeating: 0, count: values.count) }
    guard statistic == .ranks else { return centred(values, [Array(values.indices)]) }
    let n = Double(values.count)
    return midRanks(values).map { ($0 - (n + 1) / 2) / n }
  }

  /// The covariance of two scores' sums over all exchanges: sum over blocks of S_ab S_yy / (n - 1).
  private func covariance(_ a: Int, _ b: Int) -> Double {
    blocks.reduce(0) { sum, block in
      var (ab, yy) = (0.0, 0.0)
      for row in block {
        ab += values[row * scores + a] * values[row * scores + b]
        yy += labels[row] * labels[row]
      }
      return sum + ab * yy / Double(block.count - 1)
    }
  }

  /// By score the sum of products under the present labels, in standard deviations.
  func statistics() -> [Double] {
    var sums = [Double](repeating: 0, count: scores)
    for row in labels.indices {
      for score in 0..<scores { sums[score] += values[row * scores + score] * labels[row] }
    }
    return zip(sums, variances).map { $1 > 0 ? $0 / $1.squareRoot() : 0 }
  }

  /// The largest absolute statistic of each of so many exchanges.
  func permutedExtremes(_ count: Int, _ generator: inout SeededGenerator) -> [Double] {
    var copy = self
    return (0..<count).map { _ in
      for block in blocks {
        for step in 0..<block.count - 1 {
          let position = block.lowerBound + step
          copy.labels.swapAt(position, position + generator.index(below: block.count - step))
        }
      }
      return copy.statistics().reduce(0) { max($0, abs($1)) }
    }
  }

  /// The same from the normal distribution with the exchanges' correlations.
  func normalExtremes(_ count: Int, _ generator: inout SeededGenerator) -> [Double] {
    let used = (0..<scores).filter { variances[$0] > 0 }
    let correlations = used.flatMap { a in
      used.map { covariance(a, $0) / variances[a].squareRoot() / variances[$0].squareRoot() }
    }
    let factor = SemidefiniteFactor(correlations, size: used.count)
    return (0..<count).map { _ in factor.draw(&generator).reduce(0) { max($0, abs($1)) } }
  }
}
