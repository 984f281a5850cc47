/// The score's coefficient in a linear regression of the 0/1 label on score and covariates, with clustered errors: by how
/// much the probability of the behaviour changes per standard deviation of the score at fixed covariates.
///
/// Linear and not logistic, because its test is right if *either* the label's or the score's mean is linear in the covariates'
/// terms (the coefficient is the covariance of two residuals), it exists where classes are separated, and leaving a cluster out
/// costs one small solve. With `absorbed`, every part (question) has an intercept and only parts with both labels take part:
/// the comparison is within questions, as in conditional logistic regression.
///
/// The variance is the cluster jackknife CV3, (G - 1)/G sum (b_-g - b)^2, the most reliable with few clusters (MacKinnon,
/// Nielsen and Webb 2023, "Fast and reliable jackknife and bootstrap methods for cluster-robust inference"), with Student's t
/// of the effective number of clusters minus 1 minus the covariates' terms that do not vary inside clusters. Clusters that cross
/// the primary ones enter linearly (CV1); where they are held fixed by indicators, only what they add counts in the degrees of
/// freedom.
struct ClusteredRegression: Sendable {
  let coefficient: Double
  let variance: ClusteredVariance?
  /// `nil` with the variance.
  let spread: ClusterSpread?
  /// R squared of the covariates' terms alone: of the label and of the score.
  let labelShare: Double
  let scoreShare: Double

  /// Of a 0/1 label.
  init?(scores: [Double], labels: [Int], terms: [[Double]], absorbed: Partition?, clusters: Clusters) {
    self.init(
      scores: scores, outcome: labels.map(Double.init), terms: terms, absorbed: absorbed, clusters: clusters)
  }

  /// `nil` where the score is a function of the covariates (and of `absorbed`), or no row takes part.
  ///
  /// - Parameter scores: standardised.
  init?(scores: [Double], outcome: [Double], terms: [[Double]], absorbed: Partition?, clusters: Clusters) {
    let rows = absorbed.map { Self.rowsOfMixedParts($0, outcome) } ?? Array(outcome.indices)
    guard rows.count > 2 else { return nil }
    let design = RegressionDesign(
      columns: terms + [scores], outcome: outcome, rows: rows, absorbed: absorbed)
    guard let design, let whole = design.coefficient(without: nil) else { return nil }
    coefficient = whole
    (labelShare, scoreShare) = design.shares
    spread = ClusterSpread(clusters, crossedAreFixed: !terms.isEmpty) { partition in
      let deviations =
        partition == clusters.primary ? design.deviations(partition, from: whole) : design.linearDeviations(partition)
      guard let deviations else { return nil }
      let sizes = design.sizes(partition)
      let between = absorbed == nil && partition == clusters.primary ? Double(design.columnsBetween(partition)) : 0
      let df = partition.effectiveCount(weights: sizes) - 1 - between
      return ClusterSpread.Part(deviations: deviations, count: Double(sizes.count { $0 > 0 }), df: max(1, df))
    }
    variance = spread?.variance
  }

  /// 95 %; `nil` without a variance.
  var estimate: CoefficientEstimate? {
    guard let variance, variance.value > 0 else { return nil }
    let error = variance.value.squareRoot()
    let reach = criticalValue(0.95, df: variance.degreesOfFreedom) * error
    return CoefficientEstimate(
      coefficient: coefficient, low: coefficient - reach, high: coefficient + reach,
      p: StudentT.twoSidedP(coefficient / error, degreesOfFreedom: variance.degreesOfFreedom),
      degreesOfFreedom: variance.degreesOfFreedom)
  }

  /// Rows of the parts in which the outcome varies.
  private static func rowsOfMixedParts(_ partition: Partition, _ outcome: [Double]) -> [Int] {
    var first = [Double?](repeating: nil, count: partition.count)
    var varies = [Bool](repeating: false, count: partition.count)
    for (value, code) in zip(outcome, partition.codes) {
      if let known = first[code], known != value { varies[code] = true }
      first[code] = first[code] ?? value
    }
    return outcome.indices.filter { varies[partition.codes[$0]] }
  }
}

/// Rows of a regression whose last column is the one of interest, with intercept or centred inside parts, and freed of
/// columns that are combinations of others.
private struct RegressionDesign {
  private let rows: [Int]
  /// Row-major, `width` numbers a row of `rows`.
  private let x: [Double]
  private let y: [Double]
  private let width: Int
  private let gram: [Double]
  private let right: [Double]
  /// Shares of label and score that the other columns explain.
  let shares: (label: Double, score: Double)

