import Foundations
import Testing

@testable import Statistics

@Suite("Clustered areas treat a group, not a row, as the unit")
struct ClusteredTests {
  let scores: [Double] = [3, 2, 1, 2]
  let labels = [1, 1, 0, 0]

  @Test("With one row per group the variance is nearly de longs")
  func withOneRowPerGroupTheVarianceIsNearlyDeLongs() throws {
    var generator = SeededGenerator(seed: 11)
    let labels = (0..<400).map { _ in generator.index(below: 2) }
    let scores = labels.map { Double($0) + generator.normal() }
    let clustered = ClusteredAUROC(scores: scores, labels: labels, groups: labels.indices.map { "\($0)" })
    expectClose(clustered?.jackknifeVariance, DeLong(scores: scores, labels: labels)?.variance, relative: 0.02)
  }

  @Test("Degrees of freedom fall where few clusters carry a label")
  func degreesOfFreedomFallWhereFewClustersCarryALabel() throws {
    // Components 1, 3/4 | 1, 3/4 around the area 7/8; clusters a, b, c, d of one row each. Positives' sums 1/8, -1/8, negatives'
    // the same, so both parts are 2/1 * 2/64 / 4 = 1/64 on one degree of freedom: (2/64)^2 / (2 / 64^2) = 2, of at most 3.
    let each = try #require(ClusteredAUROC(scores: scores, labels: labels, groups: ["a", "b", "c", "d"]))
    expectClose(each.degreesOfFreedom, 2)
    // In two clusters of a positive and a negative each, at most 1.
    let two = try #require(ClusteredAUROC(scores: scores, labels: labels, groups: ["x", "y", "x", "y"]))
    expectClose(two.auroc, 7.0 / 8)
    expectClose(two.degreesOfFreedom, 1)
  }

  @Test("One group or one group per class has no interval")
  func oneGroupOrOneGroupPerClassHasNoInterval() {
    #expect(ClusteredAUROC(scores: scores, labels: labels, groups: ["x", "x", "x", "x"])?.interval() == nil)
    #expect(ClusteredAUROC(scores: scores, labels: labels, groups: ["x", "x", "y", "y"])?.interval() == nil)
  }

  @Test("Copying each row ten times does not narrow the clustered interval")
  func copyingEachRowTenTimesDoesNotNarrowTheClusteredInterval() throws {
    var generator = SeededGenerator(seed: 12)
    let labels = (0..<40).map { _ in generator.index(below: 2) }
    let scores = labels.map { Double($0) + generator.normal() }
    let copies = (0..<400).map { $0 / 10 }
    let once = try #require(ClusteredAUROC(scores: scores, labels: labels, groups: labels.indices.map { "\($0)" }))
    let tenfold = try #require(
      ClusteredAUROC(
        scores: copies.map { scores[$0] }, labels: copies.map { labels[$0] }, groups: copies.map { "\($0)" }))
    expectClose(tenfold.auroc, once.auroc)
    expectClose(tenfold.jackknifeVariance, once.jackknifeVariance)
    expectClose(tenfold.interval()?.low, once.interval()?.low)
  }
}
