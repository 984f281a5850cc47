/// Measures of how well a score predicts a label, on plain arrays.
///
/// Everywhere `labels` holds 1 for the behaviour (a positive) and 0 for its absence, `scores[i]` and `labels[i]`
/// belong to row i, and arrays of different lengths are a programming error (checked). A measure that is undefined
/// for its input is `nil`; every one is `nil` for no rows and for a score that is NaN or infinite.
public enum Measures {}

/// A correlation coefficient and its two-sided p-value (`nil` where the sample is too small to have one).
public struct Correlation: Sendable, Equatable, Codable {
  public let coefficient: Double
  public let p: Double?
}

/// A test statistic, its degrees of freedom and its two-sided p-value.
public struct TTest: Sendable, Equatable {
  public let t: Double
  public let degreesOfFreedom: Double
  public let p: Double
}

/// The scores of the two classes, scaled by a power of two so that their squares neither overflow nor vanish: for statistics
/// that do not depend on the scale.
struct ClassScores {
  let positives: [Double]
  let negatives: [Double]

  /// `nil` if a score is not finite or a class is empty.
  init?(_ scores: [Double], _ labels: [Int]) {
    precondition(scores.count == labels.count, "scores and labels must have the same length")
    guard allFinite(scores) else { return nil }
    let scores = scaledToOne(scores)
    positives = zip(scores, labels).filter { $0.1 == 1 }.map(\.0)
    negatives = zip(scores, labels).filter { $0.1 != 1 }.map(\.0)
    if positives.isEmpty || negatives.isEmpty { return nil }
  }
}

func allFinite(_ values: [Double]) -> Bool { values.allSatisfy(\.isFinite) }

/// Whether there is at most one distinct value. Asked exactly, because a computed variance of equal values may not be 0.
func isConstant<T: Equatable>(_ values: [T]) -> Bool {
  guard let first = values.first else { return true }
  return values.allSatisfy { $0 == first }
}

func mean(_ values: [Double]) -> Double {
  values.reduce(0, +) / Double(values.count)
}

/// The sum of squared deviations from the mean, in two passes so that a large offset does not cancel.
func sumOfSquares(_ values: [Double]) -> Double {
  let centre = mean(values)
  return values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
}
