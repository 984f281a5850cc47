import RealModule

/// The AUROC inside every part; `nil` where a part lacks a label.
func areasByPart(_ order: ScoreOrder, _ labels: [Int], _ partition: Partition) -> [Double?] {
  let totals = PairTotals(order, labels: labels, strata: partition, clusters: partition)
  return zip(totals.orderedOf, totals.pairsOf).map { $1 > 0 ? $0 / $1 : nil }
}

/// Two-sided p of the sign test: at least `larger` of `count` fair coins on the same side.
func signTestP(_ larger: Int, of count: Int) -> Double {
  guard count > 0, 2 * larger > count else { return 1 }
  let tail = (larger...count).reduce(0.0) { sum, k in
    let choices =
      Double.logGamma(Double(count + 1)) - Double.logGamma(Double(k + 1)) - Double.logGamma(Double(count - k + 1))
    return sum + Double.exp(choices - Double(count) * Double.log(2))
  }
  return min(1, 2 * tail)
}
