import Foundations

/// Does the 95 % interval cover the truth 95 % of the time, and how often is an effect called supported? Measured by
/// simulation.
public struct CalibrationResult: Sendable, Equatable, Codable {
  public let experiment: ClusteredExperiment
  public let experiments: Int
  /// Experiments in which the first layer had a 95 % interval.
  public let intervals: Int
  /// Of those, how many hold the population AUROC, lie above it, lie below it.
  public let covering: Int
  public let above: Int
  public let below: Int
  /// `nil` without an interval.
  public let meanWidth: Double?
  /// Audits of all layers by verdict; 0 where no audit was asked for.
  public let supported: Int
  public let explained: Int
  public let absent: Int
  public let cannotTell: Int

  /// The share of intervals that hold the population AUROC; `nil` without an interval.
  public var coverage: Double? { intervals == 0 ? nil : Double(covering) / Double(intervals) }
  /// The share of all experiments whose verdict is `supported`: without an effect the false-positive rate.
  public var supportedRate: Double { Double(supported) / Double(experiments) }
}

public enum Calibration {
  /// Draws `experiments` experiments and judges each as real data would be.
  ///
  /// - Parameters:
  ///   - layers: how many layers the audit compares, 1...1,000.
  ///   - permutations: per audit; 0 leaves the audits out.
  ///   - groupsKnown: `false` withholds the groups, to see what that costs.
  /// - Throws: `StatisticsError` for an impossible recipe or count.
  ///
  /// The rows of all experiments together may take minutes: time grows with experiments * layers * permutations * rows.
  public static func run(
    _ experiment: ClusteredExperiment, experiments: Int, layers: Int = 1, permutations: Int = 0,
    groupsKnown: Bool = true,
    seed: UInt64 = 0
  ) throws(StatisticsError) -> CalibrationResult {
    try check(experiment, experiments, layers)
    var generator = SeededGenerator(seed: seed)
    var tally = CalibrationTally(experiment)
    for _ in 0..<experiments {
      let drawn = experiment.draw(layers: layers, using: &generator)
      var candidates: [AuditCandidate] = []
      for (layer, scores) in drawn.scoresOfLayer.enumerated() {
        let rows = try ScoredRows(scores: scores, labels: drawn.labels, groups: groupsKnown ? drawn.groups : nil)
        candidates.append(AuditCandidate(name: "layer \(layer)", rows: rows))
      }
      tally.add(candidates[0].rows.tableInterval)
      guard permutations > 0 else { continue }
      tally.add(
        try Judgement(candidates, permutations: permutations, seed: generator.next()).verdict)
    }
    return tally.result(experiments: experiments)
  }

  private static func check(
    _ experiment: ClusteredExperiment, _ experiments: Int, _ layers: Int
  ) throws(StatisticsError) {
    guard experiment.isPossible, (1...10_000_000).contains(experiments), (1...1_000).contains(layers) else {
      throw StatisticsError(
        .invalidValue,
        "The simulation is impossible: rates must lie between 0 and 1 and all counts must be positive and not huge.")
    }
  }

  /// What docs/calibration.md reports: 10, 30 and 100 groups, independent to wholly alike inside, equal and unequal
  /// sizes, balanced and rare positives, continuous and tied scores, without effect and with one.
  public static let standardExperiments: [ClusteredExperiment] = [10, 30, 100].flatMap { groups in
    [
      ClusteredExperiment(groups: groups, labelCorrelation: 0, scoreCorrelation: 0),
      ClusteredExperiment(groups: groups),
      ClusteredExperiment(groups: groups, unequalSizes: true),
      ClusteredExperiment(groups: groups, unequalSizes: true, positiveRate: 0.2, tieStep: 1),
      ClusteredExperiment(groups: groups, labelCorrelation: 0.6, scoreCorrelation: 0.5),
      ClusteredExperiment(groups: groups, labelCorrelation: 1, scoreCorrelation: 0.5),
      ClusteredExperiment(groups: groups, unequalSizes: true, labelCorrelation: 1, scoreCorrelation: 0.5),
      ClusteredExperiment(groups: groups, separation: 0.75),
      ClusteredExperiment(groups: groups, unequalSizes: true, separation: 0.75),
      ClusteredExperiment(
        groups: groups, positiveRate: 0.3, labelCorrelation: 0.6, scoreCorrelation: 0.5, separation: 0.9),
      ClusteredExperiment(groups: groups, rowsPerGroup: 1, labelCorrelation: 0, scoreCorrelation: 0),
      ClusteredExperiment(
        groups: groups, rowsPerGroup: 1, labelCorrelation: 0, scoreCorrelation: 0, separation: 0.75),
    ]
  }
}

private struct CalibrationTally {
  let experiment: ClusteredExperiment
  var intervals = 0
  var covering = 0
  var above = 0
  var width = 0.0
  var verdicts: [Verdict: Int] = [:]

  init(_ experiment: ClusteredExperiment) { self.experiment = experiment }

  mutating func add(_ interval: Interval?) {
    guard let interval else { return }
    let truth = experiment.populationAUROC
    intervals += 1
    covering += interval.contains(truth) ? 1 : 0
    above += interval.low > truth ? 1 : 0
    width += interval.high - interval.low
  }

  mutating func add(_ verdict: Verdict) { verdicts[verdict, default: 0] += 1 }

  func result(experiments: Int) -> CalibrationResult {
    CalibrationResult(
      experiment: experiment, experiments: experiments, intervals: intervals, covering: covering, above: above,
      below: intervals - covering - above, meanWidth: intervals == 0 ? nil : width / Double(intervals),
      supported: verdicts[.supported, default: 0], explained: verdicts[.explained, default: 0],
      absent: verdicts[.absent, default: 0], cannotTell: verdicts[.cannotTell, default: 0])
  }
}
