/// A linear regression (with a constant) whose errors hold when rows of one group are alike.
///
/// `covariance` leaves out one group at a time, (G-1)/G sum (b_-g - b)(b_-g - b)' (CR3, MacKinnon, Nielsen and Webb 2023),
/// which keeps its promise with few groups; `sandwich` is CR1, G/(G-1) (n-1)/(n-k) times the sandwich, as statsmodels and Stata
/// give it.
struct ClusteredLeastSquares {
  /// Columns in order, the constant last.
  let coefficients: [Double]
  /// `nil` for fewer than two groups, or where the fit without one is singular.
  let covariance: [[Double]]?
  let sandwich: [[Double]]?
  /// Of Student's t: groups - 1.
  let degreesOfFreedom: Double

  /// `nil` if the columns are collinear or there are no more rows than columns. Columns should be of a similar scale.
  init?(columns: [[Double]], y: [Double], groups: Partition) {
    let width = columns.count + 1
    let row = { (index: Int) in columns.map { $0[index] } + [1] }
    let groupSums = Self.sums(columns, y, groups)
    var total = NormalSums(width)
    for sums in groupSums { total.add(sums) }
    guard y.count > width, let factor = CholeskyFactor(total.matrix, size: width) else { return nil }
    let fitted = factor.solve(total.products)
    coefficients = fitted
    degreesOfFreedom = Double(groups.count - 1)
    guard groups.count > 1 else {
      (covariance, sandwich) = (nil, nil)
      return
    }
    covariance = Self.jackknife(total, groupSums, fitted)
    var gradients = [[Double]](repeating: [Double](repeating: 0, count: width), count: groups.count)
    for (index, group) in groups.codes.enumerated() {
      let x = row(index)
      let residual = y[index] - zip(x, fitted).reduce(0) { $0 + $1.0 * $1.1 }
      for a in 0..<width { gradients[group][a] += x[a] * residual }
    }
    let (n, count) = (Double(y.count), Double(groups.count))
    let correction = count / (count - 1) * (n - 1) / (n - Double(width))
    sandwich = outerSum(gradients.map(factor.solve), times: correction)
  }

  private static func jackknife(_ total: NormalSums, _ groups: [NormalSums], _ fitted: [Double]) -> [[Double]]? {
    var steps: [[Double]] = []
    for group in groups {
      let matrix = zip(total.matrix, group.matrix).map { $0 - $1 }
      guard let factor = CholeskyFactor(matrix, size: fitted.count) else { return nil }
      let without = factor.solve(zip(total.products, group.products).map { $0 - $1 })
      steps.append(zip(without, fitted).map { $0 - $1 })
    }
    return outerSum(steps, times: Double(groups.count - 1) / Double(groups.count))
  }

  private static func sums(_ columns: [[Double]], _ y: [Double], _ groups: Partition) -> [NormalSums] {
    let width = columns.count + 1
    return groups.rows().map { rows in
      var sums = NormalSums(width)
      for row in rows { sums.add(columns.map { $0[row] } + [1], y[row]) }
      return sums
    }
  }
}

/// X'X and X'y.
private struct NormalSums {
  var matrix: [Double]
  var products: [Double]

  init(_ width: Int) {
    matrix = [Double](repeating: 0, count: width * width)
    products = [Double](repeating: 0, count: width)
  }

  mutating func add(_ x: [Double], _ y: Double) {
    for a in x.indices {
      products[a] += x[a] * y
      for b in x.indices { matrix[a * x.count + b] += x[a] * x[b] }
    }
  }

  mutating func add(_ other: NormalSums) {
    for index in matrix.indices { matrix[index] += other.matrix[index] }
    for index in products.indices { products[index] += other.products[index] }
  }
}

/// The sum of v v' times a factor.
private func outerSum(_ vectors: [[Double]], times factor: Double) -> [[Double]] {
  let width = vectors.first?.count ?? 0
  return (0..<width).map { a in
    (0..<width).map { b in factor * vectors.reduce(0) { $0 + $1[a] * $1[b] } }
  }
}
