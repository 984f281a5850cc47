import Foundations

/// The Mann-Whitney (Wilcoxon rank-sum) test of positives against negatives.
public struct MannWhitney: Sendable, Equatable {
  /// U of the positives: the number of pairs in which the positive scores higher, ties counting one half.
  public let u: Double
  /// Two-sided p of the normal approximation, with tie and continuity correction; 1 when all scores are equal.
  public let pAsymptotic: Double
  /// Two-sided p from the exact distribution; `nil` with ties and where it would take over 2e7 additions.
  public let pExact: Double?
}

extension Measures {
  /// The Mann-Whitney test. `nil` unless both classes occur.
  public static func mannWhitney(scores: [Double], labels: [Int]) -> MannWhitney? {
    guard let classes = ClassScores(scores, labels) else { return nil }
    let m = classes.positives.count
    let n = classes.negatives.count
    let pairs = Double(m) * Double(n)
    let u = aurocFromRanks(midRanks(scores), labels, positives: m) * pairs
    let rounded = (2 * u).rounded() / 2  // U counts halves; the area's division left a rounding error
    let sizes = tieSizes(scores)
    let asymptotic = mannWhitneyNormalP(larger: max(rounded, pairs - rounded), m: m, n: n, tieSizes: sizes)
    let tied = sizes.contains { $0 > 1 }
    let exact = tied ? nil : mannWhitneyExactP(smaller: min(rounded, pairs - rounded), m: m, n: n)
    return MannWhitney(u: rounded, pAsymptotic: asymptotic, pExact: exact)
  }

  /// Welch's t test of positives against negatives (variances not assumed equal).
  ///
  /// t = (mean1 - mean0) / sqrt(s1^2/n1 + s0^2/n0), Welch-Satterthwaite degrees of freedom.
  /// `nil` if a class has fewer than two rows or neither varies.
  public static func welchT(scores: [Double], labels: [Int]) -> TTest? {
    guard let classes = ClassScores(scores, labels), classes.positives.count > 1, classes.negatives.count > 1,
      !(isConstant(classes.positives) && isConstant(classes.negatives))
    else { return nil }
    let v1 = meanVariance(classes.positives)
    let v0 = meanVariance(classes.negatives)
    let t = (mean(classes.positives) - mean(classes.negatives)) / (v1 + v0).squareRoot()
    let n1 = Double(classes.positives.count)
    let n0 = Double(classes.negatives.count)
    let df = (v1 + v0) * (v1 + v0) / (v1 * v1 / (n1 - 1) + v0 * v0 / (n0 - 1))
    guard t.isFinite, df.isFinite else { return nil }
    return TTest(t: t, degreesOfFreedom: df, p: StudentT.twoSidedP(t, degreesOfFreedom: df))
  }

  /// Cohen's d: (mean1 - mean0) / pooled standard deviation, sample variances weighted by n - 1 (so that a class of
  /// one row contributes nothing). `nil` unless both classes occur and one of them varies.
  public static func cohensD(scores: [Double], labels: [Int]) -> Double? {
    guard let classes = ClassScores(scores, labels),
      !(isConstant(classes.positives) && isConstant(classes.negatives))
    else { return nil }
    let squares = sumOfSquares(classes.positives) + sumOfSquares(classes.negatives)
    let deviation = (squares / Double(scores.count - 2)).squareRoot()
    let d = (mean(classes.positives) - mean(classes.negatives)) / deviation
    return d.isFinite && deviation.isFinite ? d : nil
  }
}

/// The estimated variance of the mean: s^2 / n.
private func meanVariance(_ values: [Double]) -> Double {
  sumOfSquares(values) / Double(values.count - 1) / Double(values.count)
}

private func mannWhitneyNormalP(larger u: Double, m: Int, n: Int, tieSizes: [Double]) -> Double {
  let total = Double(m + n)
  let pairs = Double(m) * Double(n)
  let ties = tieSizes.reduce(0) { $0 + ($1 * $1 * $1 - $1) }
  let variance = pairs / 12 * (total + 1 - ties / (total * (total - 1)))
  guard variance > 0 else { return 1 }
  let z = (u - pairs / 2 - 0.5) / variance.squareRoot()
  return z <= 0 ? 1 : NormalDistribution.twoSidedP(z)
}

/// 2 P(U <= smaller), at most 1, by the recursion on which class holds the largest score:
/// p(m, n, u) = m/(m+n) p(m-1, n, u-n) + n/(m+n) p(m, n-1, u). Every term is positive, so nothing cancels.
private func mannWhitneyExactP(smaller: Double, m: Int, n: Int) -> Double? {
  guard Double(m) * Double(n) * (smaller + 1) <= 2e7 else { return nil }
  let width = Int(saturating: smaller) + 1
  let certain = [1.0] + [Double](repeating: 0, count: width - 1)
  var rows = [[Double]](repeating: certain, count: n + 1)
  for i in 1...m {
    for j in 1...n {
      let upper = Double(i) / Double(i + j)
      let lower = Double(j) / Double(i + j)
      for u in stride(from: width - 1, through: 0, by: -1) {
        rows[j][u] = lower * rows[j - 1][u] + (u >= j ? upper * rows[j][u - j] : 0)
      }
    }
  }
  return min(1, 2 * rows[n].reduce(0, +))
}
