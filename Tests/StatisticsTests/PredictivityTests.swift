import Foundations
import Testing

@testable import Statistics

@Suite("Predictivity measures a table of rows and warns of what makes it doubtful")
struct PredictivityTests {
  @Test("A small table is measured as by hand")
  func aSmallTableIsMeasuredAsByHand() throws {
    // Pairs (positive, negative): 3>1, 3>2, 2.5>1, 2.5>2, so all 4 are ordered.
    let rows = try ScoredRows(
      scores: [1, 3, 2, 2.5], labels: [0, 1, 0, 1], groups: ["a", "a", "b", "b"], letters: ["A", "A", "A", "B"])
    let predictivity = Predictivity(rows)
    #expect(predictivity.auroc == 1)
    #expect(predictivity.aurocWithinGroup == 1)
    // A: 1 of 3 positive, B: 1 of 1. Pairs: (A, A) ties twice, (B, A) is ordered twice: 3 of 4.
    #expect(predictivity.letterAUROC == 0.75)
    // Each group orders its labels in 2 ways; both or neither as observed are equally extreme: 2 of 4.
    #expect(abs((predictivity.pPermutation ?? 0) - 0.5) < 0.05)
  }

  @Test("Within groups only pairs of one group count")
  func withinGroupsOnlyPairsOfOneGroupCount() {
    // Across groups the score separates perfectly; inside them it is inverted (a) or tied (b), with 1 and 2 pairs.
    let within = Measures.withinGroupAUROC(
      scores: [2, 1, 9, 9, 9, 5], labels: [0, 1, 1, 0, 0, 1], groups: ["a", "a", "b", "b", "b", "c"])
    #expect(within == WithinGroupAUROC(auroc: (0 * 1 + 0.5 * 2) / 3, mixedGroups: 2, pairs: 3))
    #expect(Measures.withinGroupAUROC(scores: [1, 2], labels: [0, 1], groups: ["a", "b"]) == nil)
  }

  @Test("The share of label variance explained is one minus within over total")
  func theShareOfLabelVarianceExplainedIsOneMinusWithinOverTotal() throws {
    // Rates 3/4 and 1/4: within 2 * 4 * 3/16 = 1.5 of 8 * 1/4 = 2.
    let share = Measures.labelVarianceExplained(
      labels: [1, 1, 1, 0, 0, 0, 0, 1], by: ["x", "x", "x", "x", "y", "y", "y", "y"])
    expectClose(share, 0.25)
    #expect(Measures.labelVarianceExplained(labels: [1, 1], by: ["x", "y"]) == nil)
  }

  @Test("One class is a sentence and no numbers")
  func oneClassIsASentenceAndNoNumbers() throws {
    let predictivity = Predictivity(
      try ScoredRows(scores: (0..<12).map(Double.init), labels: Array(repeating: 1, count: 12)))
    #expect(predictivity.auroc == nil)
    #expect(predictivity.pPermutation == nil)
    #expect(predictivity.warnings == ["All 12 rows have label 1, so nothing can be predicted or measured."])
  }

