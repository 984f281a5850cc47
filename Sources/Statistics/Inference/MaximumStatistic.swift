import Foundations

/// p-values of several estimates from the same clusters, corrected for having looked at all of them.
///
/// Every estimate's deviations by cluster are multiplied by the same standard normal numbers, so that draws of all estimates together have
/// their joint distribution under no effect; the adjusted p of an estimate is the share of draws in which the largest |z| of
/// any reaches its own (Westfall and Young 1993, single step; multipliers: Chernozhukov, Chetverikov and Kato 2013). An
/// estimate's own z is that of its t p-value, so that few clusters are not forgotten.
struct MaximumStatistic {
  /// By estimate; at least its own p.
  let adjustedP: [Double]

  /// Clusters beyond this are first summed in random blocks.
  private static let mostClusters = 1_000

  /// - Parameter deviations: by estimate, one per cluster, clusters in the same order.
  init(p: [Double], deviations: [[Double]], draws: Int, seed: UInt64) {
    guard p.count > 1 else {
      adjustedP = p
      return
    }
    var generator = SeededGenerator(seed: seed)
    let blocks = Self.blocks(deviations, &generator)
    let spreads = blocks.map { max($0.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-300) }
    let own = p.map { -NormalDistribution.quantile(max($0, 1e-300) / 2) }
    var extreme = [Int](repeating: 1, count: p.count)
    for _ in 0..<draws {
      let multipliers = (0..<(blocks.first?.count ?? 0)).map { _ in generator.normal() }
      let largest = zip(blocks, spreads).reduce(0.0) { largest, block in
        max(largest, abs(zip(block.0, multipliers).reduce(0) { $0 + $1.0 * $1.1 }) / block.1)
      }
      for index in own.indices where largest >= own[index] { extreme[index] += 1 }
    }
    adjustedP = zip(p, extreme).map { max($0, Double($1) / Double(draws + 1)) }
  }

  private static func blocks(_ deviations: [[Double]], _ generator: inout SeededGenerator) -> [[Double]] {
    let count = deviations.first?.count ?? 0
    guard count > mostClusters else { return deviations }
    let blockOf = (0..<count).map { _ in generator.index(below: mostClusters) }
    return deviations.map { values in
      var sums = [Double](repeating: 0, count: mostClusters)
      for (value, block) in zip(values, blockOf) { sums[block] += value }
      return sums
    }
  }
}

/// Holm's step-down correction, in input order.
func holm(_ pValues: [Double]) -> [Double] {
  let order = ascendingOrder(pValues)
  var result = pValues
  var largest = 0.0
  for (rank, index) in order.enumerated() {
    largest = max(largest, min(1, pValues[index] * Double(pValues.count - rank)))
    result[index] = largest
  }
  return result
}
