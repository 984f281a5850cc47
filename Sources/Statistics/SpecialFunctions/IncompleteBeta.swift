import RealModule

/// The beta distribution's cumulative function and its inverse, from which Student's t and Clopper-Pearson follow.
enum IncompleteBeta {
  /// I_x(a, b), the regularised incomplete beta function.
  ///
  /// - Parameters:
  ///   - x: in `0...1`.
  ///   - complement: 1 - x. Pass it exactly where x is close to 1, so that nothing cancels.
  ///   - a, b: positive.
  /// Source: the continued fraction of NIST DLMF 8.17.22, evaluated by Lentz's method. Relative accuracy about
  /// 1e-13, also where the value is as small as 1e-300.
  static func regularized(_ x: Double, complement: Double, a: Double, b: Double) -> Double {
    guard a > 0, b > 0, x >= 0, complement >= 0 else { return .nan }
    if x == 0 { return 0 }
    if complement == 0 { return 1 }
    // The fraction converges fast only below the mean, so the other side uses I_x(a,b) = 1 - I_{1-x}(b,a).
    if x > (a + 1) / (a + b + 2) {
      return 1 - lowerSide(complement, complement: x, a: b, b: a)
    }
    return lowerSide(x, complement: complement, a: a, b: b)
  }

  private static func lowerSide(_ x: Double, complement: Double, a: Double, b: Double) -> Double {
    let logPower = a * logarithm(x, complement: complement) + b * logarithm(complement, complement: x)
    return Double.exp(logPower - logBeta(a, b)) * continuedFraction(x, a: a, b: b) / a
  }

  /// ln(x), taken from 1 - x where that is the smaller and so the more exactly known of the two.
  private static func logarithm(_ x: Double, complement: Double) -> Double {
    complement < 0.5 ? Double.log(onePlus: -complement) : Double.log(x)
  }

  private static func continuedFraction(_ x: Double, a: Double, b: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 / nonZero(1 - (a + b) * x / (a + 1), tiny)
    var result = d
    // The number of terms grows with sqrt(max(a, b)); the bound serves a and b up to 1e9.
    for step in 1...100_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / nonZero(1 + even * d, tiny)
      c = nonZero(1 + even / c, tiny)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / nonZero(1 + odd * d, tiny)
      c = nonZero(1 + odd / c, tiny)
      let change = d * c
      result *= change
      if abs(change - 1) < 1e-16 { break }
    }
    return result
  }

  private static func nonZero(_ value: Double, _ tiny: Double) -> Double {
    abs(value) < tiny ? tiny : value
  }

  /// ln B(a, b) without the cancellation of logGamma(a) + logGamma(b) - logGamma(a + b) for large arguments
  /// (the method of SLATEC's DLBETA).
  static func logBeta(_ a: Double, _ b: Double) -> Double {
    let small = min(a, b)
    let large = max(a, b)
    let sum = small + large
    if large < 10 { return Double.logGamma(small) + Double.logGamma(large) - Double.logGamma(sum) }
    let shrink = Double.log(onePlus: -small / sum)
    if small < 10 {
      let correction = stirlingCorrection(large) - stirlingCorrection(sum)
      return Double.logGamma(small) + correction + small - small * Double.log(sum) + (large - 0.5) * shrink
    }
    let correction = stirlingCorrection(small) + stirlingCorrection(large) - stirlingCorrection(sum)
    let halfLogTwoPi = 0.918938533204672741780
    return -0.5 * Double.log(large) + halfLogTwoPi + correction + (small - 0.5) * Double.log(small / sum)
      + large * shrink
  }

  /// ln Gamma(x) minus Stirling's approximation, for x >= 10 (NIST DLMF 5.11.1).
  private static func stirlingCorrection(_ x: Double) -> Double {
    let inverse = 1 / x
    let series = [1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360_360, 1.0 / 156]
    return inverse * polynomial(inverse * inverse, series)
  }

  /// The x with I_x(a, b) = `probability`, found by Newton steps kept inside a shrinking bracket.
  static func quantile(_ probability: Double, a: Double, b: Double) -> Double {
    guard probability > 0 else { return 0 }
    guard probability < 1 else { return 1 }
    var low = 0.0
    var high = 1.0
    var x = a / (a + b)
    for _ in 0..<2_000 {
      let excess = regularized(x, complement: 1 - x, a: a, b: b) - probability
      if excess == 0 { return x }
      if excess > 0 { high = x } else { low = x }
      let next = newtonStep(x, excess: excess, a: a, b: b, low: low, high: high)
      if abs(next - x) <= 2e-16 * x { return next }
      x = next
    }
    return x
  }

  private static func newtonStep(
    _ x: Double, excess: Double, a: Double, b: Double, low: Double, high: Double
  ) -> Double {
    let logDensity = (a - 1) * Double.log(x) + (b - 1) * Double.log(onePlus: -x) - logBeta(a, b)
    let next = x - excess / Double.exp(logDensity)
    if next > low, next < high { return next }
    // A geometric midpoint, so that quantiles of 1e-100 are reached in few steps.
    return low > 0 ? (low * high).squareRoot() : high * 0.03125
  }
}
