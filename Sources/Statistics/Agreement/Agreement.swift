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

  /// `nil` without items. Categories are those that occur, plus `categories` that might have.
  public init?(_ first: [String], _ second: [String], categories: [String] = []) {
    precondition(first.count == second.count, "both raters must rate every item")
    guard !first.isEmpty else { return nil }
    let table = AgreementTable(first, second, categories)
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

/// The shares of items by pair of ratings.
private struct AgreementTable {
  let shares: [[Double]]
  let firstShares: [Double]
  let secondShares: [Double]
  let observed: Double

  init(_ first: [String], _ second: [String], _ extra: [String]) {
    let all = Categories(first + second + extra)
    var shares = [[Double]](repeating: [Double](repeating: 0, count: all.count), count: all.count)
    let weight = 1 / Double(first.count)
    for item in first.indices {
      shares[all.indexOfRow[item]][all.indexOfRow[first.count + item]] += weight
    }
    self.shares = shares
    firstShares = shares.map { $0.reduce(0, +) }
    secondShares = all.names.indices.map { column in shares.reduce(0) { $0 + $1[column] } }
    observed = all.names.indices.reduce(0) { $0 + shares[$1][$1] }
  }

  private var categories: Range<Int> { 0..<shares.count }

  /// Kappa and n times its variance.
  func kappa() -> (value: Double, variance: Double)? {
    let chance = zip(firstShares, secondShares).reduce(0) { $0 + $1.0 * $1.1 }
    guard chance < 1 - 1e-12 else { return nil }
    let value = (observed - chance) / (1 - chance)
    var sum = 0.0
    for k in categories {
      for l in categories {
        // The influence of an item rated (k, l) on kappa.
        let margins = secondShares[k] + firstShares[l]
        let influence = (k == l ? 1.0 : 0) - (1 - value) * margins
        sum += shares[k][l] * influence * influence
      }
    }
    let centre = value - chance * (1 - value)
    return (value, max(0, sum - centre * centre) / ((1 - chance) * (1 - chance)))
  }

  /// AC1 and n times its variance.
  func ac1() -> (value: Double, variance: Double)? {
    let q = Double(shares.count)
    guard q > 1 else { return nil }
    let mean = categories.map { (firstShares[$0] + secondShares[$0]) / 2 }
    let chance = mean.reduce(0) { $0 + $1 * (1 - $1) } / (q - 1)
    let value = (observed - chance) / (1 - chance)
    var sum = 0.0
    for k in categories {
      for l in categories {
        let margins = (1 - (mean[k] + mean[l]) / 2) / (q - 1)
        let influence = (k == l ? 1.0 : 0) - 2 * (1 - value) * margins
        sum += shares[k][l] * influence * influence
      }
    }
    let centre = observed - 2 * (1 - value) * chance
    return (value, max(0, sum - centre * centre) / ((1 - chance) * (1 - chance)))
  }
}
