/// The AUROC that labels without errors would give.
///
/// If the labels' errors depend on the true label only, not on the score (non-differential errors), then
/// AUROC observed - 1/2 = (PPV + NPV - 1) (AUROC true - 1/2), PPV and NPV being the shares of rows labelled 1 and 0 that
/// truly are (Menon et al. 2015, corollary 3). By the rate q as labelled, PPV + NPV - 1 =
/// r (1 - r) (sensitivity + specificity - 1) / (q (1 - q)) with r the corrected rate. Errors that depend on the score
/// (a judge that reads what the score reads) can move the AUROC either way; then use `PredictionPoweredAUROC`.
///
/// The variance adds that of the observed AUROC (clustered) and, by the delta method, those of q, sensitivity and
/// specificity, taken as independent; the interval is on the logit scale with Student's t.
public struct CorrectedAUROC: Sendable, Equatable, Codable {
  public let observed: Double
  /// Cut to 0...1.
  public let value: Double
  /// 95 %; `nil` where the observed area has no variance.
  public let low: Double?
  public let high: Double?
  /// PPV + NPV - 1: by how much errors shrink the distance from 1/2.
  public let shrinkage: Double

  public var interval: Interval? {
    if let low, let high { Interval(low: low, high: high) } else { nil }
  }

  /// `nil` if the area is undefined, the labels are no better than chance, or the corrected rate is 0 or 1.
  public init?(scores: [Double], labels: [Int], groups: [String]? = nil, accuracy: LabelAccuracy) {
    let names = groups ?? labels.indices.map { String($0) }
    guard let area = ClusteredAUROC(scores: scores, labels: labels, groups: names),
      let rate = ClusteredProportion(labels, groups: names),
      let shrinkage = predictiveInformedness(
        rate.value, accuracy.sensitivity.value, accuracy.specificity.value)
    else { return nil }
    let corrected = 0.5 + (area.auroc - 0.5) / shrinkage
    observed = area.auroc
    self.shrinkage = shrinkage
    value = min(1, max(0, corrected))
    let interval = Self.interval(corrected, area, rate, accuracy)
    (low, high) = (interval?.low, interval?.high)
  }

  private static func interval(
    _ corrected: Double, _ area: ClusteredAUROC, _ rate: ClusteredProportion, _ accuracy: LabelAccuracy
  ) -> Interval? {
    let q = UncertainShare(rate, pseudoCount: 1)
    let (se, sp) = accuracy.adjusted
    guard let variance = area.jackknifeVariance, let df = area.degreesOfFreedom,
      let shrinkage = predictiveInformedness(q.value, se.value, sp.value)
    else { return nil }
    let slopes = logarithmicSlopes(q.value, se.value, sp.value)
    let relative =
      slopes.0 * slopes.0 * q.variance + slopes.1 * slopes.1 * se.variance
      + slopes.2 * slopes.2 * sp.variance
    let distance = (area.auroc - 0.5) / shrinkage
    let total = variance / (shrinkage * shrinkage) + distance * distance * relative
    let critical = criticalValue(0.95, df: df)
    if corrected < 1, corrected > 0 { return logitInterval(corrected, variance: total, critical: critical) }
    let reach = critical * total.squareRoot()
    return Interval(low: 0.5 + distance - reach, high: 0.5 + distance + reach).clamped(to: 0...1)
  }
}

/// PPV + NPV - 1; `nil` unless it is positive and the true rate inside 0...1.
private func predictiveInformedness(_ q: Double, _ se: Double, _ sp: Double) -> Double? {
  let informedness = se + sp - 1
  guard informedness > 0, q > 0, q < 1 else { return nil }
  let rate = (q + sp - 1) / informedness
  guard rate > 0, rate < 1 else { return nil }
  return rate * (1 - rate) * informedness / (q * (1 - q))
}

/// The derivatives of ln(PPV + NPV - 1) with respect to q, sensitivity and specificity.
/// It is ln(q + sp - 1) + ln(se - q) - ln(se + sp - 1) - ln q - ln(1 - q).
private func logarithmicSlopes(_ q: Double, _ se: Double, _ sp: Double) -> (Double, Double, Double) {
  let (a, b, c) = (q + sp - 1, se - q, se + sp - 1)
  return (1 / a - 1 / b - 1 / q + 1 / (1 - q), 1 / b - 1 / c, 1 / a - 1 / c)
}
