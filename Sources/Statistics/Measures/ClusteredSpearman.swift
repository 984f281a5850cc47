import Foundations

/// Spearman's rank correlation of rows whose groups are alike, with an interval from whole groups drawn with replacement.
///
/// The interval is the percentile interval of the cluster bootstrap (Field and Welsh 2007, "Bootstrapping clustered data").
public struct ClusteredSpearman: Sendable, Equatable {
  public let coefficient: Double
  public let rows: Int
  public let groups: Int
  private let replicates: [Double]
  private let undefined: Int

  /// - Parameter count: draws, 1...100,000; each costs O(rows log rows).
  /// `nil` if a side does not vary or a value is not finite, and for a count out of range.
  public init?(_ x: [Double], _ y: [Double], groups: [String], count: Int = 1_000, seed: UInt64 = 0) {
    precondition(x.count == y.count && groups.count == x.count, "arrays must have the same length")
    guard (1...100_000).contains(count), let whole = Measures.spearman(x, y) else { return nil }
    (coefficient, rows) = (whole.coefficient, x.count)
    let members = Dictionary(grouping: x.indices, by: { groups[$0] }).values.sorted { $0[0] < $1[0] }
    self.groups = members.count
    var generator = SeededGenerator(seed: seed)
    var drawn: [Double] = []
    for _ in 0..<count {
      let rows = members.indices.flatMap { _ in members[generator.index(below: members.count)] }
      if let own = Measures.spearman(rows.map { x[$0] }, rows.map { y[$0] }) { drawn.append(own.coefficient) }
    }
    (replicates, undefined) = (drawn, count - drawn.count)
  }

  /// `nil` for fewer than six groups, and if more than a tenth of the draws did not vary.
  public func interval(confidence: Double = 0.95) -> Interval? {
    guard groups >= 6, undefined <= replicates.count / 9, confidence > 0, confidence < 1 else { return nil }
    let sorted = replicates.sorted()
    return Interval(low: quantile(sorted, (1 - confidence) / 2), high: quantile(sorted, (1 + confidence) / 2))
  }
}
