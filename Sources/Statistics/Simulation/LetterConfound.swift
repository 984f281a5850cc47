import Foundations

/// Simulated experiments in which the score knows nothing but the answer letter, and the letter goes with the label: the
/// artefact that looks most like a prediction.
public struct LetterConfound: Sendable, Equatable, Codable {
  public var groups: Int
  public var rowsPerGroup: Int
  /// The share of rows whose letter is "B" exactly if their label is 1; 0.5 is no confounding, 1 a complete one.
  public var letterShare: Double
  /// The standard deviation of the score around 1 for "B" and 0 for "A".
  public var noise: Double

  public init(groups: Int = 40, rowsPerGroup: Int = 8, letterShare: Double, noise: Double = 0.5) {
    self.groups = groups
    self.rowsPerGroup = rowsPerGroup
    self.letterShare = letterShare
    self.noise = noise
  }

  /// One experiment, with the letters or with them withheld.
  func draw(lettersKnown: Bool, using generator: inout SeededGenerator) throws(StatisticsError) -> ScoredRows {
    let drawn = ClusteredExperiment(groups: groups, rowsPerGroup: rowsPerGroup).draw(using: &generator)
    var letters: [String] = []
    var scores: [Double] = []
    for label in drawn.labels {
      let follows = generator.uniform() < letterShare
      letters.append(follows == (label == 1) ? "B" : "A")
      scores.append((letters.last == "B" ? 1 : 0) + noise * generator.normal())
    }
    return try ScoredRows(
      scores: scores, labels: drawn.labels, groups: drawn.groups, letters: lettersKnown ? letters : nil)
  }
}

extension Calibration {
  /// The share of confounded experiments that the audit calls supported, each of which is a false positive.
  ///
  /// - Throws: `StatisticsError` for an impossible recipe or count.
  public static func falselySupported(
    _ confound: LetterConfound, lettersKnown: Bool, experiments: Int, permutations: Int = 300, seed: UInt64 = 0
  ) throws(StatisticsError) -> Double {
    let rows = ClusteredExperiment(groups: confound.groups, rowsPerGroup: confound.rowsPerGroup)
    guard rows.isPossible, (0...1).contains(confound.letterShare), confound.noise >= 0, confound.noise.isFinite,
      (1...10_000_000).contains(experiments), (1...1_000_000).contains(permutations)
    else {
      throw StatisticsError(
        .invalidValue, "The simulation is impossible: the share must lie between 0 and 1 and counts must be positive.")
    }
    var generator = SeededGenerator(seed: seed)
    var supported = 0
    for _ in 0..<experiments {
      let rows = try confound.draw(lettersKnown: lettersKnown, using: &generator)
      let candidates = [AuditCandidate(name: "layer 0", rows: rows)]
      let judgement = try Judgement(candidates, permutations: permutations, seed: generator.next())
      supported += judgement.verdict == .supported ? 1 : 0
    }
    return Double(supported) / Double(experiments)
  }
}
