import RealModule

/// An interval for an area on the logit scale, back-transformed: `critical` standard errors to either side.
///
/// `nil` where that scale ends: an estimate of 0 or 1 or a variance of 0.
func logitInterval(_ estimate: Double, variance: Double, critical: Double) -> Interval? {
  guard estimate > 0, estimate < 1, variance > 0, critical > 0, critical.isFinite else { return nil }
  let reach = critical * variance.squareRoot() / (estimate * (1 - estimate))
  let centre = logit(estimate)
  return Interval(low: logistic(centre - reach), high: logistic(centre + reach))
}

/// Hanley and McNeil's (1982) variance of an AUROC of `area` from so many independent positives and negatives:
/// (A(1-A) + (m-1)(Q1-A^2) + (n-1)(Q2-A^2)) / (mn), Q1 = A/(2-A), Q2 = 2A^2/(1+A).
func hanleyMcNeilVariance(_ area: Double, positives: Double, negatives: Double) -> Double {
  let q1 = area / (2 - area)
  let q2 = 2 * area * area / (1 + area)
  let square = area * area
  return (area * (1 - area) + (positives - 1) * (q1 - square) + (negatives - 1) * (q2 - square))
    / (positives * negatives)
}

/// How many standard errors a confidence asks for: the normal quantile, or Student's with degrees of freedom. NaN unless
/// `confidence` is in 0...1.
func criticalValue(_ confidence: Double, df: Double? = nil) -> Double {
  guard let df else { return NormalDistribution.quantile(0.5 + confidence / 2) }
  return StudentT.quantile(0.5 + confidence / 2, degreesOfFreedom: df)
}

/// For an estimated area of 0 or 1: the areas that lie within `critical` standard errors of it, the standard error being Hanley
/// and McNeil's at the area in question (Newcombe 2006), so that perfect separation of few rows is not taken for
/// certainty.
func scoreInterval(_ area: Double, positives: Int, negatives: Int, critical: Double) -> Interval? {
  guard critical > 0, critical.isFinite else { return nil }
  // By symmetry solved for an area of 1: the distance 1 - a grows faster than the standard error as a falls.
  var low = 0.0
  var high = 1.0
  let (m, n) = area == 1 ? (positives, negatives) : (negatives, positives)
  for _ in 0..<60 {
    let middle = (low + high) / 2
    let error = hanleyMcNeilVariance(middle, positives: Double(m), negatives: Double(n)).squareRoot()
    if 1 - middle > critical * error { low = middle } else { high = middle }
  }
  return area == 1 ? Interval(low: low, high: 1) : Interval(low: 0, high: 1 - low)
}

func logit(_ p: Double) -> Double { Double.log(p) - Double.log(onePlus: -p) }

/// 1 / (1 + exp(-x)) without overflow on either side.
func logistic(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + Double.exp(-x)) }
  let power = Double.exp(x)
  return power / (1 + power)
}
