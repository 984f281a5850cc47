/// The Wald-Wolfowitz run test: whether labels in their order look shuffled.
///
/// Given m ones and n zeros, the number of runs of equal labels has mean 1 + 2mn/(m+n) and variance
/// 2mn(2mn - m - n) / ((m+n)^2 (m+n-1)) under random order (Wald and Wolfowitz 1940); z and p are of the normal
/// approximation, without continuity correction.
public struct RunTest: Sendable, Equatable {
  public let runs: Int
  public let expectedRuns: Double
  /// Negative: fewer runs than random order gives, labels come in blocks.
  public let z: Double
  /// Two-sided.
  public let p: Double

  /// `nil` with fewer than two labels of either kind.
  public init?(labels: [Int]) {
    let m = Double(labels.count { $0 == 1 })
    let n = Double(labels.count) - m
    guard m >= 2, n >= 2 else { return nil }
    let products = 2 * m * n
    let total = m + n
    let variance = products * (products - total) / (total * total * (total - 1))
    runs = 1 + zip(labels, labels.dropFirst()).count { $0 != $1 }
    expectedRuns = 1 + products / total
    z = (Double(runs) - expectedRuns) / variance.squareRoot()
    p = NormalDistribution.twoSidedP(z)
  }
}
