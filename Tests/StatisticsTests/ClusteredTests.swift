import Foundations
import Testing

@testable import Statistics

@Suite("Clustered areas treat a group, not a row, as the unit")
struct ClusteredTests {
  let scores: [Double] = [3, 2, 1, 2]
  let labels = [1, 1, 0, 0]

  @Test func withOneRowPerGroupTheVarianceIsDeLongs() throws {
    var generator = SeededGenerator(seed: 11)
    let labels = (0..<60).map { _ in generator.index(below: 2) }
    let scores = labels.map { Double($0) + generator.normal() }
    let clustered = ClusteredAUROC(scores: scores, labels: labels, groups: labels.indices.map { "\($0)" })
    let delong = DeLong(scores: scores, labels: labels)
    expectClose(clustered?.variance, delong?.variance)
  }

  @Test func obuchowskisVarianceIsComputedAsByHand() throws {
    // Components 1, 3/4 | 1, 3/4 around the area 7/8. Group x holds 3 and 1, group y holds the two 2s.
    // A = (1/8, -1/8), B = (1/8, -1/8): S10 = 2/1/2 * 2/64 = 1/32, S01 the same, S11 = 2 * 2/64 = 1/16.
    // Variance: 1/64 + 1/64 + 2 * (1/16) / 4 = 1/16.
    let clustered = try #require(ClusteredAUROC(scores: scores, labels: labels, groups: ["x", "y", "x", "y"]))
    expectClose(clustered.variance, 1.0 / 16)
    #expect(clustered.degreesOfFreedom == 1)
    expectClose(clustered.obuchowskiInterval()?.low, 7.0 / 8 - 1.959963984540054 / 4)
    #expect(clustered.obuchowskiInterval()?.high == 1)
  }

  @Test func oneGroupOrOneGroupPerClassHasNoInterval() {
    #expect(ClusteredAUROC(scores: scores, labels: labels, groups: ["x", "x", "x", "x"])?.interval() == nil)
    #expect(ClusteredAUROC(scores: scores, labels: labels, groups: ["x", "x", "y", "y"])?.interval() == nil)
  }

  @Test func copyingEachRowTenTimesDoesNotNarrowTheClusteredInterval() throws {
    var generator = SeededGenerator(seed: 12)
    let labels = (0..<40).map { _ in generator.index(below: 2) }
    let scores = labels.map { Double($0) + generator.normal() }
    let copies = (0..<400).map { $0 / 10 }
    let once = try #require(ClusteredAUROC(scores: scores, labels: labels, groups: labels.indices.map { "\($0)" }))
    let tenfold = try #require(
      ClusteredAUROC(
        scores: copies.map { scores[$0] }, labels: copies.map { labels[$0] }, groups: copies.map { "\($0)" }))
    expectClose(tenfold.auroc, once.auroc)
    expectClose(tenfold.variance, once.variance)
  }

  @Test func theBootstrapAgreesWithTheClusteredVarianceAndIsSeeded() throws {
    var generator = SeededGenerator(seed: 13)
    let groups = (0..<240).map { "\($0 / 4)" }
    let effects = (0..<60).map { _ in generator.normal() }
    let labels = (0..<240).map { _ in generator.index(below: 2) }
    let scores = labels.indices.map { effects[$0 / 4] + generator.normal() + 0.8 * Double(labels[$0]) }
    let bootstrap = try #require(ClusterBootstrap(scores: scores, labels: labels, groups: groups, count: 500, seed: 1))
    let clustered = try #require(ClusteredAUROC(scores: scores, labels: labels, groups: groups))
    let variance = try #require(clustered.variance)
    #expect(abs(sampleVariance(bootstrap.replicates) / variance - 1) < 0.25)
    #expect(bootstrap == ClusterBootstrap(scores: scores, labels: labels, groups: groups, count: 500, seed: 1))
    #expect(bootstrap.interval()?.contains(clustered.auroc) == true)
  }

  @Test func aBootstrapOfTwoPureGroupsIsMostlyUndefinedAndHasNoInterval() throws {
    // Half of the draws of two groups take the same group twice, which has one class.
    let bootstrap = try #require(
      ClusterBootstrap(scores: scores, labels: labels, groups: ["x", "x", "y", "y"], count: 1_000, seed: 2))
    #expect(abs(bootstrap.undefined - 500) < 80)
    #expect(bootstrap.interval() == nil)
    #expect(ClusterBootstrap(scores: scores, labels: labels, groups: ["x", "x", "y", "y"], count: 0) == nil)
  }
}
