/// Spearman's rho inside strata: Pearson's r of the mid-ranks of each stratum divided by its size, so that every row weighs
/// alike. With one stratum it is Spearman's rho.
///
/// A row left out also moves the ranks of the others, so a stratum's ranks are taken again without each cluster. Where that
/// would visit over 20 million rows it is done to first order, from the influence of a row on the mean product of the two mid-distribution functions u, v (minus 1/2): u v + mean[psi(x) v] + mean[psi(y) u] - 2 c,
/// psi(x) being 1 for a row above x, 1/2 at x, else 0, and c the mean of u v.
struct StratifiedSpearman: LeaveOneOutMeasure {
  let value: Double
  private let total: ProductSums
  /// What the sums lose with a row.
  private var ofRow: [ProductSums]
  private let sizes: [Int]
  private let strata: Partition
  private let x: [Double]
  private let y: [Double]
  private let mostVisits: Int

  /// `nil` if one of the two varies in no stratum.
  init?(_ x: [Double], _ y: [Double], strata: Partition, mostVisits: Int = 20_000_000) {
    (self.x, self.y, self.mostVisits) = (x, y, mostVisits)
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

  func values(without clusters: Partition) -> [Double?] {
    let cells = clusterCells(strata: strata, clusters: clusters)
    let visits = zip(sizes, cells).reduce(0) { $0 + ($1.1.count > 1 ? $1.0 * $1.1.count : 0) }
    var removed = [ProductSums](repeating: ProductSums(), count: clusters.count)
    var takesPart = [Bool](repeating: false, count: clusters.count)
    for stratum in cells {
      let again = stratum.count > 1 && visits <= mostVisits ? RanksAgain(x, y, stratum.flatMap(\.rows)) : nil
      for cell in stratum {
        let lost = again?.lost(without: cell.rows) ?? cell.rows.reduce(ProductSums()) { $0 + ofRow[$1] }
        removed[cell.cluster] = removed[cell.cluster] + lost
        if cell.rows.contains(where: { ofRow[$0] != ProductSums() }) { takesPart[cell.cluster] = true }
      }
    }
    return removed.indices.map { takesPart[$0] ? (total - removed[$0]).correlation(of: total) : nil }
  }

  func weights(of clusters: Partition) -> [Double] {
    var weights = [Double](repeating: 0, count: clusters.count)
    for (row, cluster) in clusters.codes.enumerated() where sizes[strata.codes[row]] > 1 {
      weights[cluster] += 1
    }
    return weights
  }
}

/// The rank variables of a stratum, taken again without some of its rows.
private struct RanksAgain {
  private let x: [Double]
  private let y: [Double]
  /// Rows of the stratum by ascending x, and by ascending y.
  private let byX: [Int]
  private let byY: [Int]
  private var whole = ProductSums()
  /// Scratch, by row: its place in the stratum.
  private let place: [Int: Int]

  init(_ x: [Double], _ y: [Double], _ rows: [Int]) {
    self.x = rows.map { x[$0] }
    self.y = rows.map { y[$0] }
    place = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($0.element, $0.offset) })
    byX = ascendingOrder(self.x)
    byY = ascendingOrder(self.y)
    whole = sums(byX, byY)
  }

  /// What the sums lose with these rows.
  func lost(without rows: [Int]) -> ProductSums {
    var isLeft = [Bool](repeating: true, count: x.count)
    for row in rows { isLeft[place[row] ?? 0] = false }
    return whole - sums(byX.filter { isLeft[$0] }, byY.filter { isLeft[$0] })
  }

  private func sums(_ orderX: [Int], _ orderY: [Int]) -> ProductSums {
    let u = midDistribution(orderX, tieBlocks(x, orderX), of: x.count)
    let v = midDistribution(orderY, tieBlocks(y, orderY), of: y.count)
    return orderX.reduce(into: ProductSums()) { sums, row in
      sums = sums + ProductSums(xx: u[row] * u[row], yy: v[row] * v[row], xy: u[row] * v[row])
    }
  }
}

/// By row of one stratum its influence on the sums of squares and products of the two rank variables.
private func rankInfluence(_ x: [Double], _ y: [Double]) -> [ProductSums] {
  let (orderX, orderY) = (ascendingOrder(x), ascendingOrder(y))
  let (blocksX, blocksY) = (tieBlocks(x, orderX), tieBlocks(y, orderY))
  let u = midDistribution(orderX, blocksX, of: x.count)
  let v = midDistribution(orderY, blocksY, of: y.count)
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

/// (mid-rank - 1/2) / n - 1/2, whose mean is 0, of the rows in `order`; 0 for the others of `count`.
private func midDistribution(_ order: [Int], _ blocks: [Range<Int>], of count: Int) -> [Double] {
  var result = [Double](repeating: 0, count: count)
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
