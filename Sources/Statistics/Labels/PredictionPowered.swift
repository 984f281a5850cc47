/// Rows judged twice (by the reference and by a cheaper judge) and rows judged by the judge alone, for
/// prediction-powered inference.
public struct PredictionPoweredRows: Sendable, Equatable {
  /// A numeric or 0/1 label by the reference and by the judge, one per doubly labelled row.
  public let reference: [Double]
  public let judged: [Double]
  /// By the judge, one per other row.
  public let unlabelled: [Double]
  /// Groups of the two sets of rows; a name in both is one group. Without them every row is its own.
  let groups: Partition

  /// - Throws: `StatisticsError` for fewer than two doubly labelled rows, no other row, unequal lengths or a value that is not
  ///   finite.
  public init(
    reference: [Double], judged: [Double], unlabelled: [Double], groups: [String]? = nil,
    unlabelledGroups: [String]? = nil
  ) throws(StatisticsError) {
    guard reference.count > 1, !unlabelled.isEmpty else {
      throw StatisticsError(
        .empty,
        "There are \(reference.count) doubly labelled rows and \(unlabelled.count) others; give two and one at least.")
    }
    let isWhole = (groups == nil) == (unlabelledGroups == nil)
    guard judged.count == reference.count, isWhole,
      (groups ?? unlabelledGroups).map({ _ in
        groups?.count == reference.count && unlabelledGroups?.count == unlabelled.count
      }) ?? true
    else {
      throw StatisticsError(
        .lengthMismatch, "Reference, judge and groups of the doubly labelled rows, or of the others, differ in length.")
    }
    for (name, values) in [("reference label", reference), ("judge's label", judged), ("judge's label", unlabelled)] {
      guard let row = values.firstIndex(where: { !$0.isFinite }) else { continue }
      throw StatisticsError(
        .invalidValue, "The \(name) of row \(row) is \(values[row]); write a number, or leave the row out.", row: row)
    }
    (self.reference, self.judged, self.unlabelled) = (reference, judged, unlabelled)
    if let groups, let unlabelledGroups {
      self.groups = Partition(groups + unlabelledGroups)
    } else {
      self.groups = .rows(reference.count + unlabelled.count)
    }
  }
}

/// A mean (or rate) over all rows from few reference labels and many of a judge, valid however wrong the judge is.
///
/// mean(l f, other rows) + mean(y - l f, doubly labelled rows): y the reference, f the judge, l the weight that makes the
/// variance least, cov(y, f) / ((1 + n/N) var f) cut to 0...1 (Angelopoulos et al. 2023; PPI++: Angelopoulos, Duchi and
/// Zrnic 2023; the Python package `ppi_py`). The doubly labelled rows must be a random sample of all. The variance sums
/// over groups, G/(G-1) sum (group's part)^2; Student's t by the groups of the doubly labelled rows.
public struct PredictionPoweredMean: Sendable, Equatable, Codable {
  public let value: Double
  public let low: Double?
  public let high: Double?
  public let standardError: Double?
  /// l: 0 if the judge is of no use, 1 if it is used in full.
  public let weight: Double
  /// The mean of the reference labels alone, for comparison.
  public let classical: Double

  public init(_ rows: PredictionPoweredRows) {
    let y = mean(rows.reference)
    let f = mean(rows.judged)
    let parts = PoweredParts(
      reference: rows.reference.map { $0 - y }, judged: rows.judged.map { $0 - f },
      unlabelled: rows.unlabelled.map { $0 - mean(rows.unlabelled) },
      spread: sampleVariance(rows.judged + rows.unlabelled), groups: rows.groups)
    weight = parts.weight
    value = weight * mean(rows.unlabelled) + y - weight * f
    classical = y
    standardError = parts.variance?.squareRoot()
    let reach = parts.variance.map { $0.squareRoot() * criticalValue(0.95, df: parts.degreesOfFreedom) }
    low = reach.map { [value] in value - $0 }
    high = reach.map { [value] in value + $0 }
  }
}

