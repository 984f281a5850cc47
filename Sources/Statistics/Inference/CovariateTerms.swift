import RealModule

/// Covariates as columns of a regression, without an intercept, and as strata to compare rows inside.
///
/// A categorical covariate is an indicator a level. A numeric one of up to 12 distinct values is categorical; of more, it
/// enters by indicators of up to 50 bins of as many rows each (16 of 100 rows, 20 of 120 to 500), by itself and by the first
/// three powers of its normal scores, so that steps, straight lines and bends are all followed. Pairs of categorical covariates enter by their products while there are rows enough.
struct CovariateTerms: Sendable {
  /// Column by column.
  private(set) var columns: [[Double]] = []
  let covariates: [Covariate]
  /// By covariate, its levels or bins.
  let partitions: [Partition]
  /// By covariate, its levels or a quarter of the rows each: what rows are compared inside of.
  private let coarse: [Partition]

  /// The most columns that rows allow: a quarter of them, 150, 20,000,000 numbers in all, and what a jackknife over as many
  /// clusters as rows solves in seconds.
  static func mostColumns(rows: Int) -> Int {
    let solvable = Int(Double.root(1.2e10 / Double(max(rows, 1)), 3))
    return max(1, min(rows / 4, 150, 20_000_000 / max(rows, 1), solvable))
  }

  init(_ covariates: [Covariate], rows: Int) {
    self.covariates = covariates
    let most = Self.mostColumns(rows: rows)
    let bins = Self.bins(rows, most: most / (covariates.count { $0.kind == .numeric } + 1))
    partitions = covariates.map { $0.levels(bins: bins) }
    coarse = zip(covariates, partitions).map { covariate, fine in
      covariate.kind == .numeric && !covariate.isDiscrete ? covariate.levels(bins: 4) : fine
    }
    var columns: [[Double]] = []
    for (covariate, partition) in zip(covariates, partitions) {
      columns += indicators(partition, most: most)
      if case .numeric(let numbers) = covariate.values, !covariate.isDiscrete {
        columns += Self.slopes(numbers, rows: rows)
      }
    }
    let categorical = zip(covariates, partitions).filter { $0.0.kind == .categorical || $0.0.isDiscrete }.map(\.1)
    for (index, one) in categorical.enumerated() {
      for other in categorical.dropFirst(index + 1) {
        let cells = one.crossed(with: other)
        // Products only where cells hold 10 rows on average: emptier ones would fit noise.
        guard cells.count * 10 <= rows, columns.count + cells.count <= most else { continue }
        columns += indicators(cells, most: most)
      }
    }
    self.columns = columns.count > most ? Array(columns.prefix(most)) : columns
  }

  /// 6 rows a bin up to 20 bins, then 25 rows a bin up to 50.
  private static func bins(_ rows: Int, most: Int) -> Int { max(2, min(most, 50, max(rows / 25, min(20, rows / 6)))) }

  /// The number itself and the first powers of its normal scores.
  private static func slopes(_ numbers: [Double?], rows: Int) -> [[Double]] {
    let known = numbers.compactMap { $0 }
    guard known.count > 1, !isConstant(known) else { return [] }
    let normal = normalScores(known)
    let powers =
      rows < 60
      ? []
      : rows < 200
        ? [normal, normal.map { $0 * $0 }]
        : [normal, normal.map { $0 * $0 }, normal.map { $0 * $0 * $0 }]
    return ([standardized(known)] + powers).map { values in
      var next = 0
      return numbers.map { number in
        guard number != nil else { return 0 }
        next += 1
        return values[next - 1]
      }
    }
  }

  /// The strata in which all covariates agree (numeric ones by quarters), but for those that would leave under two thirds of the
  /// rows in strata with both labels. `order` lists covariates, those that matter most first.
  func strata(labels: [Int], within: Partition?, order: [Int]) -> (partition: Partition, used: [Int])? {
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

  private func rowsInMixed(_ partition: Partition, _ labels: [Int]) -> Int {
    var counts = [(rows: Int, positives: Int)](repeating: (0, 0), count: partition.count)
    for (row, code) in partition.codes.enumerated() {
      counts[code].rows += 1
      counts[code].positives += labels[row]
    }
    return counts.reduce(0) { $0 + ($1.positives > 0 && $1.positives < $1.rows ? $1.rows : 0) }
  }
}

/// An indicator of every level but the commonest; beyond `most` levels, of the commonest `most`.
private func indicators(_ partition: Partition, most: Int) -> [[Double]] {
  let sizes = partition.sizes()
  let levels = (0..<partition.count).sorted { (sizes[$0], $1) > (sizes[$1], $0) }.dropFirst().prefix(most)
  return levels.map { level in partition.codes.map { $0 == level ? 1 : 0 } }
}

/// Phi^-1 of mid-rank / (n + 1).
func normalScores(_ values: [Double]) -> [Double] {
  let count = Double(values.count)
  return midRanks(values).map { NormalDistribution.quantile($0 / (count + 1)) }
}

extension Covariate {
  /// Numbers of up to this many distinct values are taken as categories: turns, counts, Likert answers.
  static let mostDiscreteValues = 12

  var isDiscrete: Bool {
    guard case .numeric(let numbers) = values else { return false }
    var seen: Set<Double?> = []
    for number in numbers where seen.insert(number).inserted && seen.count > Self.mostDiscreteValues { return false }
    return true
  }

  /// Its levels, or bins of as many rows each; rows where it is not known are a level.
  func levels(bins: Int) -> Partition {
    switch values {
    case .categorical(let names): Partition(names)
    case .numeric(let numbers) where isDiscrete: Partition(numbers.map { $0.map { "\($0)" } ?? "" })
    case .numeric(let numbers): Self.binned(numbers, bins)
    }
  }

  private static func binned(_ numbers: [Double?], _ bins: Int) -> Partition {
    let ranks = midRanks(numbers.compactMap { $0 })
    var next = 0
    let names = numbers.map { number in
      guard number != nil else { return "" }
      next += 1
      return "\(min(bins - 1, Int((ranks[next - 1] - 0.5) / Double(ranks.count) * Double(bins))))"
    }
    return Partition(names)
  }

  var distinctValues: Int {
    switch values {
    case .categorical(let names): Set(names).count
    case .numeric(let numbers): Set(numbers).count
    }
  }
}
