/// How strong an unmeasured confounder would have to be to explain a linear coefficient away: Cinelli and Hazlett 2020.
///
/// With partial Cohen's f = |t| / sqrt(df), the robustness value (sqrt(f^4 + 4 f^2) - f^2) / 2 is the share of the residual
/// variance, of score and of label, that a confounder must explain to bring the coefficient to 0. With f - t(alpha, df - 1) /
/// sqrt(df - 1) instead of f it brings the interval to 0. R's `sensemakr` is the reference.
///
/// With clustered errors pass the clustered t; df is then the residual degrees of freedom divided by the design effect,
/// (clustered / classical standard error)^2, so that f keeps to the strength of the association and t to its evidence.
public struct RobustnessValue: Sendable, Equatable, Codable {
  /// For the estimate, 0...1.
  public let value: Double
  /// For the interval; 0 if it holds 0 already.
  public let ofInterval: Double
  /// The share of the label's residual variance that the score explains: t^2 / (t^2 + df).
  public let partialR2: Double

  /// `nil` unless t is finite and df above 1.
  public init?(t: Double, degreesOfFreedom df: Double, confidence: Double = 0.95) {
    guard t.isFinite, df > 1, df.isFinite, confidence > 0, confidence < 1 else { return nil }
    let f = abs(t) / df.squareRoot()
    value = Self.share(f)
    ofInterval = Self.share(max(0, f - criticalValue(confidence, df: df - 1) / (df - 1).squareRoot()))
    partialR2 = t * t / (t * t + df)
  }

  /// One sentence for a report.
  public var sentence: String {
    "A confounder that nobody recorded would have to explain \(fixed(100 * value, 2)) % of what is left of both the score and "
      + "the label to explain this away (\(fixed(100 * ofInterval, 2)) % to move the interval to no effect)."
  }

  private static func share(_ f: Double) -> Double {
    let square = f * f
    // For large f the difference of two large numbers: 2 f^2 / (sqrt(f^4 + 4 f^2) + f^2) says the same.
    return square == 0 ? 0 : 2 * square / ((square * square + 4 * square).squareRoot() + square)
  }
}