  /// `nil` if the last column is a combination of the others.
  init?(columns: [[Double]], outcome: [Double], rows: [Int], absorbed: Partition?) {
    var kept = columns.map { column in rows.map { column[$0] } }
    var y = rows.map { outcome[$0] }
    if let absorbed {
      let codes = rows.map { absorbed.codes[$0] }
      kept = kept.map { centred($0, codes, count: absorbed.count) }
      y = centred(y, codes, count: absorbed.count)
    } else {
      kept.insert([Double](repeating: 1, count: rows.count), at: 0)
    }
    let full = Gram(kept)
    guard let independent = full.independentColumns(), independent.last == kept.count - 1 else { return nil }
    kept = independent.map { kept[$0] }
    (self.rows, self.y, width) = (rows, y, kept.count)
    x = rowMajor(kept)
    gram = Gram(kept).matrix
    right = kept.map { column in zip(column, y).reduce(0) { $0 + $1.0 * $1.1 } }
    shares = Self.shares(kept, y, gram, right, hasIntercept: absorbed == nil)
  }

  /// R squared of the columns before the last, of the outcome and of the last.
  private static func shares(
    _ columns: [[Double]], _ y: [Double], _ gram: [Double], _ right: [Double], hasIntercept: Bool
  ) -> (Double, Double) {
    let width = columns.count
    let others = width - 1
    guard others > (hasIntercept ? 1 : 0), let last = columns.last else { return (0, 0) }
    let inner = (0..<others).flatMap { row in (0..<others).map { gram[row * width + $0] } }
    guard let factor = CholeskyFactor(inner, size: others) else { return (0, 0) }
    func share(_ products: [Double], _ values: [Double]) -> Double {
      let explained = zip(products, factor.solve(products)).reduce(0) { $0 + $1.0 * $1.1 }
      let centre = hasIntercept ? mean(values) : 0
      let offset = Double(values.count) * centre * centre
      let total = values.reduce(0) { $0 + $1 * $1 } - offset
      return total > 0 ? min(1, max(0, (explained - offset) / total)) : 0
    }
    return (share(Array(right.prefix(others)), y), share((0..<others).map { gram[$0 * width + others] }, last))
  }

  /// The last coefficient of the fit; of the fit without what some rows add to the products.
  func coefficient(without removed: (gram: [Double], right: [Double])?) -> Double? {
    var matrix = gram
    var vector = right
    if let removed {
      for index in matrix.indices { matrix[index] -= removed.gram[index] }
      for index in vector.indices { vector[index] -= removed.right[index] }
    }
    return lastCoefficient(matrix, vector)
  }

  /// Gaussian elimination down to the last unknown. A column whose pivot vanishes, because only the removed rows had it, is
  /// passed over; `nil` if that is the last.
  private func lastCoefficient(_ matrix: [Double], _ vector: [Double]) -> Double? {
    var (a, b) = (matrix, vector)
    return a.withUnsafeMutableBufferPointer { a in
      for column in 0..<width - 1 {
        let pivot = a[column * width + column]
        guard pivot > 1e-9 * gram[column * width + column] else { continue }
        for row in column + 1..<width {
          let factor = a[row * width + column] / pivot
          if factor == 0 { continue }
          for k in column + 1..<width { a[row * width + k] -= factor * a[column * width + k] }
          b[row] -= factor * b[column]
        }
      }
      let last = width * width - 1
      return a[last] > 1e-9 * gram[last] ? b[width - 1] / a[last] : nil
    }
  }

  /// By part, the coefficient without its rows minus `whole`; `nil` if one part alone holds the score's variation.
  func deviations(_ partition: Partition, from whole: Double) -> [Double]? {
    let codes = Partition(codes: rows.map { partition.codes[$0] }, count: partition.count)
    let (sorted, starts) = codes.sorted(Array(rows.indices))
    var result = [Double](repeating: 0, count: partition.count)
    var removed = (gram: [Double](repeating: 0, count: width * width), right: [Double](repeating: 0, count: width))
    for part in 0..<partition.count where starts[part + 1] > starts[part] {
      for index in removed.gram.indices { removed.gram[index] = 0 }
      for index in removed.right.indices { removed.right[index] = 0 }
      for position in sorted[starts[part]..<starts[part + 1]] { add(position, to: &removed) }
      guard let without = coefficient(without: removed) else { return nil }
      result[part] = without - whole
    }
    return result
  }