/// The AUROC of a score for reference labels, from few of them and many of a judge, valid however the judge errs.
///
/// l A(f, other rows) + A(y, doubly labelled) - l A(f, doubly labelled), A(labels, rows) being the area. To first order each
/// is a mean of influences (DeLong's components), so weight, variance and degrees of freedom are those of
/// `PredictionPoweredMean`; the interval is on the logit scale.
public struct PredictionPoweredAUROC: Sendable, Equatable, Codable {
  /// Cut to 0...1.
  public let value: Double
  public let low: Double?
  public let high: Double?
  public let standardError: Double?
  public let weight: Double
  /// The area for the reference labels alone.
  public let classical: Double

  /// `nil` unless both classes occur by each label and every score is finite.
  ///
  /// - Parameters:
  ///   - rows: labels 0 or 1.
  ///   - scores, unlabelledScores: of the doubly labelled rows, and of the others.
  public init?(_ rows: PredictionPoweredRows, scores: [Double], unlabelledScores: [Double]) {
    precondition(scores.count == rows.reference.count && unlabelledScores.count == rows.unlabelled.count)
    guard let reference = AreaInfluence(scores, rows.reference), let judged = AreaInfluence(scores, rows.judged),
      let unlabelled = AreaInfluence(unlabelledScores, rows.unlabelled)
    else { return nil }
    let parts = PoweredParts(
      reference: reference.values, judged: judged.values, unlabelled: unlabelled.values,
      spread: sampleVariance(judged.values + unlabelled.values), groups: rows.groups)
    weight = parts.weight
    let area = weight * unlabelled.area + reference.area - weight * judged.area
    value = min(1, max(0, area))
    classical = reference.area
    standardError = parts.variance?.squareRoot()
    let interval = parts.variance.flatMap {
      logitInterval(area, variance: $0, critical: criticalValue(0.95, df: parts.degreesOfFreedom))
    }
    (low, high) = (interval?.low, interval?.high)
  }
}

/// By row its influence on the area, with mean 0.
private struct AreaInfluence {
  let area: Double
  let values: [Double]

  init?(_ scores: [Double], _ labels: [Double]) {
    guard let components = PlacementComponents(scores: scores, labels: labels.map { $0 == 1 ? 1 : 0 }) else {
      return nil
    }
    let n = Double(labels.count)
    let (positives, negatives) = (Double(components.positives) / n, Double(components.negatives) / n)
    area = components.auroc
    values = components.values.indices.map { row in
      (components.values[row] - components.auroc) / (components.labels[row] == 1 ? positives : negatives)
    }
  }
}

/// Weight and variance from centred values of the rows.
private struct PoweredParts {
  let weight: Double
  /// `nil` for fewer than two groups with doubly labelled rows.
  let variance: Double?
  let degreesOfFreedom: Double

  init(reference: [Double], judged: [Double], unlabelled: [Double], spread: Double, groups: Partition) {
    let (n, other) = (Double(reference.count), Double(unlabelled.count))
    let product = zip(reference, judged).reduce(0) { $0 + $1.0 * $1.1 } / n
    weight = spread > 0 ? min(1, max(0, product / ((1 + n / other) * spread))) : 0
    var sums = [Double](repeating: 0, count: groups.count)
    var sizes = sums
    for row in reference.indices {
      sums[groups.codes[row]] += (reference[row] - weight * judged[row]) / n
      sizes[groups.codes[row]] += 1
    }
    for row in unlabelled.indices { sums[groups.codes[reference.count + row]] += weight * unlabelled[row] / other }
    let used = sizes.count { $0 > 0 }
    degreesOfFreedom = satterthwaite(sizes, count: used)
    let count = Double(used)
    variance = used > 1 ? count / (count - 1) * sums.reduce(0) { $0 + $1 * $1 } : nil
  }
}
