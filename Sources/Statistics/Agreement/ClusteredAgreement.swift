/// How far two raters of the same items agree, with intervals that hold when items of one group (question) are alike.
///
/// The measures are those of `Agreement`. Each is computed again with every group left out; the jackknife variance
/// (G-1)/G sum (value_-g - mean)^2 gives value +- t sqrt(variance) with Student's t of G - 1 degrees of freedom, cut to
/// -1...1 (Efron and Stein 1981). With one item a group this approaches the standard errors of `Agreement`.
public struct ClusteredAgreement: Sendable, Equatable {
  public let items: Int
  public let groups: Int
  /// The share of items rated alike.
  public let observed: Double
  /// Cut to 0...1; Wilson's for as many trials as groups where all or none are rated alike. `nil` for one group.
  public let observedInterval: Interval?
  /// Cohen's; `nil` if both raters gave every item the one same category.
  public let kappa: Double?
  /// `nil` without a kappa, where it does not vary between groups, and where it is undefined without one of them.
  public let kappaInterval: Interval?
  /// Gwet's AC1.
  public let ac1: Double?
  /// `nil` where it does not vary between groups.
  public let ac1Interval: Interval?

  /// `nil` without items.
  ///
  /// - Parameters:
  ///   - first, second: 0 or 1, one per item.
  ///   - groups: the group of each item.
  public init?(_ first: [Int], _ second: [Int], groups: [String], confidence: Double = 0.95) {
    precondition(first.count == second.count && first.count == groups.count, "one rating and group per item")
    precondition((first + second).allSatisfy { $0 == 0 || $0 == 1 }, "ratings must be 0 or 1")
    let clusters = Partition(groups)
    let counts = AgreementTable.counts(first, second, categories: 2)
    let alike = zip(first, second).map { $0 == $1 ? 1.0 : 0 }
    guard let table = AgreementTable(counts: counts), let mean = ClusteredMean(alike, groups: groups, proportion: true)
    else { return nil }
    let without = clusters.rows().map { rows in
      let left = AgreementTable.counts(rows.map { first[$0] }, rows.map { second[$0] }, categories: 2)
      return AgreementTable(counts: zip(counts, left).map { zip($0, $1).map { $0 - $1 } })
    }
    (items, self.groups, observed) = (first.count, clusters.count, mean.mean)
    observedInterval = mean.interval(confidence: confidence)
    kappa = table.kappa()?.value
    kappaInterval = groupJackknifeInterval(kappa, without.map { $0?.kappa()?.value }, confidence)
    ac1 = table.ac1()?.value
    ac1Interval = groupJackknifeInterval(ac1, without.map { $0?.ac1()?.value }, confidence)
  }
}

/// value +- t sqrt(jackknife variance), cut to -1...1; `nil` where the value is undefined, also without one of the groups,
/// or does not vary.
func groupJackknifeInterval(_ value: Double?, _ without: [Double?], _ confidence: Double) -> Interval? {
  let values = without.compactMap { $0 }
  guard let value, values.count == without.count, values.count > 1, !isConstant(values) else { return nil }
  let count = Double(values.count)
  let variance = (count - 1) / count * sumOfSquares(values)
  guard variance > 0 else { return nil }
  let reach = criticalValue(confidence, df: count - 1) * variance.squareRoot()
  return Interval(low: value - reach, high: value + reach).clamped(to: -1...1)
}
