import Foundations
import RealModule

/// Covariates as columns of a regression, without an intercept, and as strata to compare rows inside.
///
/// A categorical covariate is an indicator a level. A numeric one of up to 12 distinct values is categorical; of more, it
/// enters by itself, by the first three powers of its normal scores, and by indicators of 2.1 sqrt(rows) bins of as many rows
/// each, so that steps, straight lines and bends are all followed. Pairs of covariates enter by products (`PairTerms`).
///
/// Rows allow for so many columns (`mostColumns`); each covariate has its share, and `cut` says whose levels did not all fit.
struct CovariateTerms: Sendable {
  /// Column by column.
  let columns: [[Double]]
  let covariates: [Covariate]
  /// By covariate, its levels or bins.
  let partitions: [Partition]
  /// Covariates whose levels are not all held fixed, because there are too few rows.
  let cut: [CutCovariate]
  /// How many pairs of covariates have products that did not fit.
  let pairsLeftOut: Int
  /// By covariate, its levels or a quarter of the rows each: what rows are compared inside of.
  private let coarse: [Partition]

  /// The most columns that rows allow: a quarter of them, 120, and 20,000,000 numbers in all.
  static func mostColumns(rows: Int) -> Int { max(1, min(rows / 4, 120, 20_000_000 / max(rows, 1))) }

  init(_ covariates: [Covariate], rows: Int) {
    self.covariates = covariates
    let most = Self.mostColumns(rows: rows)
    let wishes = covariates.map { CovariateWish($0, rows: rows, most: most) }
    let pairs = pairsOf(wishes, rows: rows, most: most)
    // First levels and a few bins, then up to a third for products of pairs, then finer bins.
    let needed = sharedOut(most, among: wishes.map(\.needed))
    let left = most - needed.reduce(0, +)
    let kept = min(most / 3, left, pairs.reduce(0) { $0 + $1.count })
    let finer = sharedOut(left - kept, among: zip(wishes, needed).map { $0.wanted - $1 })
    let shares = zip(needed, finer).map(+)
    let own = zip(wishes, shares).map { $0.columns($1) }
    partitions = zip(wishes, shares).map { $0.partition($1) }
    coarse = wishes.map(\.coarse)
    var columns = own.flatMap { $0 }
    var leftOut = 0
    for pair in pairs.sorted(by: { $0.count < $1.count }) {
      if columns.count + pair.count <= most { columns += pair.columns } else { leftOut += 1 }
    }
    self.columns = columns
    pairsLeftOut = leftOut
    cut = zip(wishes, own).compactMap { $0.cut($1.count) }
  }

  /// The strata in which all covariates agree (numeric ones by quarters), but for those that would leave under two thirds of the
  /// rows in strata with different labels. `order` lists covariates, those that matter most first.
  func strata(labels: [Double], within: Partition?, order: [Int]) -> (partition: Partition, used: [Int])? {
    var strata = within ?? .whole(labels.count)
    let most = rowsInMixed(strata, labels)
    var used: [Int] = []
    for index in order {
      let finer = strata.crossed(with: coarse[index])
      guard rowsInMixed(finer, labels) * 3 >= most * 2 else { continue }
      (strata, used) = (finer, used + [index])
    }
    return used.isEmpty ? nil : (strata, used)
  }

  private func rowsInMixed(_ partition: Partition, _ labels: [Double]) -> Int {
    var least = [Double](repeating: .infinity, count: partition.count)
    var (largest, sizes) = (least.map { -$0 }, [Int](repeating: 0, count: partition.count))
    for (label, code) in zip(labels, partition.codes) {
      least[code] = min(least[code], label)
      largest[code] = max(largest[code], label)
      sizes[code] += 1
    }
    return sizes.indices.reduce(0) { $0 + (largest[$1] > least[$1] ? sizes[$1] : 0) }
  }
}

/// A covariate of which only the commonest levels have a column.
struct CutCovariate: Sendable {
  let name: String
  /// Levels that have a column, and all.
  let kept: Int
  let levels: Int

