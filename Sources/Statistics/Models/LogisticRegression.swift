import RealModule

/// Logistic regression of a 0/1 label on several features, fitted by Newton's method in float64.
public struct LogisticRegression: Sendable, Equatable {
  public let intercept: Double
  /// One per feature, in log-odds per unit of the feature.
  public let coefficients: [Double]
  /// Standard errors from the inverse information matrix; of an unpenalised fit only, else `nil`.
  public let interceptStandardError: Double?
  public let coefficientStandardErrors: [Double]?
  /// Sum over rows of ln P(label), in nats, without the penalty.
  public let logLikelihood: Double

  /// Fits argmin 1/2 |w|^2 + C sum log(1 + exp(-s (w.x + b))), s = +-1, the intercept b not penalised.
  ///
  /// - Parameters:
  ///   - features: one array per row, all of the same length (0 to 2,000 features).
  ///   - labels: 1 or 0 per row.
  ///   - inverseRegularization: C, positive; `nil` fits without penalty and gives standard errors.
  /// - Throws: `StatisticsError` for no rows, unequal lengths, a value that is not finite, one class only, features
  ///   that are collinear or (without penalty) separate the classes.
  public static func fit(
    features: [[Double]], labels: [Int], inverseRegularization: Double?
  ) throws(StatisticsError) -> LogisticRegression {
    let design = try LogisticDesign(features, labels)
    if let c = inverseRegularization, !(c > 0 && c.isFinite) {
      throw StatisticsError(.invalidValue, "The inverse regularisation C is \(c); it must be a positive number.")
    }
    let solution = try LogisticNewton(design, penalty: inverseRegularization.map { 1 / $0 } ?? 0).solve()
    let errors = inverseRegularization == nil ? solution.standardErrors : nil
    return LogisticRegression(
      intercept: solution.parameters[design.width - 1],
      coefficients: Array(solution.parameters.dropLast()),
      interceptStandardError: errors?.last,
      coefficientStandardErrors: errors.map { Array($0.dropLast()) },
      logLikelihood: -solution.loss)
  }

  /// P(label = 1) of one row.
  public func probability(_ features: [Double]) -> Double {
    logistic(zip(coefficients, features).reduce(intercept) { $0 + $1.0 * $1.1 })
  }

  /// Wald's interval of a coefficient, in log-odds: w +- z * standard error; `nil` for a penalised fit.
  public func interval(ofCoefficient index: Int, confidence: Double = 0.95) -> Interval? {
    guard let errors = coefficientStandardErrors, coefficients.indices.contains(index) else { return nil }
    let variance = errors[index] * errors[index]
    return normalInterval(coefficients[index], variance: variance, confidence: confidence)
  }

  /// Wald's two-sided p-value of a coefficient; `nil` for a penalised fit.
  public func p(ofCoefficient index: Int) -> Double? {
    guard let errors = coefficientStandardErrors, coefficients.indices.contains(index) else { return nil }
    return NormalDistribution.twoSidedP(coefficients[index] / errors[index])
  }
}

/// The checked input of a fit, with the intercept as a last feature of 1.
struct LogisticDesign {
  let rows: [[Double]]
  let labels: [Int]
  let width: Int

  init(_ features: [[Double]], _ labels: [Int]) throws(StatisticsError) {
    guard let first = features.first else {
      throw StatisticsError(.empty, "There are no rows to fit a logistic regression to; give at least two.")
    }
    guard features.count == labels.count else {
      throw StatisticsError(
        .lengthMismatch, "There are \(features.count) rows of features but \(labels.count) labels; give one per row.")
    }
    guard first.count <= 2_000 else {
      throw StatisticsError(.tooLarge, "There are \(first.count) features; a logistic regression takes at most 2000.")
    }
    for (row, values) in features.enumerated() {
      try Self.check(row, values, width: first.count)
    }
    guard Set(labels) == [0, 1] else {
      throw StatisticsError(.invalidLabel, "A logistic regression needs labels 0 and 1, both of them present.")
    }
    rows = features.map { $0 + [1] }
    self.labels = labels
    width = first.count + 1
  }

  private static func check(_ row: Int, _ values: [Double], width: Int) throws(StatisticsError) {
    guard values.count == width else {
      throw StatisticsError(
        .lengthMismatch, "Row \(row) has \(values.count) features but row 0 has \(width); give each the same.", row: row
      )
    }
    guard allFinite(values) else {
      throw StatisticsError(.invalidValue, "Row \(row) has a feature that is not a finite number; remove it.", row: row)
    }
  }
}
