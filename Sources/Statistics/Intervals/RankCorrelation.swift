import RealModule

/// Spearman's rank correlation with an interval for small samples.
///
/// atanh(rho) +- z sqrt((1 + rho^2 / 2) / (n - 3)), taken back by tanh (Bonett and Wright 2000, "Sample size requirements
/// for estimating Pearson, Kendall and Spearman correlations"). It holds for independent observations.
public struct RankCorrelation: Sendable, Equatable {
  public let coefficient: Double
  /// Two-sided, of t with n - 2 degrees of freedom.
  public let p: Double?
  /// 95 %; nil for fewer than four observations and for a correlation of exactly 1 or -1.
  public let interval: Interval?
  public let count: Int

  /// Nil if either variable is constant or not finite.
  public init?(_ x: [Double], _ y: [Double]) {
    guard let rho = Measures.spearman(x, y) else { return nil }
    (coefficient, p, count) = (rho.coefficient, rho.p, x.count)
    guard count > 3, abs(coefficient) < 1 else {
      interval = nil
      return
    }
    let spread = ((1 + coefficient * coefficient / 2) / Double(count - 3)).squareRoot()
    let reach = NormalDistribution.quantile(0.975) * spread
    let centre = Double.atanh(coefficient)
    interval = Interval(low: Double.tanh(centre - reach), high: Double.tanh(centre + reach))
  }
}
