/// The test that estimates of several levels (letters, sources, halves of the questions) differ by more than chance.
///
/// Wald's: W = d' V^-1 d over the differences d from the last level, with the covariance of the estimates; by
/// Hotelling's T^2, W (v - k + 1) / (v k) is compared with F of k and v - k + 1 degrees of freedom, k being the levels
/// minus one and v the degrees of freedom of the covariance. I^2 is Higgins and Thompson's (2002) share of the spread
/// that is not chance, max(0, (Q - k) / Q), from Cochran's Q with the variances alone.
public struct Heterogeneity: Sendable, Equatable, Codable {
  public struct Level: Sendable, Equatable, Codable {
    public let name: String
    public let value: Double
    public let standardError: Double
  }

  public let levels: [Level]
  public let p: Double
  /// 0...1.
  public let inconsistency: Double
  /// Cochran's Q, with its p for independent levels known exactly (chi-squared of k degrees of freedom).
  public let cochranQ: Double
  public let cochranP: Double

  /// - Parameters:
  ///   - covariance: row by row.
  ///   - degreesOfFreedom: of the covariance; infinite if it is known.
  /// `nil` for fewer than two levels, a variance of 0, a singular covariance and too few degrees of freedom.
  public init?(names: [String], values: [Double], covariance: [[Double]], degreesOfFreedom df: Double = .infinity) {
    let k = values.count - 1
    guard k > 0, names.count == values.count, covariance.count == values.count, allFinite(values),
      values.indices.allSatisfy({ covariance[$0].count == values.count && covariance[$0][$0] > 0 }),
      df > Double(k) - 1, let wald = waldStatistic(values, covariance)
    else { return nil }
    levels = values.indices.map {
      Level(name: names[$0], value: values[$0], standardError: covariance[$0][$0].squareRoot())
    }
    let weights = values.indices.map { 1 / covariance[$0][$0] }
    let centre = zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    cochranQ = zip(weights, values).reduce(0) { $0 + $1.0 * ($1.1 - centre) * ($1.1 - centre) }
    cochranP = ChiSquared.upperTail(cochranQ, degreesOfFreedom: Double(k))
    inconsistency = cochranQ > 0 ? max(0, (cochranQ - Double(k)) / cochranQ) : 0
    p =
      df.isFinite
      ? FDistribution.upperTail(wald * (df - Double(k) + 1) / (df * Double(k)), Double(k), df - Double(k) + 1)
      : ChiSquared.upperTail(wald, degreesOfFreedom: Double(k))
  }

  /// One sentence for a report, e.g. `sentence(what: "AUROC", between: "letters")`.
  public func sentence(what: String, between: String, significance: Double = 0.05) -> String {
    let shown = levels.sorted { $0.value > $1.value }
    let ends = shown.count > 4 ? Array(shown.prefix(2) + shown.suffix(2)) : shown
    let list = ends.map { "\($0.name) \(fixed($0.value, 2))" }.joined(separator: ", ")
    let verb = p < significance ? "differs between \(between)" : "does not demonstrably differ between \(between)"
    let chance = p < 0.001 ? "p < 0.001" : "p = \(fixed(p))"
    return "The \(what) \(verb) (\(list); \(chance), I^2 = \(fixed(inconsistency, 2)))."
  }
}

/// Wald's statistic of "all values are equal"; `nil` if the covariance of the differences is singular.
private func waldStatistic(_ values: [Double], _ covariance: [[Double]]) -> Double? {
  let last = values.count - 1
  let differences = (0..<last).map { values[$0] - values[last] }
  let matrix = (0..<last).flatMap { a in
    (0..<last).map { covariance[a][$0] - covariance[a][last] - covariance[last][$0] + covariance[last][last] }
  }
  guard let factor = CholeskyFactor(matrix, size: last) else { return nil }
  return zip(differences, factor.solve(differences)).reduce(0) { $0 + $1.0 * $1.1 }
}
