import Foundations
import RealModule

extension Measures {
  /// The Brier score: mean of (probability - label)^2, in 0...1, smaller is better.
  /// `nil` without rows or if a probability is not in 0...1.
  public static func brierScore(probabilities: [Double], labels: [Int]) -> Double? {
    guard areProbabilities(probabilities, labels) else { return nil }
    return zip(probabilities, labels).reduce(0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) }
      / Double(labels.count)
  }

  /// The log loss in nats: mean of -(y ln p + (1 - y) ln(1 - p)), p cut to [2^-52, 1 - 2^-52].
  /// `nil` without rows or if a probability is not in 0...1.
  public static func logLoss(probabilities: [Double], labels: [Int]) -> Double? {
    guard areProbabilities(probabilities, labels) else { return nil }
    let smallest = Double.ulpOfOne
    let total = zip(probabilities, labels).reduce(0) { sum, row in
      let p = min(max(row.0, smallest), 1 - smallest)
      return sum - (row.1 == 1 ? Double.log(p) : Double.log(onePlus: -p))
    }
    return total / Double(labels.count)
  }

  /// The expected calibration error: rows sorted into `bins` bins of equal width by min(floor(bins * p), bins - 1),
  /// then the mean over rows of |mean probability - mean label| of the row's bin.
  /// `nil` without rows, if a probability is not in 0...1 or unless `bins` is in 1...1,000,000.
  public static func expectedCalibrationError(probabilities: [Double], labels: [Int], bins: Int = 10) -> Double? {
    guard areProbabilities(probabilities, labels), (1...1_000_000).contains(bins) else { return nil }
    var gap = [Double](repeating: 0, count: bins)  // sum of probability - label
    for (p, label) in zip(probabilities, labels) {
      gap[min(Int(saturating: Double(bins) * p), bins - 1)] += p - Double(label)
    }
    return gap.reduce(0) { $0 + abs($1) } / Double(labels.count)
  }

  private static func areProbabilities(_ values: [Double], _ labels: [Int]) -> Bool {
    precondition(values.count == labels.count, "probabilities and labels must have the same length")
    return !values.isEmpty && values.allSatisfy { $0 >= 0 && $0 <= 1 }
  }
}
