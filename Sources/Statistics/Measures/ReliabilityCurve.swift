import Foundations

/// How often the behaviour occurs among rows that were given about the same probability: a reliability diagram.
public struct ReliabilityCurve: Sendable, Equatable {
  public struct Bin: Sendable, Equatable {
    public let rows: Int
    public let meanProbability: Double
    /// The share of rows labelled 1.
    public let share: Double
    /// Wilson's 95 % interval of the share, as if rows were independent.
    public let interval: Interval?
  }

  /// Bins of equal width that hold rows, ascending; a probability p is in bin min(floor(bins * p), bins - 1), as for
  /// `expectedCalibrationError`.
  public let bins: [Bin]

  /// `nil` without rows or if a probability is not in 0...1.
  public init?(probabilities: [Double], labels: [Int], bins count: Int = 10) {
    precondition(probabilities.count == labels.count, "probabilities and labels must have the same length")
    guard !probabilities.isEmpty, probabilities.allSatisfy({ $0 >= 0 && $0 <= 1 }), count > 0 else { return nil }
    let rows = Dictionary(grouping: labels.indices) {
      min(Int(saturating: Double(count) * probabilities[$0]), count - 1)
    }
    bins = rows.sorted { $0.key < $1.key }.map { _, rows in
      let positives = rows.count { labels[$0] == 1 }
      return Bin(
        rows: rows.count, meanProbability: mean(rows.map { probabilities[$0] }),
        share: Double(positives) / Double(rows.count),
        interval: Proportion.wilson(successes: positives, trials: rows.count))
    }
  }
}

/// Probabilities of the label from one score, each row's by a logistic regression on the rows of other groups.
public enum HeldOutProbability {
  /// The ridge that keeps a fit finite where the score separates the labels: C of `LogisticRegression.fit`, for scores of
  /// variance 1.
  public static let inverseRegularization = 100.0

  /// Groups are dealt into folds at random; `nil` where a fold leaves one class only, or a score is not finite.
  public static func estimate(
    scores: [Double], labels: [Int], groups: [String], folds: Int = 5, seed: UInt64
  ) -> [Double]? {
    precondition(scores.count == labels.count && groups.count == labels.count, "arrays must have the same length")
    guard allFinite(scores), !isConstant(scores), folds > 1 else { return nil }
    let fold = foldOfRow(groups, folds, seed)
    let centre = mean(scores)
    let spread = (scores.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(scores.count)).squareRoot()
    let standard = scores.map { [($0 - centre) / spread] }
    var probabilities = [Double](repeating: 0, count: scores.count)
    for number in 0..<folds {
      let held = scores.indices.filter { fold[$0] == number }
      let others = scores.indices.filter { fold[$0] != number }
      guard !held.isEmpty else { continue }
      guard
        let fit = try? LogisticRegression.fit(
          features: others.map { standard[$0] }, labels: others.map { labels[$0] },
          inverseRegularization: inverseRegularization)
      else { return nil }
      for row in held { probabilities[row] = fit.probability(standard[row]) }
    }
    return probabilities
  }

  /// The fold of every row: all rows of a group share one.
  private static func foldOfRow(_ groups: [String], _ count: Int, _ seed: UInt64) -> [Int] {
    var names = Array(Set(groups)).sorted()
    var generator = SeededGenerator(seed: seed)
    generator.shuffle(&names)
    let fold = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($0.element, $0.offset % count) })
    return groups.map { fold[$0] ?? 0 }
  }
}
