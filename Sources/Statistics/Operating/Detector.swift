import Foundations

/// Several scores as one probability: a logistic regression on standardised scores, frozen.
///
/// P = 1 / (1 + exp(-(b + sum w (x - centre) / spread))), with the ridge penalty 1/2 |w|^2, so that it exists where scores
/// separate the labels or are nearly the same.
public struct Detector: Sendable, Equatable, Codable {
  /// For each score, the mean and standard deviation of the rows it was fitted to.
  public let centres: [Double]
  public let spreads: [Double]
  public let weights: [Double]
  public let intercept: Double

  /// - Parameter features: by row, one number per score.
  /// - Throws: `StatisticsError` for no rows, one label only, and a score that is not finite or constant.
  public init(features: [[Double]], labels: [Int]) throws(StatisticsError) {
    let count = features.first?.count ?? 0
    let columns = (0..<count).map { column in features.map { $0[column] } }
    centres = columns.map(mean)
    spreads = columns.map { $0.count > 1 ? (sumOfSquares($0) / Double($0.count - 1)).squareRoot() : 0 }
    if let column = spreads.firstIndex(where: { !($0 > 0) }) {
      throw StatisticsError(
        .collinear, "Score \(column + 1) is the same in every row, so it cannot separate the labels; leave it out.")
    }
    let standardised = Self.standardised(features, centres, spreads)
    let fit = try LogisticRegression.fit(features: standardised, labels: labels, inverseRegularization: 1)
    (weights, intercept) = (fit.coefficients, fit.intercept)
  }

  private static func standardised(_ features: [[Double]], _ centres: [Double], _ spreads: [Double]) -> [[Double]] {
    features.map { row in row.indices.map { (row[$0] - centres[$0]) / spreads[$0] } }
  }

  /// The log odds of a row.
  public func logOdds(_ features: [Double]) -> Double {
    features.indices.reduce(intercept) { $0 + weights[$1] * (features[$1] - centres[$1]) / spreads[$1] }
  }

  public func probability(_ features: [Double]) -> Double { logistic(logOdds(features)) }
}
