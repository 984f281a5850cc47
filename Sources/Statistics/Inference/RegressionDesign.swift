/// The columns of a regression, the last the one of interest, made orthonormal one after the other and freed of those that are
/// combinations of earlier ones.
///
/// With X = Q R (modified Gram-Schmidt) the last coefficient is q_k'y / R_kk. Without the rows g of a cluster it changes by
/// -q_kg' (I - Q_g Q_g')^-1 e_g / R_kk, e being the residuals: a solve as large as the cluster instead of another fit. Where
/// the cluster has more rows than there are columns, the same is -((I - Q_g' Q_g)^-1 Q_g' e_g)_k / R_kk.
struct RegressionDesign {
  /// The last coefficient.
  let coefficient: Double
  /// R squared of the columns before the last: of the outcome and of the last.
  let shares: (label: Double, score: Double)
  /// Of the outcome, around its mean or the means of the absorbed parts.
  let outcomeVariance: Double
  /// The coefficient's variance were residuals independent and of one variance, and its degrees of freedom.
  let classical: (variance: Double, df: Double)
  /// Rows that take part.
  private let rows: [Int]
  private let width: Int
  /// Row-major, `width` numbers a row of `rows`.
  private let q: [Double]
  /// R_kk.
  private let scale: Double
  private let residuals: [Double]
  /// The columns between intercept and last that were kept, as they came.
  private let others: [[Double]]

  /// With an intercept, or with one for every part of `absorbed`. `nil` if the last column is a combination of the others.
  init?(columns: [[Double]], outcome: [Double], rows: [Int], absorbed: Partition?) {
    let prepare = Preparation(rows, absorbed)
    guard let score = columns.last.map(prepare.callAsFunction) else { return nil }
    var basis = OrthonormalBasis()
    if absorbed == nil { basis.add([Double](repeating: 1, count: rows.count)) }
    let first = basis.columns.count
    others = columns.dropLast().filter { basis.add(prepare($0)) != nil }
    guard let scale = basis.add(score) else { return nil }
    let y = prepare(outcome)
    let products = basis.columns.map { dot($0, y) }
    var residuals = y
    for (column, product) in zip(basis.columns, products) { subtract(product, column, from: &residuals) }
    let total = absorbed == nil ? sumOfSquares(y) : dot(y, y)
    let spread = absorbed == nil ? sumOfSquares(score) : dot(score, score)
    let explained = products[first..<products.count - 1].reduce(0) { $0 + $1 * $1 }
    let scoreShare = spread > 0 ? max(0, 1 - scale * scale / spread) : 0
    shares = others.isEmpty ? (0, 0) : (total > 0 ? min(1, explained / total) : 0, scoreShare)
    outcomeVariance = total / Double(rows.count)
    coefficient = (products.last ?? 0) / scale
    let absorbedCount = absorbed.map { parts in Set(rows.map { parts.codes[$0] }).count } ?? 0
    let df = max(1, Double(rows.count - basis.columns.count - absorbedCount))
    classical = (dot(residuals, residuals) / df / (scale * scale), df)
    (self.rows, self.scale, self.residuals, width) = (rows, scale, residuals, basis.columns.count)
    q = rowMajor(basis.columns)
  }

  /// By part, the coefficient without its rows minus that of all; `nil` if one part alone holds what is left of the score.
  func deviations(_ partition: Partition) -> [Double]? {
    let codes = Partition(codes: rows.map { partition.codes[$0] }, count: partition.count)
    let (sorted, starts) = codes.sorted(Array(rows.indices))
    var result = [Double](repeating: 0, count: partition.count)
    for part in 0..<partition.count where starts[part + 1] > starts[part] {
      let own = sorted[starts[part]..<starts[part + 1]]
      guard let change = own.count > width ? changeByColumns(own) : changeByRows(own) else { return nil }
      result[part] = change
    }
    return result
  }

  private func changeByRows(_ own: ArraySlice<Int>) -> Double? {
    let own = Array(own)
    var matrix = [Double](repeating: 0, count: own.count * own.count)
    for (a, row) in own.enumerated() {
      for (b, other) in own[...a].enumerated() {
        var product = 0.0
        for k in 0..<width { product += q[row * width + k] * q[other * width + k] }
        matrix[a * own.count + b] = (a == b ? 1 : 0) - product
        matrix[b * own.count + a] = matrix[a * own.count + b]
      }
    }
    let factor = SemidefiniteFactor(matrix, size: own.count, smallest: Self.smallestPivot)
    let score = own.map { q[$0 * width + width - 1] }
    guard let residual = factor.solve(own.map { residuals[$0] }), let lost = factor.solve(score),
      1 / (1 + dot(score, lost)) > Self.smallestPivot
    else { return nil }
    return -dot(score, residual) / scale
  }

