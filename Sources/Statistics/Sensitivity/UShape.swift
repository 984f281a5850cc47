/// Whether the label depends on the score, but not monotonically: first down and then up, or the reverse.
///
/// The label is regressed on u and u^2, u the score's mid-rank as a share of the rows minus 1/2, with errors clustered by
/// group. A quadratic term alone may only mean that a rise levels off; so, after Lind and Mehlum 2010, both ends must
/// slope away from each other: the slopes at u = -1/2 and u = 1/2 have different signs, and p is the larger of their
/// one-sided p (Student's t, groups - 1). An AUROC or a rank correlation does not see such a dependence.
public struct UShape: Sendable, Equatable, Codable {
  public enum Shape: String, Sendable, Equatable, Codable {
    /// High at both ends.
    case valley
    /// High in the middle.
    case hill
    /// The fitted parabola rises or falls throughout.
    case monotonic
  }

  public let shape: Shape
  /// Of the test that both ends slope away from each other; 1 for `monotonic`.
  public let p: Double
  /// Of the quadratic term alone, two-sided.
  public let quadraticP: Double
  /// The fitted label at the lowest, the middle and the highest score.
  public let fitted: [Double]
  /// The share of the label's variance that the parabola explains.
  public let varianceExplained: Double

  /// `nil` for fewer than three groups, fewer than three distinct scores, a constant label or a value that is not finite.
  /// Without groups every row is its own.
  public init?(scores: [Double], labels: [Double], groups: [String]? = nil) {
    precondition(scores.count == labels.count && (groups.map { $0.count == labels.count } ?? true), "lengths differ")
    let clusters = groups.map { Partition($0) } ?? .rows(labels.count)
    guard allFinite(scores), allFinite(labels), !isConstant(labels), clusters.count > 2 else { return nil }
    let n = Double(scores.count)
    let u = midRanks(scores).map { ($0 - 0.5) / n - 0.5 }
    guard let fit = ClusteredLeastSquares(columns: [u, u.map { $0 * $0 }], y: labels, groups: clusters),
      let covariance = fit.covariance
    else { return nil }
    let b = fit.coefficients
    let slopes = [-0.5, 0.5].map { end in
      let variance = covariance[0][0] + 4 * end * covariance[0][1] + 4 * end * end * covariance[1][1]
      return (b[0] + 2 * end * b[1]) / variance.squareRoot()
    }
    let quadratic = b[1] / covariance[1][1].squareRoot()
    guard allFinite(slopes + [quadratic]) else { return nil }
    let df = fit.degreesOfFreedom
    quadraticP = StudentT.twoSidedP(quadratic, degreesOfFreedom: df)
    shape = slopes[0] * slopes[1] >= 0 ? .monotonic : slopes[0] < 0 ? .valley : .hill
    p =
      shape == .monotonic
      ? 1 : slopes.map { StudentT.twoSidedP($0, degreesOfFreedom: df) / 2 }.max() ?? 1
    fitted = [-0.5, 0, 0.5].map { b[2] + b[0] * $0 + b[1] * $0 * $0 }
    let values = u.map { b[2] + b[0] * $0 + b[1] * $0 * $0 }
    varianceExplained = min(1, sumOfSquares(values) / sumOfSquares(labels))
  }

  /// One sentence, `nil` unless p is below the significance.
  public func sentence(significance: Double = 0.05) -> String? {
    guard p < significance, shape != .monotonic else { return nil }
    let place =
      shape == .valley ? "at low and at high scores than in between" : "in between than at low and at high scores"
    return "The label depends on the score, but not monotonically: it is higher \(place) (\(fixed(fitted[0], 2)), "
      + "\(fixed(fitted[1], 2)) and \(fixed(fitted[2], 2)) at the lowest, middle and highest score, p \(smallP)); an AUROC "
      + "cannot show that."
  }

  private var smallP: String { p < 0.001 ? "< 0.001" : "= \(fixed(p, 2))" }
}
