import RealModule

/// Student's t distribution; degrees of freedom need not be whole (Welch's are not).
public enum StudentT {
  /// P(|T| >= |t|): the two-sided p-value. NaN unless `degreesOfFreedom` is positive.
  public static func twoSidedP(_ t: Double, degreesOfFreedom df: Double) -> Double {
    guard df > 0, !t.isNaN else { return .nan }
    guard t.isFinite else { return 0 }
    let square = t * t
    return IncompleteBeta.regularized(df / (df + square), complement: square / (df + square), a: df / 2, b: 0.5)
  }

  /// P(T <= t).
  public static func cumulative(_ t: Double, degreesOfFreedom df: Double) -> Double {
    let tail = 0.5 * twoSidedP(t, degreesOfFreedom: df)
    return t < 0 ? tail : 1 - tail
  }

  /// The t with P(T <= t) = `probability`; NaN outside `0...1` or unless `degreesOfFreedom` is positive.
  public static func quantile(_ probability: Double, degreesOfFreedom df: Double) -> Double {
    guard df > 0, probability >= 0, probability <= 1 else { return .nan }
    if probability == 0.5 { return 0 }
    let tail = min(probability, 1 - probability)
    guard tail > 0 else { return probability == 0 ? -.infinity : .infinity }
    // T^2 / (df + T^2) is Beta(1/2, df/2), so the quantile of the larger tail's complement never cancels.
    let share = IncompleteBeta.quantile(2 * tail, a: df / 2, b: 0.5)
    let magnitude =
      share < 0.5
      ? (df * (1 - share) / share).squareRoot()
      : fromComplement(1 - 2 * tail, df: df)
    return probability < 0.5 ? -magnitude : magnitude
  }

  private static func fromComplement(_ central: Double, df: Double) -> Double {
    let share = IncompleteBeta.quantile(central, a: 0.5, b: df / 2)
    return (df * share / (1 - share)).squareRoot()
  }

  /// Two-sided p-value of a Pearson correlation of `n` pairs under independence: t with n - 2 degrees of freedom.
  ///
  /// Taken from 1 - r^2 directly, so that p = 1e-131 keeps its digits. `nil` for n < 3.
  static func correlationP(_ r: Double, n: Int) -> Double? {
    guard n >= 3 else { return nil }
    let unexplained = max(0, (1 - r) * (1 + r))
    return IncompleteBeta.regularized(unexplained, complement: min(1, r * r), a: Double(n - 2) / 2, b: 0.5)
  }
}
