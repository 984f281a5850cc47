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

  @Test func theFoundingResultWithItsQuestionsCannotBeTold() throws {
    let audit = try Audit(candidates: try candidates(SeedResult.anthropic, groups: SeedResult.groups()))
    #expect(audit.verdict == .cannotTell)
    #expect(
      audit.reason
        == "The label is 98.6 % explained by which of 2 questions was asked (287 of 288 labels follow from it); "
        + "within questions the AUROC cannot be estimated, as only 1 of them has both labels.")
  }

  @Test func withoutQuestionsTheOrderOfLabelsRaisesTheAlarm() throws {
    let audit = try Audit(candidates: try candidates(SeedResult.anthropic))
    #expect(audit.verdict == .cannotTell)
    #expect(audit.findings.filter { $0.severity == .blocking }.map(\.name) == ["label order"])
    #expect(audit.reason.hasPrefix("The labels come in blocks: 4 runs where random order has 144.0"))
  }

  @Test func truthfulQAIsNotSupportedOnceTheComparisonsAreCounted() throws {
    let names = SeedResult.truthfulQA
    let groups = (0..<100).map { "question \($0)" }
    for layers in [[names[0], names[1]], names] {
      let audit = try Audit(candidates: try candidates(layers, groups: groups))
      #expect(audit.verdict == .notSupported)
      #expect(audit.best == "Zephyr_TruthfulQA_continuation_30")
      #expect(audit.comparisons == layers.count)
      #expect(audit.reason.contains("corrected for \(layers.count) comparisons"))
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

  @Test func aRealEffectIsSupported() throws {
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

  @Test func perfectSeparationOverManyQuestionsIsSupported() throws {
    let drawn = realEffect(layers: 1)
    let rows = try ScoredRows(scores: drawn.labels.map(Double.init), labels: drawn.labels, groups: drawn.groups)
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 4", rows: rows)])
    #expect(audit.verdict == .supported)
    let predictivity = Predictivity(rows, permutations: 100)
    #expect(predictivity.auroc == 1 && predictivity.aurocHigh == 1)
    #expect((0.75..<1).contains(try #require(predictivity.aurocLow)))
  }

  @Test func aScoreThatReadsTheLetterIsNotSupported() throws {
    var generator = SeededGenerator(seed: 43)
    let drawn = realEffect(layers: 1)
    // The letter follows the label in 80 % of rows, and the score knows the letter only.
    let letters = drawn.labels.map { label in (generator.uniform() < 0.8) == (label == 1) ? "B" : "A" }
    let scores = letters.map { ($0 == "B" ? 1.0 : 0) + 0.3 * generator.normal() }
    let rows = try ScoredRows(scores: scores, labels: drawn.labels, groups: drawn.groups, letters: letters)
    let audit = try Audit(
      candidates: [AuditCandidate(name: "layer 9", rows: rows)],
      baselines: [AuditBaseline(name: "answer letter", scores: letters.map { $0 == "B" ? 1 : 0 }, isTrivial: true)])
    #expect(audit.verdict == .notSupported)
    let against = audit.findings.filter { $0.severity == .against }.map(\.name)
    #expect(against == ["within answer letters", "baseline: answer letter"])
  }

  @Test func aScoreThatRandomVectorsReachIsNotSupported() throws {
    let audit = try Audit(
      candidates: try candidates(realEffect()),
      nulls: [AuditNull(name: "random vectors", aurocs: Array(repeating: 0.9, count: 20))])
    #expect(audit.verdict == .notSupported)
    #expect(audit.reason.hasPrefix("20 of 20 null values (random vectors) reach the AUROC"))
  }

  @Test func aScoreThatSomeRandomVectorsReachIsNothingSpecial() throws {
    let nulls = (0..<100).map { $0 < 10 ? 0.95 : 0.5 }
    let audit = try Audit(
      candidates: try candidates(realEffect()),
      nulls: [AuditNull(name: "random vectors", aurocs: nulls, isDecisive: false)])
    #expect(audit.verdict == .supported)
    let finding = try #require(audit.findings.first { $0.name == "null: random vectors" })
    #expect(
      finding.severity == .warning
        && finding.sentence.hasSuffix("the vector is nothing special, many directions predict as well."))
  }

  @Test func anInvertedScoreIsNotSupported() throws {
    let drawn = realEffect(layers: 1)
    let rows = try ScoredRows(
      scores: drawn.scoresOfLayer[0].map { -$0 }, labels: drawn.labels, groups: drawn.groups)
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 30", rows: rows)])
    #expect(audit.verdict == .notSupported)
    #expect(audit.reason.hasSuffix("lies below 0.5: the prediction is inverted."))
  }

  @Test func aLabelThatIsTheLetterCannotBeTold() throws {
    let drawn = realEffect(layers: 1)
    let audit = try Audit(
      candidates: try candidates(drawn, letters: drawn.labels.map { $0 == 1 ? "A" : "B" }))
    #expect(audit.verdict == .cannotTell)
    #expect(audit.reason.hasPrefix("The label is 100.0 % explained by the answer letter"))
  }

  @Test func unusableScoresCannotBeTold() throws {
    let rows = try ScoredRows(scores: [.nan] + (1..<40).map(Double.init), labels: (0..<40).map { $0 % 2 })
    let audit = try Audit(candidates: [AuditCandidate(name: "layer 1", rows: rows)])
    #expect(audit.verdict == .cannotTell)
    #expect(audit.reason == "1 score of 40 is not a finite number (the first in row 0), so no measure is given.")
    #expect(audit.best == nil)
  }

  @Test func candidatesOfOtherRowsAreRefused() throws {
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
