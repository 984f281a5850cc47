extension Measures {
  /// Kendall's tau-b of two variables with its asymptotic two-sided p (normal, variance corrected for ties).
  ///
  /// O(n log n) by merge sort (Knight 1966). `nil` if either variable is constant; `p` is `nil` for n < 3.
  public static func kendallTauB(_ x: [Double], _ y: [Double]) -> Correlation? {
    precondition(x.count == y.count, "both variables must have the same length")
    guard allFinite(x), allFinite(y), !isConstant(x), !isConstant(y) else { return nil }
    let n = Double(x.count)
    let pairs = n * (n - 1) / 2
    let tiesX = TieSums(tieSizes(x))
    let tiesY = TieSums(tieSizes(y))
    let discordant = discordantPairs(x, y)
    let score = pairs - tiesX.pairs - tiesY.pairs + jointlyTiedPairs(x, y) - 2 * discordant
    let tau = score / (pairs - tiesX.pairs).squareRoot() / (pairs - tiesY.pairs).squareRoot()
    guard x.count >= 3 else { return Correlation(coefficient: tau, p: nil) }
    let variance =
      (2 * pairs * (2 * n + 5) - tiesX.variance - tiesY.variance) / 18
      + tiesX.pairs * tiesY.pairs / pairs
      + tiesX.triples * tiesY.triples / (18 * pairs * (n - 2))
    return Correlation(
      coefficient: min(1, max(-1, tau)), p: NormalDistribution.twoSidedP(score / variance.squareRoot()))
  }

  /// Kendall's tau-b of score and label.
  public static func kendallTauB(scores: [Double], labels: [Int]) -> Correlation? {
    kendallTauB(scores, labels.map(Double.init))
  }
}

/// What groups of t equal values take from the number of pairs and from the variance of the score.
private struct TieSums {
  /// Sum of t(t-1)/2.
  let pairs: Double
  /// Sum of t(t-1)(2t+5).
  let variance: Double
  /// Sum of t(t-1)(t-2).
  let triples: Double

  init(_ sizes: [Double]) {
    pairs = sizes.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
    variance = sizes.reduce(0) { $0 + $1 * ($1 - 1) * (2 * $1 + 5) }
    triples = sizes.reduce(0) { $0 + $1 * ($1 - 1) * ($1 - 2) }
  }
}

private func lexicographicOrder(_ x: [Double], _ y: [Double]) -> [Int] {
  x.indices.sorted { (x[$0], y[$0]) < (x[$1], y[$1]) }
}

private func jointlyTiedPairs(_ x: [Double], _ y: [Double]) -> Double {
  let order = lexicographicOrder(x, y)
  var total = 0.0
  var run = 1.0
  for (left, right) in zip(order, order.dropFirst()) {
    if x[left] == x[right], y[left] == y[right] {
      total += run
      run += 1
    } else {
      run = 1
    }
  }
  return total
}

/// Pairs ordered one way by x and the other way by y: the inversions left in y once x is sorted.
private func discordantPairs(_ x: [Double], _ y: [Double]) -> Double {
  var values = lexicographicOrder(x, y).map { y[$0] }
  var buffer = values
  var inversions = 0
  var width = 1
  while width < values.count {
    for start in stride(from: 0, to: values.count, by: 2 * width) {
      let middle = min(start + width, values.count)
      let end = min(start + 2 * width, values.count)
      inversions += merge(values, into: &buffer, start: start, middle: middle, end: end)
    }
    swap(&values, &buffer)
    width *= 2
  }
  return Double(inversions)
}

private func merge(_ source: [Double], into target: inout [Double], start: Int, middle: Int, end: Int) -> Int {
  var left = start
  var right = middle
  var inversions = 0
  for position in start..<end {
    if left < middle, right >= end || source[left] <= source[right] {
      target[position] = source[left]
      left += 1
    } else {
      target[position] = source[right]
      right += 1
      inversions += middle - left
    }
  }
  return inversions
}
