/// The shares of items by pair of ratings.
struct AgreementTable {
  let shares: [[Double]]
  let firstShares: [Double]
  let secondShares: [Double]
  let observed: Double

  /// `nil` without items.
  /// - Parameter counts: of items, by the first rater's category and then the second's.
  init?(counts: [[Int]]) {
    let items = counts.reduce(0) { $0 + $1.reduce(0, +) }
    guard items > 0 else { return nil }
    shares = counts.map { $0.map { Double($0) / Double(items) } }
    firstShares = shares.map { $0.reduce(0, +) }
    secondShares = shares.indices.map { [shares] column in shares.reduce(0) { $0 + $1[column] } }
    observed = shares.indices.reduce(0) { [shares] in $0 + shares[$1][$1] }
  }

  /// Counts of items by pair of categories; categories are numbered from 0.
  static func counts(_ first: [Int], _ second: [Int], categories: Int) -> [[Int]] {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: categories), count: categories)
    for (k, l) in zip(first, second) { counts[k][l] += 1 }
    return counts
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
