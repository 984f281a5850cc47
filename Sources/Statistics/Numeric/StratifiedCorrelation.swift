import RealModule

/// The sums of squares and products of two variables from which a correlation follows.
struct ProductSums: Equatable {
  var xx = 0.0
  var yy = 0.0
  var xy = 0.0

  /// xy / sqrt(xx yy), cut to -1...1; `nil` where less than 1e-13 of `whole` is left of a square, which is rounding.
  func correlation(of whole: ProductSums) -> Double? {
    guard xx > 1e-13 * whole.xx, yy > 1e-13 * whole.yy else { return nil }
    return min(1, max(-1, xy / xx.squareRoot() / yy.squareRoot()))
  }

  static func + (a: ProductSums, b: ProductSums) -> ProductSums {
    ProductSums(xx: a.xx + b.xx, yy: a.yy + b.yy, xy: a.xy + b.xy)
  }

  static func - (a: ProductSums, b: ProductSums) -> ProductSums {
    ProductSums(xx: a.xx - b.xx, yy: a.yy - b.yy, xy: a.xy - b.xy)
  }
}

/// Pearson's r of two variables centred inside strata: sum S_xy / sqrt(sum S_xx sum S_yy) over the strata, which is the
/// partial correlation given the stratum. With one stratum it is Pearson's r. Leaving a cluster out is exact.
struct StratifiedPearson: LeaveOneOutMeasure {
  let value: Double
  private let x: [Double]
  private let y: [Double]
  private let strata: Partition
  private let sizes: [Int]
  private let total: ProductSums

  /// `nil` if one of the two varies in no stratum.
  init?(_ x: [Double], _ y: [Double], strata: Partition) {
    let members = strata.rows()
    self.x = centred(scaledToOne(x), members)
    self.y = centred(scaledToOne(y), members)
    self.strata = strata
    sizes = members.map(\.count)
    total = self.x.indices.reduce(into: ProductSums()) { [x = self.x, y = self.y] sums, row in
      sums = sums + ProductSums(xx: x[row] * x[row], yy: y[row] * y[row], xy: x[row] * y[row])
    }
    guard let value = total.correlation(of: total) else { return nil }
    self.value = value
  }

  func values(without clusters: Partition) -> [Double?] {
    var removed = [ProductSums](repeating: ProductSums(), count: clusters.count)
    for (stratum, cells) in clusterCells(strata: strata, clusters: clusters).enumerated() {
      for cell in cells {
        removed[cell.cluster] = removed[cell.cluster] + lost(cell.rows, of: sizes[stratum])
      }
    }
    return removed.map { $0.xx > 0 || $0.yy > 0 ? (total - $0).correlation(of: total) : nil }
  }

  func weights(of clusters: Partition) -> [Double] {
    let size = strata.codes.map { sizes[$0] }
    var weights = [Double](repeating: 0, count: clusters.count)
    for (row, cluster) in clusters.codes.enumerated() where size[row] > 1 {
      weights[cluster] += 1 - 1 / Double(size[row])
    }
    return weights
  }

  /// What the sums lose with rows of a stratum of `count`, whose mean then moves.
  private func lost(_ rows: [Int], of count: Int) -> ProductSums {
    var sums = ProductSums()
    var (sumX, sumY) = (0.0, 0.0)
    for row in rows {
      sums = sums + ProductSums(xx: x[row] * x[row], yy: y[row] * y[row], xy: x[row] * y[row])
      sumX += x[row]
      sumY += y[row]
    }
    let left = Double(count - rows.count)
    guard left > 0 else { return sums }
    return sums + ProductSums(xx: sumX * sumX / left, yy: sumY * sumY / left, xy: sumX * sumY / left)
  }
}

/// Values minus the mean of their stratum; exactly 0 where a stratum has one value only.
func centred(_ values: [Double], _ strata: [[Int]]) -> [Double] {
  var result = values
  for rows in strata {
    let own = rows.map { values[$0] }
    let centre = isConstant(own) ? own[0] : mean(own)
    for row in rows { result[row] = values[row] - centre }
  }
  return result
}
