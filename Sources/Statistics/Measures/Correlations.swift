extension Measures {
  /// Pearson's r between the score and the 0/1 label, p from t = r sqrt((n-2)/(1-r^2)) with n - 2 degrees of freedom.
  /// `nil` if all scores or all labels are equal.
  public static func pointBiserial(scores: [Double], labels: [Int]) -> Correlation? {
    pearson(scores, labels.map(Double.init))
  }

  /// Pearson's r of two variables with the p-value of the same t. `nil` if either is constant. Values of any size: each
  /// variable is first scaled by a power of two, so that squares neither overflow nor vanish.
  public static func pearson(_ x: [Double], _ y: [Double]) -> Correlation? {
    precondition(x.count == y.count, "both variables must have the same length")
    guard allFinite(x), allFinite(y), !isConstant(x), !isConstant(y) else { return nil }
    let (x, y) = (scaledToOne(x), scaledToOne(y))
    let meanX = mean(x)
    let meanY = mean(y)
    var product = 0.0
    for row in x.indices { product += (x[row] - meanX) * (y[row] - meanY) }
    let r = product / sumOfSquares(x).squareRoot() / sumOfSquares(y).squareRoot()
    guard r.isFinite else { return nil }
    let bounded = min(1, max(-1, r))
    return Correlation(coefficient: bounded, p: StudentT.correlationP(bounded, n: x.count))
  }

  /// Spearman's rho: Pearson's r of the mid-ranks, p from the same t approximation. `nil` if either is constant.
  public static func spearman(_ x: [Double], _ y: [Double]) -> Correlation? {
    guard allFinite(x), allFinite(y) else { return nil }
    return pearson(midRanks(x), midRanks(y))
  }

  /// Spearman's rho of score and label.
  public static func spearman(scores: [Double], labels: [Int]) -> Correlation? {
    spearman(scores, labels.map(Double.init))
  }
}
