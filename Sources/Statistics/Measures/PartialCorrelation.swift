extension Measures {
  /// Pearson's r of `x` and `y` after a linear regression of both on `covariates` (and a constant), p from t with
  /// n - 2 - covariates degrees of freedom.
  ///
  /// `nil` if the covariates are collinear, explain either variable wholly, or leave no degree of freedom.
  public static func partialCorrelation(_ x: [Double], _ y: [Double], given covariates: [[Double]]) -> Correlation? {
    let variables = covariates + [x, y]
    precondition(variables.allSatisfy { $0.count == x.count }, "all variables must have the same length")
    guard variables.allSatisfy({ allFinite($0) && !isConstant($0) }), x.count > covariates.count + 2 else { return nil }
    let standard = variables.map(standardized)
    guard let residualX = residual(standard[covariates.count], Array(standard.prefix(covariates.count))),
      let residualY = residual(standard[covariates.count + 1], Array(standard.prefix(covariates.count)))
    else { return nil }
    // Below this share of the variance a residual is rounding error.
    let noise = 1e-12 * Double(x.count)
    guard squaredNorm(residualX) > noise, squaredNorm(residualY) > noise else { return nil }
    guard let r = pearson(residualX, residualY)?.coefficient else { return nil }
    return Correlation(coefficient: r, p: StudentT.correlationP(r, n: x.count - covariates.count))
  }
}

/// Mean 0 and population standard deviation 1. The values must not be constant.
func standardized(_ values: [Double]) -> [Double] {
  let centre = mean(values)
  let deviation = (sumOfSquares(values) / Double(values.count)).squareRoot()
  return values.map { ($0 - centre) / deviation }
}

private func squaredNorm(_ values: [Double]) -> Double { innerProduct(values, values) }

private func innerProduct(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

/// What least squares on standardised covariates leaves of `y`; `nil` if they are collinear.
private func residual(_ y: [Double], _ covariates: [[Double]]) -> [Double]? {
  if covariates.isEmpty { return y }
  let matrix = covariates.flatMap { a in covariates.map { innerProduct(a, $0) } }
  guard let factor = CholeskyFactor(matrix, size: covariates.count) else { return nil }
  let weights = factor.solve(covariates.map { innerProduct($0, y) })
  return y.indices.map { row in
    zip(weights, covariates).reduce(y[row]) { $0 - $1.0 * $1.1[row] }
  }
}