  /// By part, minus its sum of score's residual times label's residual over the score's residual sum of squares, in units in
  /// which (G - 1)/G times the sum of squares is G/(G - 1) times that of the sums.
  func linearDeviations(_ partition: Partition) -> [Double]? {
    guard let (scoreResiduals, labelResiduals) = residuals() else { return nil }
    let total = scoreResiduals.reduce(0) { $0 + $1 * $1 }
    guard total > 0 else { return nil }
    var sums = [Double](repeating: 0, count: partition.count)
    for (position, row) in rows.enumerated() {
      sums[partition.codes[row]] -= scoreResiduals[position] * labelResiduals[position] / total
    }
    let count = Double(sizes(partition).count { $0 > 0 })
    guard count > 1 else { return nil }
    return sums.map { $0 * count / (count - 1) }
  }

  /// Of the last column on the others, and of the outcome on all.
  private func residuals() -> (score: [Double], label: [Double])? {
    let others = width - 1
    let inner = (0..<others).flatMap { row in (0..<others).map { gram[row * width + $0] } }
    guard let all = CholeskyFactor(gram, size: width) else { return nil }
    let weights = all.solve(right)
    var onOthers: [Double] = []
    if others > 0 {
      guard let factor = CholeskyFactor(inner, size: others) else { return nil }
      onOthers = factor.solve((0..<others).map { gram[$0 * width + others] })
    }
    var (score, label) = ([Double](), y)
    for position in rows.indices {
      let start = position * width
      score.append((0..<others).reduce(x[start + others]) { $0 - onOthers[$1] * x[start + $1] })
      label[position] -= (0..<width).reduce(0) { $0 + weights[$1] * x[start + $1] }
    }
    return (score, label)
  }

  private func add(_ position: Int, to sums: inout (gram: [Double], right: [Double])) {
    let start = position * width
    for a in 0..<width {
      let value = x[start + a]
      if value == 0 { continue }
      sums.right[a] += value * y[position]
      for b in 0..<width { sums.gram[a * width + b] += value * x[start + b] }
    }
  }

  /// How many rows of each part take part.
  func sizes(_ partition: Partition) -> [Double] {
    var sizes = [Double](repeating: 0, count: partition.count)
    for row in rows { sizes[partition.codes[row]] += 1 }
    return sizes
  }

  /// How many columns, besides the intercept and the last, are the same for all rows of every part.
  func columnsBetween(_ partition: Partition) -> Int {
    (1..<max(1, width - 1)).count { column in
      var value = [Double](repeating: .nan, count: partition.count)
      for (position, row) in rows.enumerated() {
        let code = partition.codes[row]
        let own = x[position * width + column]
        if value[code].isNaN { value[code] = own }
        if value[code] != own { return false }
      }
      return true
    }
  }
}

/// The products of all pairs of columns.
private struct Gram {
  let matrix: [Double]
  private let width: Int

  init(_ columns: [[Double]]) {
    width = columns.count
    var matrix = [Double](repeating: 0, count: width * width)
    for a in 0..<width {
      for b in 0...a {
        var sum = 0.0
        for row in columns[a].indices { sum += columns[a][row] * columns[b][row] }
        (matrix[a * width + b], matrix[b * width + a]) = (sum, sum)
      }
    }
    self.matrix = matrix
  }

  /// The columns that are no combination of those before them; `nil` if there are none.
  func independentColumns() -> [Int]? {
    var a = matrix
    var independent: [Int] = []
    for column in 0..<width {
      let pivot = a[column * width + column]
      guard pivot > 1e-9 * matrix[column * width + column], pivot > 0 else { continue }
      independent.append(column)
      for row in column + 1..<max(width, column + 1) {
        let factor = a[row * width + column] / pivot
        for k in column + 1..<width { a[row * width + k] -= factor * a[column * width + k] }
      }
    }
    return independent.isEmpty ? nil : independent
  }
}

private func centred(_ values: [Double], _ codes: [Int], count: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: count)
  var sizes = sums
  for (value, code) in zip(values, codes) {
    sums[code] += value
    sizes[code] += 1
  }
  return zip(values, codes).map { $0 - sums[$1] / sizes[$1] }
}

private func rowMajor(_ columns: [[Double]]) -> [Double] {
  let count = columns.first?.count ?? 0
  var result = [Double](repeating: 0, count: count * columns.count)
  for (index, column) in columns.enumerated() {
    for row in 0..<count { result[row * columns.count + index] = column[row] }
  }
  return result
}
