import Foundations
import Testing

@testable import Statistics

@Suite("The audit says what the data allow to be said")
struct AuditTests {
  private func candidates(_ names: [String], groups: [String]? = nil) throws -> [AuditCandidate] {
    try names.map { name in
      let seed = try SeedResult(name)
      return AuditCandidate(
        name: name, rows: try ScoredRows(scores: seed.scores, labels: seed.labels, groups: groups))
    }
  }

  @Test("The founding result with its questions cannot be told")
  func theFoundingResultWithItsQuestionsCannotBeTold() throws {
    let audit = try Audit(candidates: try candidates(SeedResult.anthropic, groups: SeedResult.groups()))
    #expect(audit.verdict == .cannotTell)
    #expect(
      audit.reason
        == "The label is 98.6 % explained by which of 2 questions was asked (287 of 288 labels follow from it); "
        + "within questions the AUROC cannot be estimated, as only 1 of them has both labels.")
  }

  @Test("Without questions the order of labels raises the alarm")
  func withoutQuestionsTheOrderOfLabelsRaisesTheAlarm() throws {
    let audit = try Audit(candidates: try candidates(SeedResult.anthropic))
    #expect(audit.verdict == .cannotTell)
    #expect(audit.findings.filter { $0.severity == .blocking }.map(\.name) == ["label order"])
    #expect(audit.reason.hasPrefix("The labels come in blocks: 4 runs where random order has 144.0"))
  }

  @Test("None of the founding scores is supported alone", arguments: SeedResult.anthropic)
  func noneOfTheFoundingScoresIsSupportedAlone(name: String) throws {
    #expect(try Audit(candidates: try candidates([name], groups: SeedResult.groups())).verdict == .cannotTell)
    #expect(try Audit(candidates: try candidates([name])).verdict != .supported)
  }

  @Test("Truthful QA is not supported once the comparisons are counted")
  func truthfulQAIsNotSupportedOnceTheComparisonsAreCounted() throws {
    let names = SeedResult.truthfulQA
    let groups = (0..<100).map { "question \($0)" }
    for layers in [[names[0], names[1]], names] {
      let audit = try Audit(candidates: try candidates(layers, groups: groups))
      #expect(audit.verdict == .cannotTell)
      #expect(audit.comparisons == layers.count)
      #expect(audit.reason.contains("once \(layers.count) comparisons are counted"))
    }
  }

  /// 40 questions of 8 rows, an effect both inside and between them.
  private func realEffect(layers: Int = 3) -> SimulatedRows {
    var generator = SeededGenerator(seed: 41)
    return ClusteredExperiment(groups: 40, rowsPerGroup: 8, separation: 0.8).draw(layers: layers, using: &generator)
  }

  private func candidates(_ drawn: SimulatedRows, letters: [String]? = nil) throws -> [AuditCandidate] {
    try drawn.scoresOfLayer.enumerated().map { layer, scores in
      AuditCandidate(
        name: "layer \(layer)",
        rows: try ScoredRows(scores: scores, labels: drawn.labels, groups: drawn.groups, letters: letters))
    }
  }

  @Test("A real effect is supported")
  func aRealEffectIsSupported() throws {
    var generator = SeededGenerator(seed: 42)
    let drawn = realEffect()
    let letters = drawn.labels.map { _ in generator.index(below: 2) == 0 ? "A" : "B" }
    let length = drawn.labels.map { _ in generator.normal() }
    let audit = try Audit(
      candidates: try candidates(drawn, letters: letters),
      baselines: [AuditBaseline(name: "prompt length", scores: length, isTrivial: true)],
      nulls: [AuditNull(name: "random vectors", aurocs: (0..<50).map { 0.4 + 0.004 * Double($0) })],
      geometry: [AuditGeometry(name: "cosine with the letter direction", value: 0.12)], seed: 1)
    #expect(audit.verdict == .supported)
    #expect(!audit.findings.contains { $0.severity == .against || $0.severity == .blocking })
    #expect(audit.findings.map(\.severity) == audit.findings.map(\.severity).sorted())
    #expect(audit.findings.last?.sentence == "cosine with the letter direction: 0.120.")
  }

  @Test("Perfect separation over many questions is supported")
  func perfectSeparationOverManyQuestionsIsSupported() throws {
    let drawn = realEffect(layers: 1)
    let rows = try ScoredRows(scores: drawn.labels.map(Double.init), labels: drawn.labels, groups: drawn.groups)
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 4", rows: rows)])
    #expect(audit.verdict == .supported)
    let predictivity = Predictivity(rows, permutations: 100)
    #expect(predictivity.auroc == 1 && predictivity.aurocHigh == 1)
    #expect((0.75..<1).contains(try #require(predictivity.aurocLow)))
  }

  @Test("A score that reads the letter is not supported")
  func aScoreThatReadsTheLetterIsNotSupported() throws {
    var generator = SeededGenerator(seed: 43)
    let drawn = realEffect(layers: 1)
    // The letter follows the label in 80 % of rows, and the score knows the letter only.
    let letters = drawn.labels.map { label in (generator.uniform() < 0.8) == (label == 1) ? "B" : "A" }
    let scores = letters.map { ($0 == "B" ? 1.0 : 0) + 0.3 * generator.normal() }
    let rows = try ScoredRows(scores: scores, labels: drawn.labels, groups: drawn.groups, letters: letters)
    let audit = try Audit(
      candidates: [AuditCandidate(name: "layer 9", rows: rows)],
      baselines: [AuditBaseline(name: "answer letter", scores: letters.map { $0 == "B" ? 1 : 0 }, isTrivial: true)])
    #expect(audit.verdict == .explained)
    #expect(audit.reason.contains("but answer letter explains it"))
    let letter = try #require(audit.covariates.first)
    #expect(letter.name == "answer letter" && letter.levels == 2)
    #expect(try #require(letter.low) < 0 && #require(letter.high) > 0)
  }

  @Test("Whether the vector is special is asked apart from the verdict")
  func whetherTheVectorIsSpecialIsAskedApartFromTheVerdict() throws {
    func audit(_ nulls: [Double]) throws -> Audit {
      try Audit(candidates: try candidates(realEffect()), nulls: [AuditNull(name: "random vectors", aurocs: nulls)])
    }
    let unspecific = try audit((0..<100).map { $0 < 10 ? 0.05 : 0.5 })
    #expect(unspecific.verdict == .supported && unspecific.specificity == .unspecific)
    let finding = try #require(unspecific.finding("null: random vectors"))
    #expect(finding.severity == .warning && finding.sentence.hasPrefix("10.0 % of random vectors predict equally well"))
    #expect(try audit(Array(repeating: 0.55, count: 100)).specificity == .specific)
    #expect(try audit(Array(repeating: 0.55, count: 10)).specificity == .untested)
  }

  @Test("At the ceiling null vectors say nothing")
  func atTheCeilingNullVectorsSayNothing() throws {
    let drawn = realEffect(layers: 1)
    let rows = try ScoredRows(scores: drawn.labels.map(Double.init), labels: drawn.labels, groups: drawn.groups)
    let nulls = AuditNull(name: "random vectors", aurocs: (0..<100).map { $0 % 2 == 0 ? 1 : 0.6 })
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 4", rows: rows)], nulls: [nulls])
    #expect(audit.verdict == .supported && audit.specificity == .atCeiling)
  }

  @Test("An inverted score is supported and called inverted")
  func anInvertedScoreIsSupportedAndCalledInverted() throws {
    let drawn = realEffect(layers: 1)
    let rows = try ScoredRows(
      scores: drawn.scoresOfLayer[0].map { -$0 }, labels: drawn.labels, groups: drawn.groups)
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 30", rows: rows)])
    #expect(audit.verdict == .supported && audit.direction == .inverted)
  }

  @Test("No effect in many rows is absent and in few cannot be told")
  func noEffectInManyRowsIsAbsentAndInFewCannotBeTold() throws {
    var generator = SeededGenerator(seed: 44)
    func verdict(groups: Int, smallest: Double = 0.05) throws -> Verdict {
      let drawn = ClusteredExperiment(groups: groups).draw(using: &generator)
      let rows = try ScoredRows(scores: drawn.scoresOfLayer[0], labels: drawn.labels, groups: drawn.groups)
      var options = AuditOptions()
      options.smallestEffect = smallest
      let candidates = [AuditCandidate(name: "layer 1", rows: rows)]
      return try Audit(candidates: candidates, permutations: 100, options: options).verdict
    }
    #expect(try verdict(groups: 400) == .absent)
    #expect(try verdict(groups: 400, smallest: 0.001) == .cannotTell)
    #expect(try verdict(groups: 20) == .cannotTell)
  }

  @Test("A supported prediction says how strong a confounder would have to be")
  func aSupportedPredictionSaysHowStrongAConfounderWouldHaveToBe() throws {
    let audit = try Audit(candidates: try candidates(realEffect(layers: 1)))
    let sensitivity = try #require(audit.sensitivity)
    let robustness = try #require(sensitivity.robustness)
    #expect(try #require(sensitivity.eValue).value > 1.5)
    #expect((0.1..<0.9).contains(robustness.value) && robustness.ofInterval < robustness.value)
    #expect(audit.finding("sensitivity")?.sentence.contains("of what is left of both the score and the label") == true)
    let inverted = try Audit(
      candidates: try candidates(realEffect(layers: 1)).map { candidate in
        AuditCandidate(name: candidate.name, rows: try candidate.rows.scored(by: candidate.rows.scores.map { -$0 }))
      })
    expectClose(inverted.sensitivity?.robustness?.value, robustness.value, relative: 1e-9)
  }

  @Test("A remainder too small to matter is no survival")
  func aRemainderTooSmallToMatterIsNoSurvival() throws {
    var generator = SeededGenerator(seed: 47)
    let letters = (0..<40_000).map { _ in generator.index(below: 2) }
    let labels = letters.map { letter in generator.uniform() < (letter == 1 ? 0.75 : 0.25) ? 1 : 0 }
    // Beside the letter the score has an AUROC of about 0.51: of 40,000 rows it differs from 0.5, but not by what matters.
    let scores = labels.indices.map { 2 * Double(letters[$0]) + 0.04 * Double(labels[$0]) + generator.normal() }
    let rows = try ScoredRows(
      scores: scores, labels: labels, groups: labels.indices.map { "q\($0 / 100)" }, letters: letters.map { "\($0)" })
    func verdict(smallest: Double) throws -> Verdict {
      var options = AuditOptions()
      options.smallestEffect = smallest
      let candidates = [AuditCandidate(name: "score", rows: rows)]
      return try Judgement(candidates, permutations: 50, seed: 0, options: options).verdict
    }
    #expect(try verdict(smallest: 0.05) == .explained)
    #expect(try verdict(smallest: 0) == .supported)
  }

  @Test("What was ignored and what differs invisibly is said")
  func whatWasIgnoredAndWhatDiffersInvisiblyIsSaid() throws {
    let drawn = realEffect(layers: 1)
    let groups = drawn.groups.enumerated().map { $0.offset == 3 ? $0.element + " " : $0.element }
    let rows = try ScoredRows(scores: drawn.scoresOfLayer[0], labels: drawn.labels, groups: groups)
    var options = AuditOptions()
    (options.ignored, options.plan) = (["length"], .asPlanned)
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 1", rows: rows)], options: options)
    #expect(audit.ignored == ["length"] && audit.plan == .asPlanned)
    #expect(audit.finding("ignored columns")?.sentence.contains("The column length was left out on request") == true)
    #expect(audit.finding("invisible differences: group")?.number == 1)
    options.smallestEffect = 0.5
    #expect(throws: StatisticsError.self) {
      try Audit(candidates: [AuditCandidate(name: "layer 1", rows: rows)], options: options)
    }
  }

  @Test("A column that looks like the question is not overlooked")
  func aColumnThatLooksLikeTheQuestionIsNotOverlooked() throws {
    let drawn = realEffect(layers: 1)
    let column = Covariate(name: "question_id", values: .categorical(drawn.groups))
    let rows = try ScoredRows(scores: drawn.scoresOfLayer[0], labels: drawn.labels, covariates: [column])
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 1", rows: rows)])
    #expect(audit.verdict == .cannotTell)
    #expect(audit.finding("unnamed groups")?.sentence.contains("leave the column question_id out") == true)
  }

  @Test("A label that is the letter cannot be told")
  func aLabelThatIsTheLetterCannotBeTold() throws {
    let drawn = realEffect(layers: 1)
    let audit = try Audit(
      candidates: try candidates(drawn, letters: drawn.labels.map { $0 == 1 ? "A" : "B" }))
    #expect(audit.verdict == .cannotTell)
    #expect(audit.reason.hasPrefix("The label is 100.0 % explained by the answer letter"))
  }

  @Test("Unusable scores cannot be told")
  func unusableScoresCannotBeTold() throws {
    let rows = try ScoredRows(scores: [.nan] + (1..<40).map(Double.init), labels: (0..<40).map { $0 % 2 })
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 1", rows: rows)])
    #expect(audit.verdict == .cannotTell)
    #expect(audit.reason == "1 score of 40 is not a finite number (the first in row 0), so no measure is given.")
    #expect(audit.best == nil)
  }

  @Test("Candidates of other rows are refused")
  func candidatesOfOtherRowsAreRefused() throws {
    let a = try ScoredRows(scores: [1, 2], labels: [0, 1])
    let b = try ScoredRows(scores: [1, 2], labels: [1, 0])
    #expect(throws: StatisticsError.self) { try Audit(candidates: []) }
    #expect(throws: StatisticsError.self) {
      try Audit(candidates: [AuditCandidate(name: "a", rows: a), AuditCandidate(name: "b", rows: b)])
    }
    #expect(throws: StatisticsError.self) {
      try Audit(
        candidates: [AuditCandidate(name: "a", rows: a)],
        baselines: [AuditBaseline(name: "length", scores: [1], isTrivial: true)])
    }
  }
}
