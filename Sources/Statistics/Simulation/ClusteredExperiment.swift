import Foundations

/// A recipe for simulated experiments with a known truth: rows in groups, alike inside a group, and a population AUROC
/// that is exact, so that intervals and verdicts can be checked against it.
///
/// Row r of group g has label 1 with probability `positiveRate`, drawn through a latent normal of which the group holds
/// the share `labelCorrelation`. Its score is sqrt(scoreCorrelation) u_g + sqrt(1 - scoreCorrelation) e_r + shift * label
/// with standard normal u and e, rounded to multiples of `tieStep` if that is positive. Group effects of label and score
/// are independent, so a positive and a negative of different groups differ by the shift alone.
public struct ClusteredExperiment: Sendable, Equatable, Codable {
  public var groups: Int
  /// Mean number of rows of a group.
  public var rowsPerGroup: Int
  /// Whether sizes vary (geometric, from 1 on) or are all equal.
  public var unequalSizes: Bool
  public var positiveRate: Double
  /// The correlation of two rows' latent labels inside a group, 0...1; at 1 every group has one label.
  public var labelCorrelation: Double
  /// The correlation of two rows' scores inside a group, 0...1.
  public var scoreCorrelation: Double
  /// The AUROC before rounding, strictly inside 0...1; 0.5 is no effect.
  public var separation: Double
  /// The grid that scores are rounded to, in standard deviations of the score; 0 for none.
  public var tieStep: Double

  public init(
    groups: Int, rowsPerGroup: Int = 10, unequalSizes: Bool = false, positiveRate: Double = 0.5,
    labelCorrelation: Double = 0.2, scoreCorrelation: Double = 0.2, separation: Double = 0.5, tieStep: Double = 0
  ) {
    self.groups = groups
    self.rowsPerGroup = rowsPerGroup
    self.unequalSizes = unequalSizes
    self.positiveRate = positiveRate
    self.labelCorrelation = labelCorrelation
    self.scoreCorrelation = scoreCorrelation
    self.separation = separation
    self.tieStep = tieStep
  }

  /// The distance of the class means in standard deviations: AUROC = Phi(shift / sqrt 2).
  private var shift: Double { 2.0.squareRoot() * NormalDistribution.quantile(separation) }

  /// Whether the recipe can be followed: shares in their ranges, 1 to 20,000,000 rows, a grid that is not absurdly fine.
  public var isPossible: Bool {
    (1...1_000_000).contains(groups) && (1...100_000).contains(rowsPerGroup)
      && groups * rowsPerGroup <= ScoredRows.maximumRows
      && positiveRate > 0 && positiveRate < 1 && separation > 0 && separation < 1
      && labelCorrelation >= 0 && labelCorrelation <= 1 && scoreCorrelation >= 0 && scoreCorrelation <= 1
      && (tieStep == 0 || (0.001...100).contains(tieStep))
  }

  /// The probability that a positive scores above a negative of another group, ties one half.
  public var populationAUROC: Double {
    precondition(isPossible, "ask isPossible first")
    guard tieStep > 0 else { return separation }
    // Sums the grid points within 9 standard deviations of either mean.
    let reach = Int(saturating: (9 + abs(shift)) / tieStep) + 1
    return (-reach...reach).reduce(0.0) { sum, point in
      let centre = Double(point) * tieStep
      let positive = cellProbability(centre, mean: shift)
      let below = NormalDistribution.cumulative(centre - tieStep / 2)
      return sum + positive * (below + cellProbability(centre, mean: 0) / 2)
    }
  }

  private func cellProbability(_ centre: Double, mean: Double) -> Double {
    NormalDistribution.cumulative(centre + tieStep / 2 - mean)
      - NormalDistribution.cumulative(centre - tieStep / 2 - mean)
  }

  /// One experiment: a score per layer and row, the layers' scores correlated by `layerCorrelation`.
  public func draw(
    layers: Int = 1, layerCorrelation: Double = 0.5, using generator: inout SeededGenerator
  ) -> SimulatedRows {
    precondition(isPossible, "ask isPossible first")
    let sizes = (0..<max(groups, 1)).map { _ in drawSize(&generator) }
    let groupOfRow = sizes.enumerated().flatMap { [Int](repeating: $0.offset, count: $0.element) }
    let labels = correlatedNormals(groupOfRow, correlation: labelCorrelation, &generator)
      .map { $0 < NormalDistribution.quantile(positiveRate) ? 1 : 0 }
    let common = correlatedNormals(groupOfRow, correlation: scoreCorrelation, &generator)
    let scores = (0..<max(layers, 1)).map { _ in
      let own = correlatedNormals(groupOfRow, correlation: scoreCorrelation, &generator)
      return labels.indices.map { row in
        let noise = layerCorrelation.squareRoot() * common[row] + (1 - layerCorrelation).squareRoot() * own[row]
        return rounded(noise + shift * Double(labels[row]))
      }
    }
    return SimulatedRows(scoresOfLayer: scores, labels: labels, groups: groupOfRow.map { "group \($0)" })
  }

  private func drawSize(_ generator: inout SeededGenerator) -> Int {
    guard unequalSizes, rowsPerGroup > 1 else { return max(rowsPerGroup, 1) }
    var size = 1
    while size < 50 * rowsPerGroup, generator.uniform() > 1 / Double(rowsPerGroup) { size += 1 }
    return size
  }

  private func rounded(_ score: Double) -> Double {
    tieStep > 0 ? (score / tieStep).rounded() * tieStep : score
  }
}

/// One simulated experiment.
public struct SimulatedRows: Sendable, Equatable {
  /// One array of scores (one per row) for each layer.
  public let scoresOfLayer: [[Double]]
  public let labels: [Int]
  public let groups: [String]
}

/// Standard normals, one per row, two of the same group correlated by `correlation`.
private func correlatedNormals(
  _ groupOfRow: [Int], correlation: Double, _ generator: inout SeededGenerator
) -> [Double] {
  let effects = (0...(groupOfRow.last ?? 0)).map { _ in generator.normal() }
  return groupOfRow.map { group in
    correlation.squareRoot() * effects[group] + (1 - correlation).squareRoot() * generator.normal()
  }
}
