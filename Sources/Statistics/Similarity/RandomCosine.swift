import RealModule

/// The cosine of two directions that have nothing to do with each other.
public enum RandomCosine {
  /// P(|C| >= |cosine|) for two independent directions uniform on the sphere of `dimension` dimensions: exact.
  ///
  /// C has the density (1 - c^2)^((d - 3) / 2), so C^2 is Beta(1/2, (d - 1) / 2) and p = I_{1 - c^2}((d - 1) / 2, 1/2).
  /// d need not be whole: with an effective dimension it is the usual approximation for directions drawn from a normal
  /// distribution of any covariance. NaN for a cosine outside -1...1 (1e-9 beyond is cut) or that is not a number; 1 for
  /// d <= 1, where every two directions lie on one line. Source: Muirhead 1982, theorem 1.5.7.
  public static func twoSidedP(_ cosine: Double, dimension: Double) -> Double {
    guard abs(cosine) <= 1 + 1e-9, dimension.isFinite else { return .nan }
    guard dimension > 1 else { return 1 }
    let bounded = min(1, abs(cosine))
    return IncompleteBeta.regularized(
      (1 - bounded) * (1 + bounded), complement: bounded * bounded, a: (dimension - 1) / 2, b: 0.5)
  }

  /// The |cosine| that random directions reach with probability `p`; NaN unless `p` is in 0...1, 1 for d <= 1.
  public static func critical(_ p: Double, dimension: Double) -> Double {
    guard p >= 0, p <= 1, dimension.isFinite else { return .nan }
    guard dimension > 1 else { return 1 }
    return max(0, 1 - IncompleteBeta.quantile(p, a: (dimension - 1) / 2, b: 0.5)).squareRoot()
  }
}

/// In how many dimensions a cloud of activations really varies.
public enum EffectiveDimension {
  /// The participation ratio (sum of l)^2 / (sum of l^2) of a covariance's eigenvalues l: d where all are equal, 1 where one
  /// rules. Two directions drawn from N(0, C) have a cosine of variance near 1 / this.
  ///
  /// `nil` where an eigenvalue is not finite or below zero by more than rounding, and where all are zero.
  /// Source: Gao et al. 2017, "A theory of multineuronal dimensionality".
  public static func participationRatio(eigenvalues: [Double]) -> Double? {
    let largest = eigenvalues.max() ?? 0
    guard largest > 0, eigenvalues.allSatisfy({ $0.isFinite && $0 >= -1e-9 * largest }) else { return nil }
    // By the largest, so that squares neither overflow nor vanish.
    let shares = eigenvalues.map { max(0, $0 / largest) }
    let sum = shares.reduce(0, +)
    return sum * sum / shares.reduce(0) { $0 + $1 * $1 }
  }

  /// The same from the eigenvalues of a covariance estimated from `rows` rows, with what sampling adds to tr(S^2) removed:
  /// tr(C^2) is estimated by v^2 / ((v - 1)(v + 2)) (tr(S^2) - tr(S)^2 / v), v = rows - 1 (Srivastava 2005, "Some tests
  /// concerning the covariance matrix in high dimensional data"). Without this no ratio could exceed the number of rows.
  ///
  /// - Parameter width: the dimension of the space, which bounds the result.
  /// `nil` for fewer than 4 rows, and as above.
  public static func participationRatio(eigenvalues: [Double], rows: Int, width: Int) -> Double? {
    guard rows > 3, let sample = participationRatio(eigenvalues: eigenvalues) else { return nil }
    let v = Double(rows - 1)
    let inverse = v * v / ((v - 1) * (v + 2)) * (1 / sample - 1 / v)
    return inverse > 1 / Double(width) ? min(1 / inverse, Double(width)) : Double(width)
  }
}