  private func changeByColumns(_ own: ArraySlice<Int>) -> Double? {
    var matrix = [Double](repeating: 0, count: width * width)
    var right = [Double](repeating: 0, count: width)
    for a in 0..<width { matrix[a * width + a] = 1 }
    for row in own {
      for a in 0..<width {
        let value = q[row * width + a]
        if value == 0 { continue }
        right[a] += value * residuals[row]
        for b in 0...a { matrix[a * width + b] -= value * q[row * width + b] }
      }
    }
    for a in 0..<width { for b in 0..<a { matrix[b * width + a] = matrix[a * width + b] } }
    let factor = SemidefiniteFactor(matrix, size: width, smallest: Self.smallestPivot)
    guard factor.isKept(width - 1), let change = factor.solve(right) else { return nil }
    return -change[width - 1] / scale
  }

  /// A share of a column that is no more than this is rounding.
  private static let smallestPivot = 1e-9

  /// By part, minus its sum of score's residual times label's residual over the score's residual sum of squares, in units in
  /// which (G - 1)/G times the sum of squares is G/(G - 1) times that of the sums.
  func linearDeviations(_ partition: Partition) -> [Double]? {
    var sums = [Double](repeating: 0, count: partition.count)
    for (position, row) in rows.enumerated() {
      sums[partition.codes[row]] -= q[position * width + width - 1] * residuals[position] / scale
    }
    let count = Double(sizes(partition).count { $0 > 0 })
    return count > 1 ? sums.map { $0 * count / (count - 1) } : nil
  }

  /// How many rows of each part take part.
  func sizes(_ partition: Partition) -> [Double] {
    var sizes = [Double](repeating: 0, count: partition.count)
    for row in rows { sizes[partition.codes[row]] += 1 }
    return sizes
  }

  /// How many columns, besides the intercept and the last, are the same for all rows of every part.
  func columnsBetween(_ partition: Partition) -> Int {
    others.count { column in
      var value = [Double](repeating: .nan, count: partition.count)
      return rows.allSatisfy { row in
        let code = partition.codes[row]
        if value[code].isNaN { value[code] = column[row] }
        return value[code] == column[row]
      }
    }
  }
}

/// A column at the rows that take part, around the means of the absorbed parts.
private struct Preparation {
  private let rows: [Int]
  private let parts: Partition?

  init(_ rows: [Int], _ absorbed: Partition?) {
    self.rows = rows
    parts = absorbed.map { whole in Partition(codes: rows.map { whole.codes[$0] }, count: whole.count) }
  }

  func callAsFunction(_ column: [Double]) -> [Double] {
    let own = rows.map { column[$0] }
    guard let parts else { return own }
    var sums = [Double](repeating: 0, count: parts.count)
    var sizes = sums
    for (value, code) in zip(own, parts.codes) {
      sums[code] += value
      sizes[code] += 1
    }
    return zip(own, parts.codes).map { $0 - sums[$1] / sizes[$1] }
  }
}

private struct OrthonormalBasis {
  private(set) var columns: [[Double]] = []

  /// The length of what earlier columns leave of this one; `nil` if nothing, and then it is left out.
  @discardableResult
  mutating func add(_ column: [Double]) -> Double? {
    var rest = column
    for earlier in columns { subtract(dot(earlier, rest), earlier, from: &rest) }
    let (left, whole) = (dot(rest, rest), dot(column, column))
    guard left > 1e-9 * whole, left > 0 else { return nil }
    let length = left.squareRoot()
    columns.append(rest.map { $0 / length })
    return length
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double {
  // Four sums at a time, so that additions need not wait for each other.
  var (s, t, u, v) = (0.0, 0.0, 0.0, 0.0)
  let whole = a.count / 4 * 4
  for i in stride(from: 0, to: whole, by: 4) {
    s += a[i] * b[i]
    t += a[i + 1] * b[i + 1]
    u += a[i + 2] * b[i + 2]
    v += a[i + 3] * b[i + 3]
  }
  for i in whole..<a.count { s += a[i] * b[i] }
  return (s + t) + (u + v)
}

private func subtract(_ factor: Double, _ column: [Double], from rest: inout [Double]) {
  for i in rest.indices { rest[i] -= factor * column[i] }
}

private func rowMajor(_ columns: [[Double]]) -> [Double] {
  let count = columns.first?.count ?? 0
  var result = [Double](repeating: 0, count: count * columns.count)
  for (index, column) in columns.enumerated() {
    for row in 0..<count { result[row * columns.count + index] = column[row] }
  }
  return result
}
