import RealModule

/// The chi-squared and F distributions' upper tails.
public enum ChiSquared {
  /// P(X >= x) with `degreesOfFreedom` (positive): Q(df/2, x/2), the regularised upper incomplete gamma function.
  ///
  /// NaN for a negative or NaN x. Source: series and continued fraction of NIST DLMF 8.7.1 and 8.9.2; relative
  /// accuracy about 1e-12.
  public static func upperTail(_ x: Double, degreesOfFreedom df: Double) -> Double {
    guard df > 0, x >= 0 else { return .nan }
    if x == 0 { return 1 }
    if x == .infinity { return 0 }
    let (a, z) = (df / 2, x / 2)
    return z < a + 1 ? 1 - lowerSeries(a, z) : upperFraction(a, z)
  }

  private static func factor(_ a: Double, _ z: Double) -> Double {
    Double.exp(a * Double.log(z) - z - Double.logGamma(a))
  }

  private static func lowerSeries(_ a: Double, _ z: Double) -> Double {
    var term = 1 / a
    var sum = term
    var n = a
    while term > sum * 1e-17 {
      n += 1
      term *= z / n
      sum += term
    }
    return sum * factor(a, z)
  }

  /// Lentz's method.
  private static func upperFraction(_ a: Double, _ z: Double) -> Double {
    var b = z + 1 - a
    var c = 1e300
    var d = 1 / b
    var value = d
    for step in 1...100_000 {
      let i = Double(step)
      let an = -i * (i - a)
      b += 2
      d = 1 / notZero(an * d + b)
      c = notZero(b + an / c)
      value *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return value * factor(a, z)
  }

  private static func notZero(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
}

/// Fisher's F distribution.
public enum FDistribution {
  /// P(F >= f) with numerator and denominator degrees of freedom (positive). NaN for a negative or NaN f.
  public static func upperTail(_ f: Double, _ numerator: Double, _ denominator: Double) -> Double {
    guard numerator > 0, denominator > 0, f >= 0 else { return .nan }
    if f == .infinity { return 0 }
    let whole = denominator + numerator * f
    return IncompleteBeta.regularized(
      denominator / whole, complement: numerator * f / whole, a: denominator / 2, b: numerator / 2)
  }
}
