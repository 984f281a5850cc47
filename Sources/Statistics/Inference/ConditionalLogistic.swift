import RealModule

/// Conditional logistic regression of a 0/1 label on one score: the odds ratio within strata (questions), regardless of each
/// stratum's rate.
///
/// Stratum by stratum the likelihood is that of the rows with the label, given how many there are:
/// exp(b sum over positives of x) / sum over all choices of as many rows of exp(b sum x). Exact, by the recursion of Gail,
/// Lubin and Rubinstein (1981), in O(rows x positives) a stratum. Errors are clustered: the sandwich of the clusters' summed
/// scores times G/(G - 1).
public struct ConditionalLogistic: Sendable, Equatable {
  /// In log-odds per unit of the score.
  public let coefficient: Double
  /// From the information alone, as if strata shared nothing.
  public let modelStandardError: Double
  /// Clustered; `nil` with one cluster.
  public let standardError: Double?
  /// Clusters that take part.
  public let clusters: Int

  /// The most operations of one pass over the rows.
  static let mostOperations = 30_000_000

  /// `nil` if no stratum has both labels, the score separates labels inside every stratum, a score is not finite, or strata are
  /// so large that a pass would take over 30 million operations.
  public init?(scores: [Double], labels: [Int], strata: [String], clusters: [String]? = nil) {
    precondition(labels.count == scores.count && strata.count == scores.count, "arrays must have the same length")
    guard allFinite(scores) else { return nil }
    let strata = Partition(strata)
    self.init(scores, labels, strata, clusters.map { Partition($0) } ?? strata)
  }

  init?(_ scores: [Double], _ labels: [Int], _ strata: Partition, _ clusters: Partition) {
    let sets = RiskSet.all(scores, labels, strata, clusters)
    guard !sets.isEmpty, sets.reduce(0, { $0 + $1.operations }) <= Self.mostOperations else { return nil }
    var b = 0.0
    for _ in 0..<50 {
      let (gradient, information) = sets.reduce((0.0, 0.0)) { sum, set in
        let own = set.derivatives(b)
        return (sum.0 + own.gradient, sum.1 + own.information)
      }
      guard information > 1e-12, gradient.isFinite else { return nil }
      let step = max(-2, min(2, gradient / information))
      b += step
      if abs(step) < 1e-10 { break }
      // Beyond this a standard deviation would change the odds by e^40: the labels are separated.
      guard abs(b) < 40 else { return nil }
    }
    var gradients: [Int: Double] = [:]
    var information = 0.0
    for set in sets {
      let own = set.derivatives(b)
      gradients[set.cluster, default: 0] += own.gradient
      information += own.information
    }
    guard information > 1e-9 else { return nil }
    coefficient = b
    self.clusters = gradients.count
    modelStandardError = (1 / information).squareRoot()
    let count = Double(gradients.count)
    let squares = gradients.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
    standardError = count > 1 ? (count / (count - 1) * squares).squareRoot() / information : nil
  }
}

/// The rows of one stratum: values of those with the rarer label, and of all.
private struct RiskSet {
  let cluster: Int
  private let values: [Double]
  /// Sum over the chosen rows.
  private let chosenSum: Double
  private let chosen: Int
  var operations: Int { values.count * chosen }

  static func all(_ scores: [Double], _ labels: [Int], _ strata: Partition, _ clusters: Partition) -> [RiskSet] {
    let (rows, starts) = strata.sorted(Array(labels.indices))
    return (0..<strata.count).compactMap { stratum in
      let own = rows[starts[stratum]..<starts[stratum + 1]]
      let positives = own.reduce(0) { $0 + labels[$1] }
      guard positives > 0, positives < own.count, let first = own.first else { return nil }
      let label = 2 * positives <= own.count ? 1 : 0
      // Choosing the positives by b x is choosing the negatives by -b x.
      let sign = label == 1 ? 1.0 : -1.0
      let centre = own.reduce(0) { $0 + scores[$1] } / Double(own.count)
      let values = own.map { sign * (scores[$0] - centre) }
      let chosen = own.filter { labels[$0] == label }
      return RiskSet(
        cluster: clusters.codes[first], values: values,
        chosenSum: chosen.reduce(0) { $0 + sign * (scores[$1] - centre) }, chosen: chosen.count)
    }
  }

  private init(cluster: Int, values: [Double], chosenSum: Double, chosen: Int) {
    (self.cluster, self.values, self.chosenSum, self.chosen) = (cluster, values, chosenSum, chosen)
  }

  /// Of the log likelihood: its slope and minus its curvature.
  func derivatives(_ b: Double) -> (gradient: Double, information: Double) {
    // By number of rows chosen so far: the sum of products of exp(b x) and its two derivatives, all in one unit.
    var sums = [Double](repeating: 0, count: chosen + 1)
    var firsts = sums
    var seconds = sums
    sums[0] = 1
    for (index, x) in values.enumerated() {
      let u = Double.exp(b * x)
      for k in stride(from: min(chosen, index + 1), through: 1, by: -1) {
        seconds[k] += u * (seconds[k - 1] + 2 * x * firsts[k - 1] + x * x * sums[k - 1])
        firsts[k] += u * (firsts[k - 1] + x * sums[k - 1])
        sums[k] += u * sums[k - 1]
      }
      rescale(&sums, &firsts, &seconds)
    }
    let total = sums[chosen]
    guard total > 0 else { return (.nan, .nan) }
    let expected = firsts[chosen] / total
    return (chosenSum - expected, seconds[chosen] / total - expected * expected)
  }

  private func rescale(_ sums: inout [Double], _ firsts: inout [Double], _ seconds: inout [Double]) {
    guard let largest = sums.max(), largest > 1e100 else { return }
    for k in sums.indices {
      sums[k] /= largest
      firsts[k] /= largest
      seconds[k] /= largest
    }
  }
}
