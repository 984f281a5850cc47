import Foundations
import Testing

@testable import Statistics

@Suite("Two scores of the same rows are compared group by group")
struct PairedClusteredTests {
  @Test("The variance is the jackknifes by hand")
  func theVarianceIsTheJackknifesByHand() throws {
    // Groups x, y, z of one positive and one negative each. Score A orders all 9 pairs but z's positive under x's
    // negative (8/9); score B has x's and y's positives tied with x's negative and all others right (8/9).
    let labels = [1, 0, 1, 0, 1, 0]
    let groups = ["x", "x", "y", "y", "z", "z"]
    let a: [Double] = [9, 5, 8, 1, 4, 2]
    let b: [Double] = [5, 5, 5, 1, 8, 2]
    let test = try #require(PairedClusteredAUROC(scoresA: a, scoresB: b, labels: labels, groups: groups))
    expectClose(test.aurocA, 8.0 / 9)
    expectClose(test.aurocB, 8.0 / 9)
    #expect(abs(test.difference) < 1e-15)
    // Without x: A 4/4, B 4/4. Without y: A 3/4, B 3.5/4. Without z: A 4/4, B 3/4. Differences 0, -1/8, 1/4, mean 1/24.
    // Squares around it: 1/576 + 16/576 + 25/576 = 42/576; times 2/3: 7/144.
    expectClose(test.variance, 7.0 / 144)
    expectClose(test.p, 1)
  }

  @Test("With one row per group it agrees with de long")
  func withOneRowPerGroupItAgreesWithDeLong() throws {
    var generator = SeededGenerator(seed: 21)
    let labels = (0..<400).map { _ in generator.index(below: 2) }
    let shared = labels.map { Double($0) + generator.normal() }
    let a = shared.map { $0 + 0.5 * generator.normal() }
    let b = shared.map { $0 + 1.5 * generator.normal() }
    let clustered = try #require(
      PairedClusteredAUROC(scoresA: a, scoresB: b, labels: labels, groups: labels.indices.map { "\($0)" }))
    let delong = try #require(PairedDeLong(scoresA: a, scoresB: b, labels: labels))
    expectClose(clustered.difference, delong.difference, relative: 1e-12)
    expectClose(clustered.variance, delong.variance, relative: 0.02)
    expectClose(clustered.interval().low, delong.interval().low, relative: 0.05)
  }

  @Test("Copying each row does not make the difference surer")
  func copyingEachRowDoesNotMakeTheDifferenceSurer() throws {
    var generator = SeededGenerator(seed: 22)
    let labels = (0..<60).map { _ in generator.index(below: 2) }
    let a = labels.map { Double($0) + generator.normal() }
    let b = labels.map { 0.3 * Double($0) + generator.normal() }
    let copies = (0..<600).map { $0 / 10 }
    let once = try #require(
      PairedClusteredAUROC(scoresA: a, scoresB: b, labels: labels, groups: labels.indices.map { "\($0)" }))
    let tenfold = try #require(
      PairedClusteredAUROC(
        scoresA: copies.map { a[$0] }, scoresB: copies.map { b[$0] }, labels: copies.map { labels[$0] },
        groups: copies.map { "\($0)" }))
    expectClose(tenfold.p, once.p, relative: 1e-9)
  }

  @Test("Without a difference the test is right nineteen times in twenty")
  func withoutADifferenceTheTestIsRightNineteenTimesInTwenty() throws {
    var generator = SeededGenerator(seed: 23)
    var rejected = 0
    for _ in 0..<400 {
      let drawn = ClusteredExperiment(groups: 30, rowsPerGroup: 6, separation: 0.7).draw(layers: 2, using: &generator)
      let test = try #require(
        PairedClusteredAUROC(
          scoresA: drawn.scoresOfLayer[0], scoresB: drawn.scoresOfLayer[1], labels: drawn.labels, groups: drawn.groups))
      rejected += (test.p ?? 1) <= 0.05 ? 1 : 0
    }
    // 20 expected, standard deviation 4.4.
    #expect((7...33).contains(rejected))
  }

  @Test("Equal orders have no p and one group per class no test")
  func equalOrdersHaveNoPAndOneGroupPerClassNoTest() throws {
    let labels = [1, 0, 1, 0]
    let scores: [Double] = [3, 2, 5, 4]
    let same = try #require(
      PairedClusteredAUROC(
        scoresA: scores, scoresB: scores.map { $0 * 2 }, labels: labels, groups: ["x", "x", "y", "y"]))
    #expect(same.variance == 0 && same.p == nil && same.difference == 0)
    #expect(
      PairedClusteredAUROC(scoresA: scores, scoresB: scores, labels: labels, groups: ["x", "y", "x", "y"]) == nil)
  }

  @Test("Differences are clustered where groups hold several rows")
  func differencesAreClusteredWhereGroupsHoldSeveralRows() throws {
    let labels = [1, 0, 1, 0, 1, 0]
    let groups = ["x", "x", "y", "y", "z", "z"]
    let a = try ScoredRows(scores: [9, 5, 8, 1, 4, 2], labels: labels, groups: groups)
    let b = try a.scored(by: [5, 5, 5, 1, 8, 2])
    let difference = try #require(AUROCDifference(a, b))
    expectClose(difference.p, 1)
    let single = try ScoredRows(scores: a.scores, labels: labels)
    let ungrouped = try #require(AUROCDifference(single, single.scored(by: b.scores)))
    let delong = PairedDeLong(scoresA: a.scores, scoresB: b.scores, labels: labels)
    #expect(ungrouped.p == delong?.p)
    #expect(AUROCDifference(a, single) == nil)
  }
}