  @Test("A score that is not finite is a sentence and no numbers", arguments: [Double.nan, .infinity, -.infinity])
  func aScoreThatIsNotFiniteIsASentenceAndNoNumbers(_ bad: Double) throws {
    var scores = (0..<12).map(Double.init)
    scores[4] = bad
    let labels = (0..<12).map { $0 % 2 }
    let predictivity = Predictivity(try ScoredRows(scores: scores, labels: labels, groups: labels.map { "g\($0)" }))
    #expect(predictivity.auroc == nil)
    #expect(predictivity.aurocLow == nil)
    #expect(predictivity.aurocWithinGroup == nil)
    #expect(predictivity.pointBiserial == nil)
    #expect(predictivity.spearman == nil)
    #expect(predictivity.pPermutation == nil)
    #expect(
      predictivity.warnings.first
        == "1 score of 12 is not a finite number (the first in row 4), so no measure is given.")
  }

  @Test("Tied scores and few rows are warned of")
  func tiedScoresAndFewRowsAreWarnedOf() throws {
    let predictivity = Predictivity(try ScoredRows(scores: [2, 2, 2], labels: [0, 1, 1]))
    #expect(predictivity.auroc == 0.5)
    #expect(predictivity.pPermutation == 1)
    #expect(
      predictivity.warnings == [
        "All 3 scores are equal (2.0), so they cannot tell the labels apart.",
        "There are only 3 rows; under 10 no interval can be relied on.",
      ])
  }

  @Test("A label that is the letter is warned of")
  func aLabelThatIsTheLetterIsWarnedOf() throws {
    let labels = (0..<40).map { $0 % 2 }
    let letters = labels.map { $0 == 1 ? "B" : "A" }
    let predictivity = Predictivity(
      try ScoredRows(scores: labels.map(Double.init), labels: labels, letters: letters))
    #expect(predictivity.letterAUROC == 1)
    #expect(
      predictivity.warnings == [
        "The label is 100.0 % explained by the answer letter (40 of 40 labels follow from it); "
          + "a score that reads the letter would predict it as well."
      ])
  }

  @Test("Two pure groups can show nothing")
  func twoPureGroupsCanShowNothing() throws {
    let labels = (0..<40).map { $0 / 20 }
    let rows = try ScoredRows(scores: labels.map(Double.init), labels: labels, groups: labels.map { "q\($0)" })
    #expect(PermutationTest(rows)?.p == 1)
    #expect(PermutationTest(rows)?.scheme == .betweenGroups)
    // Without groups the same rows look like 40 independent ones.
    let blind = try ScoredRows(scores: rows.scores, labels: labels)
    #expect((PermutationTest(blind)?.p ?? 1) < 0.001)
  }

  @Test("The interval of the table is that of the audit")
  func theIntervalOfTheTableIsThatOfTheAudit() throws {
    var generator = SeededGenerator(seed: 10)
    let labels = (0..<60).map { _ in generator.index(below: 2) }
    let scores = labels.map { 0.5 * Double($0) + generator.normal() }
    let groups = labels.indices.map { "\($0 / 3)" }
    let kinds = try [
      ScoredRows(scores: scores, labels: labels),
      ScoredRows(scores: scores, labels: labels, groups: labels.indices.map { "\($0)" }),
      ScoredRows(scores: scores, labels: labels, groups: groups),
      ScoredRows(scores: scores, labels: labels, groups: groups, families: labels.indices.map { "f\($0 / 6)" }),
    ]
    let lows = try kinds.map { rows in
      let table = Predictivity(rows, permutations: 10)
      let audit = try Audit(candidates: [AuditCandidate(name: "score", rows: rows)], permutations: 10)
      #expect(table.aurocLow == audit.across?.low && table.aurocHigh == audit.across?.high)
      return try #require(table.aurocLow)
    }
    #expect(lows[0] == lows[1] && Set(lows).count == 3)
    // Templates that move label and score widen both.
    let template = Covariate(name: "template", values: .categorical(labels.indices.map { "t\($0 % 4)" }))
    let moved = labels.indices.map { [1, labels[$0], 0, labels[$0]][$0 % 4] }
    let shifted = scores.indices.map { scores[$0] + [2, 0, -2, 0][$0 % 4] }
    let plain = try ScoredRows(scores: shifted, labels: moved, groups: groups)
    let crossed = try ScoredRows(scores: shifted, labels: moved, groups: groups, covariates: [template])
    let audit = try Audit(candidates: [AuditCandidate(name: "score", rows: crossed)], permutations: 10)
    let interval = try #require(crossed.tableInterval)
    #expect(audit.across?.low == interval.low && audit.across?.high == interval.high)
    #expect(try interval.low < #require(plain.tableInterval).low)
  }

  @Test("The same seed gives the same p")
  func theSameSeedGivesTheSameP() throws {
    var generator = SeededGenerator(seed: 9)
    let labels = (0..<50).map { _ in generator.index(below: 2) }
    let rows = try ScoredRows(scores: labels.map { 0.3 * Double($0) + generator.normal() }, labels: labels)
    #expect(PermutationTest(rows, seed: 1) == PermutationTest(rows, seed: 1))
    #expect(PermutationTest(rows, seed: 1) != PermutationTest(rows, seed: 2))
  }

  @Test("Invalid rows are refused with a sentence")
  func invalidRowsAreRefusedWithASentence() {
    #expect(throws: StatisticsError(.empty, "There are no rows to judge; give at least one score and label.")) {
      try ScoredRows(scores: [], labels: [])
    }
    #expect(
      throws: StatisticsError(
        .invalidLabel, "The label of row 1 is 2; write 1 for the behaviour and 0 for its absence.", row: 1)
    ) {
      try ScoredRows(scores: [0, 0], labels: [0, 2])
    }
    #expect(
      throws: StatisticsError(.lengthMismatch, "There are 2 labels but 1 values of group; give one per row.")
    ) {
      try ScoredRows(scores: [0, 0], labels: [0, 1], groups: ["a"])
    }
  }
}
