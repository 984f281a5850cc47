/// Spearman's rho inside strata: Pearson's r of the mid-ranks of each stratum divided by its size, so that every row weighs
/// alike. With one stratum it is Spearman's rho.
///
/// A row left out also moves the ranks of the others. That is taken to first order, from the influence of a row on
/// the mean product of the two mid-distribution functions u, v (minus 1/2): u v + mean[psi(x) v] + mean[psi(y) u] - 2 c,
/// psi(x) being 1 for a row above x, 1/2 at x, else 0, and c the mean of u v. For whole strata left out it is exact.
struct StratifiedSpearman: LeaveOneOutMeasure {
  let value: Double
  private let total: ProductSums
  /// What the sums lose with a row.
  private var ofRow: [ProductSums]
  private let sizes: [Int]
  private let strata: Categories

  /// `nil` if one of the two varies in no stratum.
  init?(_ x: [Double], _ y: [Double], strata: Categories) {
    var ofRow = [ProductSums](repeating: ProductSums(), count: x.count)
    let members = strata.rows()
    for rows in members {
      let influence = rankInfluence(rows.map { x[$0] }, rows.map { y[$0] })
      for (position, row) in rows.enumerated() { ofRow[row] = influence[position] }
    }
    // Influences sum to the sums themselves.
    total = ofRow.reduce(ProductSums(), +)
    self.ofRow = ofRow
    self.strata = strata
    sizes = members.map(\.count)
    guard let value = total.correlation(of: total) else { return nil }
    self.value = value
  }

  func values(without clusters: Categories) -> [Double?] {
    var removed = [ProductSums](repeating: ProductSums(), count: clusters.count)
    var takesPart = [Bool](repeating: false, count: clusters.count)
    for (row, cluster) in clusters.indexOfRow.enumerated() where ofRow[row] != ProductSums() {
      removed[cluster] = removed[cluster] + ofRow[row]
      takesPart[cluster] = true
    }
    return removed.indices.map { takesPart[$0] ? (total - removed[$0]).correlation(of: total) : nil }
  }

  func weights(of clusters: Categories) -> [Double] {
    var weights = [Double](repeating: 0, count: clusters.count)
    for (row, cluster) in clusters.indexOfRow.enumerated() where sizes[strata.indexOfRow[row]] > 1 {
      weights[cluster] += 1
    }
    return weights
  }
}

/// By row of one stratum its influence on the sums of squares and products of the two rank variables.
private func rankInfluence(_ x: [Double], _ y: [Double]) -> [ProductSums] {
  let (orderX, orderY) = (ascendingOrder(x), ascendingOrder(y))
  let (blocksX, blocksY) = (tieBlocks(x, orderX), tieBlocks(y, orderY))
  let u = midDistribution(orderX, blocksX)
  let v = midDistribution(orderY, blocksY)
  let (uAboveX, vAboveX) = (meanAbove(u, orderX, blocksX), meanAbove(v, orderX, blocksX))
  let (uAboveY, vAboveY) = (meanAbove(u, orderY, blocksY), meanAbove(v, orderY, blocksY))
  let n = Double(x.count)
  let xx = u.reduce(0) { $0 + $1 * $1 } / n
  let yy = v.reduce(0) { $0 + $1 * $1 } / n
  let xy = zip(u, v).reduce(0) { $0 + $1.0 * $1.1 } / n
  return x.indices.map { row in
    ProductSums(
      xx: u[row] * u[row] + 2 * uAboveX[row] - 2 * xx, yy: v[row] * v[row] + 2 * vAboveY[row] - 2 * yy,
      xy: u[row] * v[row] + vAboveX[row] + uAboveY[row] - 2 * xy)
  }
}

/// (mid-rank - 1/2) / n - 1/2, whose mean is 0.
private func midDistribution(_ order: [Int], _ blocks: [Range<Int>]) -> [Double] {
  var result = [Double](repeating: 0, count: order.count)
  for block in blocks {
    let share = Double(block.lowerBound + block.upperBound) / 2 / Double(order.count) - 0.5
    for position in block { result[order[position]] = share }
  }
  return result
}

/// By row the sum of `values` over rows that stand above it, and half of those tied with it, divided by all rows.
private func meanAbove(_ values: [Double], _ order: [Int], _ blocks: [Range<Int>]) -> [Double] {
  var result = [Double](repeating: 0, count: order.count)
  var above = 0.0
  for block in blocks.reversed() {
    let own = block.reduce(0) { $0 + values[order[$1]] }
    for position in block { result[order[position]] = (above + own / 2) / Double(order.count) }
    above += own
  }
  return result
}
