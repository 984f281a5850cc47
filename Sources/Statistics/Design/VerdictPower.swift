import Foundations

/// How many groups (questions) an experiment needs for the verdict `supported`, by simulating the verdict's own rule.
///
/// Experiments have `ClusteredExperiment`'s form: the given AUROC, and score and label each alike inside a group by the given
/// correlation. The share of `supported` grows with groups G about as Phi(a sqrt(G) - z); a is fitted to what was simulated and
/// the next G taken from it, until the simulated power is the wanted one. No covariates are simulated: those that share much
/// with the score cost more groups.
public struct VerdictPower: Sendable, Equatable {
  public let experiment: ClusteredExperiment
  public let comparisons: Int
  public let seed: UInt64

  /// Beyond this many rows an experiment is not simulated.
  private static let mostRows = 200_000
  private static let fewestGroups = 10

  public init(_ analysis: PowerAnalysis, comparisons: Int = 1, seed: UInt64 = 0) {
    experiment = ClusteredExperiment(
      groups: 0, rowsPerGroup: max(1, Int(analysis.rowsPerGroup.rounded())), positiveRate: analysis.positiveRate,
      labelCorrelation: analysis.correlation, scoreCorrelation: analysis.correlation, separation: analysis.auroc)
    (self.comparisons, self.seed) = (max(1, comparisons), seed)
  }

  /// The share of simulated experiments that are supported.
  public func power(groups: Int, experiments: Int = 400) throws -> Double {
    var recipe = experiment
    recipe.groups = groups
    guard recipe.isPossible else {
      throw StatisticsError(
        .invalidValue, "An experiment of \(groups) groups of \(recipe.rowsPerGroup) rows is too large.")
    }
    let supported = try ParallelMap.map(experiments, workers: 4) { [recipe, comparisons, seed] index in
      var generator = SeededGenerator(seed: seed &+ UInt64(index) &* 0x9E37_79B9)
      let drawn = recipe.draw(using: &generator)
      let rows = try ScoredRows(scores: drawn.scoresOfLayer[0], labels: drawn.labels, groups: drawn.groups)
      let audit = try Audit(
        candidates: [AuditCandidate(name: "score", rows: rows)], comparisons: comparisons,
        permutations: max(100, 50 * comparisons), seed: generator.next())
      return audit.verdict == .supported && audit.direction == .positive
    }
    return Double(supported.count { $0 }) / Double(experiments)
  }

  /// The fewest groups, about, with which the verdict is `supported` with the wanted power, and the power simulated there.
  ///
  /// `nil` if as many would have over 200,000 rows.
  public func groupsNeeded(power wanted: Double = 0.8, experiments: Int = 400) throws -> (groups: Int, power: Double)? {
    let z = -NormalDistribution.quantile(0.02 / Double(comparisons))
    let goal = NormalDistribution.quantile(wanted)
    var groups = Self.fewestGroups * 2
    var best: (groups: Int, power: Double)?
    for _ in 0..<7 {
      guard groups * experiment.rowsPerGroup <= Self.mostRows else { return best }
      let found = try power(groups: groups, experiments: experiments)
      if found >= wanted, groups < best?.groups ?? .max { best = (groups, found) }
      // Shares of 0 and 1 have no quantile; half an experiment stands for them.
      let share = min(1 - 0.5 / Double(experiments), max(0.5 / Double(experiments), found))
      let slope = max(0.05, NormalDistribution.quantile(share) + z) / Double(groups).squareRoot()
      let root = (goal + z) / slope
      let next = max(Self.fewestGroups, Int((root * root).rounded(.up)))
      if found >= wanted, next >= groups * 97 / 100 { return best }
      // Only what misses the goal is raised by at least one group.
      groups = found < wanted ? max(groups + 1, next) : min(groups - 1, next)
      if groups < Self.fewestGroups { return best }
    }
    return best
  }
}
