/// How often a label source (a judge, the letter parser) agrees with the reference, from rows that have both labels.
public struct LabelAccuracy: Sendable, Equatable, Codable {
  /// P(labelled 1 | reference 1).
  public let sensitivity: ClusteredProportion
  /// P(labelled 0 | reference 0).
  public let specificity: ClusteredProportion

  /// Sensitivity + specificity - 1: 1 without errors, 0 for labels that say nothing (Youden 1950).
  public var informedness: Double { sensitivity.value + specificity.value - 1 }

  /// `nil` unless the reference holds both classes. Labels are 0 or 1; without groups every row is its own.
  public init?(reference: [Int], observed: [Int], groups: [String]? = nil) {
    precondition(reference.count == observed.count, "reference and observed must have the same length")
    precondition(groups.map { $0.count == reference.count } ?? true, "one group per row")
    let share = { (label: Int) -> ClusteredProportion? in
      let rows = reference.indices.filter { reference[$0] == label }
      return ClusteredProportion(
        rows.map { observed[$0] == label ? 1 : 0 }, groups: groups.map { names in rows.map { names[$0] } })
    }
    guard let sensitivity = share(1), let specificity = share(0) else { return nil }
    (self.sensitivity, self.specificity) = (sensitivity, specificity)
  }

  /// Sensitivity and specificity drawn towards 1/2 by one agreement and one error, so that a small sample without an error
  /// is not taken for certainty; their variances by the effective numbers of rows.
  var adjusted: (sensitivity: UncertainShare, specificity: UncertainShare) {
    (UncertainShare(sensitivity, pseudoCount: 1), UncertainShare(specificity, pseudoCount: 1))
  }
}

/// A share, drawn towards 1/2, and its variance.
struct UncertainShare {
  let value: Double
  let variance: Double

  init(_ share: ClusteredProportion, pseudoCount: Double) {
    let n = share.effectiveRows + 2 * pseudoCount
    value = (share.value * share.effectiveRows + pseudoCount) / n
    variance = value * (1 - value) / n
  }
}

/// The rate of a behaviour, corrected for the errors of its labels.
///
/// (q + specificity - 1) / (sensitivity + specificity - 1), q the rate as labelled (Rogan and Gladen 1978). The interval is
/// Lang and Reiczigel's (2014) for errors known from a sample: pseudo-counts of z^2/2 for q and 1 for the two accuracies, a
/// shift for the skewness of the ratio, and here effective numbers of rows, so that it holds for rows that are
/// alike inside groups. It assumes that the labels err alike on the rows corrected and on the doubly labelled ones.
public struct CorrectedRate: Sendable, Equatable, Codable {
  /// As labelled.
  public let observed: ClusteredProportion
  /// Cut to 0...1.
  public let value: Double
  /// 95 %, cut to 0...1.
  public let low: Double
  public let high: Double

  /// `nil` without rows, and if the labels are no better than chance (informedness of 0 or less).
  public init?(labels: [Int], groups: [String]? = nil, accuracy: LabelAccuracy) {
    guard let observed = ClusteredProportion(labels, groups: groups), accuracy.informedness > 0 else { return nil }
    let z = criticalValue(0.95)
    let rate = UncertainShare(observed, pseudoCount: z * z / 2)
    let (se, sp) = accuracy.adjusted
    let informedness = se.value + sp.value - 1
    guard informedness > 0 else { return nil }
    let centre = (rate.value + sp.value - 1) / informedness
    let shift = 2 * z * z * (centre * se.variance - (1 - centre) * sp.variance)
    let variance = rate.variance + centre * centre * se.variance + (1 - centre) * (1 - centre) * sp.variance
    let reach = z * variance.squareRoot() / informedness
    let interval = Interval(low: centre + shift - reach, high: centre + shift + reach).clamped(to: 0...1)
    let raw = (observed.value + accuracy.specificity.value - 1) / accuracy.informedness
    self.observed = observed
    value = min(1, max(0, raw))
    (low, high) = (min(interval.low, value), max(interval.high, value))
  }
}
