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
  public let options: AuditOptions
  public let seed: UInt64

  /// How many groups are enough.
  public enum Answer: Sendable, Equatable {
    /// With the power simulated there.
    case groups(Int, power: Double)
    /// As many as are needed would have over 200,000 rows, which are not simulated.
    case tooManyRows
    /// So many groups were simulated and had less than the wanted power.
    case notReached(Int, power: Double)
  }

  private static let mostRows = 200_000
  private static let fewestGroups = 10

  public init(_ analysis: PowerAnalysis, comparisons: Int = 1, options: AuditOptions = AuditOptions(), seed: UInt64 = 0)
  {
    experiment = ClusteredExperiment(
      groups: 0, rowsPerGroup: max(1, Int(saturating: analysis.rowsPerGroup.rounded())),
      positiveRate: analysis.positiveRate,
      labelCorrelation: analysis.correlation, scoreCorrelation: analysis.correlation, separation: analysis.auroc)
    (self.comparisons, self.options, self.seed) = (max(1, comparisons), options, seed)
  }

  /// The share of simulated experiments that are supported.
  public func power(groups: Int, experiments: Int = 400) throws -> Double {
    var recipe = experiment
    recipe.groups = groups
    guard recipe.isPossible else {
      throw StatisticsError(
        .invalidValue, "An experiment of \(groups) groups of \(recipe.rowsPerGroup) rows is too large.")
    }
    let supported = try ParallelMap.map(experiments, workers: 4) { [recipe, comparisons, options, seed] index in
      var generator = SeededGenerator(seed: seed &+ UInt64(index) &* 0x9E37_79B9)
      let drawn = recipe.draw(using: &generator)
      let rows = try ScoredRows(scores: drawn.scoresOfLayer[0], labels: drawn.labels, groups: drawn.groups)
      let judgement = try Judgement(
        [AuditCandidate(name: "score", rows: rows)], comparisons: comparisons,
        permutations: max(100, 50 * comparisons), seed: generator.next(), options: options)
      return judgement.verdict == .supported && judgement.direction == .positive
    }
    return Double(supported.count { $0 }) / Double(experiments)
  }

  /// The fewest groups, about, with which the verdict is `supported` with the wanted power.
  public func groupsNeeded(power wanted: Double = 0.8, experiments: Int = 400) throws -> Answer {
    let z = -NormalDistribution.quantile(0.02 / Double(comparisons))
    let goal = NormalDistribution.quantile(wanted)
    var groups = Self.fewestGroups * 2
    var enough: (groups: Int, power: Double)?
    var short = (groups: 0, power: 0.0)
    func answer() -> Answer {
      enough.map { .groups($0.groups, power: $0.power) } ?? .notReached(short.groups, power: short.power)
    }
    for _ in 0..<7 {
      guard groups * experiment.rowsPerGroup <= Self.mostRows else { return enough == nil ? .tooManyRows : answer() }
      let found = try power(groups: groups, experiments: experiments)
      if found >= wanted, groups < enough?.groups ?? .max { enough = (groups, found) }
      if found < wanted, groups > short.groups { short = (groups, found) }
      // Shares of 0 and 1 have no quantile; half an experiment stands for them.
      let share = min(1 - 0.5 / Double(experiments), max(0.5 / Double(experiments), found))
      let slope = max(0.05, NormalDistribution.quantile(share) + z) / Double(groups).squareRoot()
      let root = (goal + z) / slope
      let next = max(Self.fewestGroups, Int(saturating: (root * root).rounded(.up)))
      if found >= wanted, next >= groups * 97 / 100 { return answer() }
      // Only what misses the goal is raised by at least one group.
      groups = found < wanted ? max(groups + 1, next) : min(groups - 1, next)
      if groups < Self.fewestGroups { return answer() }
    }
    return answer()
  }
}
