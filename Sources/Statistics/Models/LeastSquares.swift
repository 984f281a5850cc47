/// Ordinary least squares with standard errors that allow for unequal variances (HC3: MacKinnon and White 1985, "Some
/// heteroskedasticity-consistent covariance matrix estimators with improved finite sample properties").
///
/// y = X b + e; the covariance of b is (X'X)^-1 X' diag(e_i^2 / (1 - h_i)^2) X (X'X)^-1 for the leverages h_i. p is two-sided from
/// Student's t with n - k degrees of freedom.
public struct LeastSquares: Sendable {
  public struct Coefficient: Sendable, Equatable {
    public var value: Double
    public var standardError: Double
    public var p: Double
    /// The ends of the 95 % interval.
    public var low: Double
    public var high: Double
  }

  /// By column of the design; nil where a column is a combination of the ones before it.
  public let coefficients: [Coefficient?]
  public let degreesOfFreedom: Int
  /// 1 - SS(residual) / SS(total).
  public let rSquared: Double

  /// Nil where there are no more rows than columns that count, a row determines a coefficient by itself (leverage 1), or
  /// all values are equal.
  ///
  /// - Parameters:
  ///   - design: rows of the same length, with a column of ones where there is a constant.
  ///   - y: one value a row.
  public init?(design: [[Double]], _ y: [Double]) {
    precondition(design.count == y.count, "one value a row")
    let columns = Self.independent(design)
    let used = design.map { row in columns.map { row[$0] } }
    let k = columns.count
    guard k > 0, y.count > k, let factor = CholeskyFactor(Self.products(used), size: k) else { return nil }
    let inverse = factor.inverse()
    let b = factor.solve((0..<k).map { j in zip(used, y).reduce(0) { $0 + $1.0[j] * $1.1 } })
    let residuals = zip(used, y).map { row, value in value - zip(row, b).reduce(0) { $0 + $1.0 * $1.1 } }
    let leverages = used.map { row in Self.quadratic(row, inverse) }
    let mean = y.reduce(0, +) / Double(y.count)
    let total = y.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    guard total > 0, leverages.allSatisfy({ $0 < 1 - 1e-9 }) else { return nil }
    rSquared = 1 - residuals.reduce(0) { $0 + $1 * $1 } / total
    degreesOfFreedom = y.count - k
    let weights = zip(residuals, leverages).map { ($0 / (1 - $1)) * ($0 / (1 - $1)) }
    let freedom = Double(degreesOfFreedom)
    let reach = StudentT.quantile(0.975, degreesOfFreedom: freedom)
    var found = [Coefficient?](repeating: nil, count: design.first?.count ?? 0)
    for (place, column) in columns.enumerated() {
      let variance = zip(used, weights).reduce(0) { sum, row in
        let along = zip(inverse[place], row.0).reduce(0) { $0 + $1.0 * $1.1 }
        return sum + along * along * row.1
      }
      let error = variance.squareRoot()
      let p = error > 0 ? StudentT.twoSidedP(b[place] / error, degreesOfFreedom: freedom) : 0
      found[column] = Coefficient(
        value: b[place], standardError: error, p: p, low: b[place] - reach * error, high: b[place] + reach * error)
    }
    coefficients = found
  }

  private static func products(_ rows: [[Double]]) -> [Double] {
    let k = rows.first?.count ?? 0
    return (0..<k).flatMap { i in (0..<k).map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } } }
  }

  private static func quadratic(_ row: [Double], _ matrix: [[Double]]) -> Double {
    zip(row, matrix).reduce(0) { sum, pair in sum + pair.0 * zip(pair.1, row).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  /// The columns that are no combination of those before them.
  private static func independent(_ design: [[Double]]) -> [Int] {
    var kept: [Int] = []
    for column in (design.first ?? []).indices {
      let next = kept + [column]
      let own = products(design.map { row in next.map { row[$0] } })
      // A column that the others make up leaves rounding errors of its length.
      if CholeskyFactor(own, size: next.count, leastPivot: 1e-10) != nil { kept = next }
    }
    return kept
  }
}
