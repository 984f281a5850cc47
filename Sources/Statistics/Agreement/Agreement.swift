/// How far two raters of the same items agree beyond chance.
///
/// With p_kl the share of items rated k by the first and l by the second, and pa = sum p_kk:
/// - Cohen's kappa = (pa - pe)/(1 - pe), pe = sum p_k. p_.k; standard error of Fleiss, Cohen and Everitt 1969.
/// - Gwet's AC1 = (pa - pe)/(1 - pe), pe = sum pi_k (1 - pi_k) / (q - 1), pi_k the mean of the two shares of k and q the
///   number of categories; standard error of Gwet 2008. It does not collapse, as kappa does, where one category
///   dominates.
public struct Agreement: Sendable, Equatable {
  public let items: Int
  /// pa, the share of items rated alike.
  public let observed: Double
  /// `nil` if both raters gave every item the one same category.
  public let kappa: Double?
  public let kappaStandardError: Double?
  /// `nil` with fewer than two categories.
  public let ac1: Double?
  public let ac1StandardError: Double?

  /// `nil` without items. Partition are those that occur, plus `categories` that might have.
  public init?(_ first: [String], _ second: [String], categories: [String] = []) {
    precondition(first.count == second.count, "both raters must rate every item")
    let all = Partition(first + second + categories)
    let counts = AgreementTable.counts(
      Array(all.codes[..<first.count]), Array(all.codes[first.count..<2 * first.count]), categories: all.count
    )
    guard let table = AgreementTable(counts: counts) else { return nil }
    items = first.count
    observed = table.observed
    let kappa = table.kappa()
    self.kappa = kappa?.value
    kappaStandardError = kappa.map { ($0.variance / Double(first.count)).squareRoot() }
    let ac1 = table.ac1()
    self.ac1 = ac1?.value
    ac1StandardError = ac1.map { ($0.variance / Double(first.count)).squareRoot() }
  }

  /// kappa +- z * standard error, cut to -1...1.
  public func kappaInterval(confidence: Double = 0.95) -> Interval? {
    interval(kappa, kappaStandardError, confidence)
  }

  /// AC1 +- z * standard error, cut to -1...1.
  public func ac1Interval(confidence: Double = 0.95) -> Interval? {
    interval(ac1, ac1StandardError, confidence)
  }

  private func interval(_ value: Double?, _ error: Double?, _ confidence: Double) -> Interval? {
    guard let value, let error else { return nil }
    return normalInterval(value, variance: error * error, confidence: confidence).clamped(to: -1...1)
  }
}