  var sentence: String {
    "Of the \(levels) levels of \(name) only the \(kept + 1) commonest can be held fixed with so few rows, so the others may "
      + "explain the prediction; more rows or coarser levels would tell, or --ignore \(name), which the output then says."
  }
}

/// How many of `count` columns each may have that wants so many: as many as it wants, and nobody over a fair share while another
/// is short.
func sharedOut(_ count: Int, among wanted: [Int]) -> [Int] {
  var shares = wanted.map { _ in 0 }
  var left = count
  for (rank, index) in wanted.indices.sorted(by: { (wanted[$0], $0) < (wanted[$1], $1) }).enumerated() {
    shares[index] = min(wanted[index], left / (wanted.count - rank))
    left -= shares[index]
  }
  return shares
}

/// The columns that one covariate would have.
struct CovariateWish {
  let covariate: Covariate
  /// Its own columns, and how many of them before other covariates have more than that.
  let wanted: Int
  var needed: Int { levels == nil ? min(wanted, 12) : wanted }
  /// Levels, or a quarter of the rows each.
  let coarse: Partition
  /// Normal scores of a number that is not discrete.
  let normal: [Double]?
  private let levels: Partition?
  private let slopes: [[Double]]

  init(_ covariate: Covariate, rows: Int, most: Int) {
    self.covariate = covariate
    if case .numeric(let numbers) = covariate.values, !covariate.isDiscrete {
      let bins = max(2, min(most, Int(saturating: 2.1 * Double(rows).squareRoot())))
      slopes = numericSlopes(numbers, rows: rows)
      normal = slopes.count > 1 ? slopes[1] : slopes.first
      wanted = slopes.count + bins - 1
      levels = nil
      coarse = covariate.levels(bins: 4)
    } else {
      let levels = covariate.levels(bins: 2)
      (slopes, normal, wanted) = ([], nil, levels.count - 1)
      (self.levels, coarse) = (levels, levels)
    }
  }

  /// Levels, or as many bins as columns are left after the slopes.
  func partition(_ share: Int) -> Partition { levels ?? covariate.levels(bins: max(2, share - slopes.count + 1)) }

  func columns(_ share: Int) -> [[Double]] {
    let slopes = slopes.prefix(share)
    return slopes + indicators(partition(share), most: share - slopes.count)
  }

  func cut(_ kept: Int) -> CutCovariate? {
    guard let levels, kept < levels.count - 1 else { return nil }
    return CutCovariate(name: covariate.name, kept: kept, levels: levels.count)
  }
}

/// The number itself and the first powers of its normal scores; 0 where it is not known.
private func numericSlopes(_ numbers: [Double?], rows: Int) -> [[Double]] {
  let known = numbers.compactMap { $0 }
  guard known.count > 1, !isConstant(known) else { return [] }
  let normal = normalScores(known)
  let powers = rows < 60 ? 0 : rows < 200 ? 2 : 3
  let raised = (0..<powers).map { power in
    normal.map { value in (0..<power).reduce(value) { product, _ in product * value } }
  }
  return ([standardized(known)] + raised).map { values in
    var next = 0
    return numbers.map { number in
      guard number != nil else { return 0 }
      next += 1
      return values[next - 1]
    }
  }
}

/// An indicator of every level but the commonest; beyond `most` levels, of the commonest `most`.
func indicators(_ partition: Partition, most: Int) -> [[Double]] {
  let sizes = partition.sizes()
  let levels = (0..<partition.count).sorted { (sizes[$0], $1) > (sizes[$1], $0) }.dropFirst().prefix(max(0, most))
  return levels.map { level in partition.codes.map { $0 == level ? 1 : 0 } }
}

/// Phi^-1 of mid-rank / (n + 1).
func normalScores(_ values: [Double]) -> [Double] {
  let count = Double(values.count)
  return midRanks(values).map { NormalDistribution.quantile($0 / (count + 1)) }
}
