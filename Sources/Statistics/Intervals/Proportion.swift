/// Intervals for a proportion: `successes` of `trials` independent trials.
public enum Proportion {
  /// Wilson's score interval without continuity correction.
  /// `nil` unless 0 <= successes <= trials, trials > 0 and 0 < confidence < 1.
  public static func wilson(successes: Int, trials: Int, confidence: Double = 0.95) -> Interval? {
    guard isPossible(successes, trials, confidence) else { return nil }
    return wilson(share: Double(successes) / Double(trials), trials: Double(trials), confidence: confidence)
  }

  /// The same of a share and a number of trials, positive, that need not be whole.
  static func wilson(share: Double, trials n: Double, confidence: Double) -> Interval {
    let z = criticalValue(confidence)
    let low = wilsonLow(share * n, n, z)
    let high = 1 - wilsonLow((1 - share) * n, n, z)
    return Interval(low: share == 0 ? 0 : max(0, low), high: share == 1 ? 1 : min(1, high))
  }

  /// The smaller root of (p - k/n)^2 = z^2 p(1-p)/n, in the form that does not cancel for small k.
  private static func wilsonLow(_ k: Double, _ n: Double, _ z: Double) -> Double {
    let root = z * (z * z + 4 * k * (n - k) / n).squareRoot()
    return 2 * k * k / n / (2 * k + z * z + root)
  }

  /// The exact interval of Clopper and Pearson, from quantiles of the beta distribution. `nil` as for `wilson`.
  public static func clopperPearson(successes: Int, trials: Int, confidence: Double = 0.95) -> Interval? {
    guard isPossible(successes, trials, confidence) else { return nil }
    let tail = (1 - confidence) / 2
    let k = Double(successes)
    let n = Double(trials)
    let low = successes == 0 ? 0 : IncompleteBeta.quantile(tail, a: k, b: n - k + 1)
    let high = successes == trials ? 1 : IncompleteBeta.quantile(1 - tail, a: k + 1, b: n - k)
    return Interval(low: low, high: high)
  }

  private static func isPossible(_ successes: Int, _ trials: Int, _ confidence: Double) -> Bool {
    trials > 0 && (0...trials).contains(successes) && confidence > 0 && confidence < 1
  }
}
