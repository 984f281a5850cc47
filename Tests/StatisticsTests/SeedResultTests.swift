import Testing

@testable import Statistics

@Suite("The founding experiment's scores are measured, and its flaw is named")
struct SeedResultTests {
  @Test("The measures equal those of scikit learn and sci py", arguments: SeedResult.anthropic + SeedResult.truthfulQA)
  func theMeasuresEqualThoseOfScikitLearnAndSciPy(_ name: String) throws {
    let seed = try SeedResult(name)
    let rows = try ScoredRows(scores: seed.scores, labels: seed.labels)
    let predictivity = Predictivity(rows, permutations: 200)
    #expect(predictivity.n == seed.expected.n)
    #expect(predictivity.positives == seed.expected.positives)
    expectClose(predictivity.auroc, seed.expected.auroc)
    expectClose(predictivity.pointBiserial?.coefficient, seed.expected.pointBiserialR)
    expectClose(predictivity.pointBiserial?.p, seed.expected.pValue, relative: 1e-7)
  }

  @Test("With its groups the warning says that the label is the question", arguments: SeedResult.anthropic)
  func withItsGroupsTheWarningSaysThatTheLabelIsTheQuestion(_ name: String) throws {
    let seed = try SeedResult(name)
    let rows = try ScoredRows(scores: seed.scores, labels: seed.labels, groups: SeedResult.groups())
    let predictivity = Predictivity(rows, permutations: 200)
    #expect(predictivity.groups == 2)
    // One question holds 1 positive of 133 rows, the other 155 of 155:
    // unexplained variance 1 * 132/133 of 156 * 132/288, so 98.6 % are explained.
    #expect(
      predictivity.warnings == [
        "The label is 98.6 % explained by which of 2 questions was asked (287 of 288 labels follow from it); "
          + "within questions the AUROC cannot be estimated, as only 1 of them has both labels.",
        "The rows come from only 2 questions, and rows of one question are not independent: the sample is 2, not 288.",
      ])
    // Only one group has a negative, so no clustered interval exists.
    #expect(predictivity.aurocLow == nil)
  }

  @Test("Truthful QA has nothing to warn of")
  func truthfulQAHasNothingToWarnOf() throws {
    let seed = try SeedResult("Zephyr_TruthfulQA_prompt_13")
    let groups = seed.labels.indices.map { "question \($0)" }
    let predictivity = Predictivity(try ScoredRows(scores: seed.scores, labels: seed.labels, groups: groups))
    #expect(predictivity.warnings.isEmpty)
    #expect(predictivity.aurocWithinGroup == nil)
  }
}
