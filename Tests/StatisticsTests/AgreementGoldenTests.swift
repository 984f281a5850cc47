import Foundation
import Testing

@testable import Statistics

/// Files under `Tests/Fixtures/agreement`: what scikit-learn, irrCAC and krippendorff give (PROVENANCE.md).
private struct AgreementGolden: Decodable {
  struct Pair: Decodable {
    let first: [Int], second: [Int], groups: [String]
    let observed: Double, kappa: Double, ac1: Double
    let kappaInterval: [Double], ac1Interval: [Double]
  }
  struct Several: Decodable { let ratings: [[Int]], groups: [String], alpha: Double, interval: [Double] }
  struct Relabelled: Decodable {
    let a: [Int], b: [Int], scores: [Double], groups: [String]
    let aurocA: Double, aurocB: Double, difference: Double, variance: Double
  }
  let pairs: [Pair], several: [Several], relabelled: [Relabelled]

  static func load() throws -> AgreementGolden {
    try Fixtures.decode(AgreementGolden.self, from: "../agreement/golden.json")
  }
}

@Suite("Agreement equals other libraries', with intervals clustered by question")
struct AgreementGoldenTests {
  private let golden: AgreementGolden
  init() throws { golden = try AgreementGolden.load() }

  /// To the accuracy of the quantiles of Student's t.
  private func expect(_ interval: Interval?, _ ends: [Double]) {
    expectClose(interval?.low, ends[0], absolute: 1e-8)
    expectClose(interval?.high, ends[1], absolute: 1e-8)
  }

  @Test("Kappa and AC1 of two raters")
  func kappaAndAC1OfTwoRaters() throws {
    for pair in golden.pairs {
      let agreement = try #require(ClusteredAgreement(pair.first, pair.second, groups: pair.groups))
      expectClose(agreement.observed, pair.observed)
      expectClose(agreement.kappa, pair.kappa)
      expectClose(agreement.ac1, pair.ac1)
      expect(agreement.kappaInterval, pair.kappaInterval)
      expect(agreement.ac1Interval, pair.ac1Interval)
      // The measures that do not know of groups are the same.
      let plain = try #require(Agreement(pair.first.map(String.init), pair.second.map(String.init)))
      expectClose(plain.kappa, pair.kappa)
      expectClose(plain.ac1, pair.ac1)
    }
  }

  @Test("With one item a group the jackknife is near the standard error")
  func withOneItemAGroupTheJackknifeIsNearTheStandardError() throws {
    let pair = golden.pairs[2]
    let agreement = try #require(ClusteredAgreement(pair.first, pair.second, groups: pair.groups))
    let error = try #require(Agreement(pair.first.map(String.init), pair.second.map(String.init))?.kappaStandardError)
    let interval = try #require(agreement.kappaInterval)
    let own = (interval.high - interval.low) / 2 / criticalValue(0.95, df: Double(agreement.groups - 1))
    #expect(abs(own / error - 1) < 0.1)
  }

  @Test("Alpha of several raters with gaps")
  func alphaOfSeveralRatersWithGaps() throws {
    for several in golden.several {
      let alpha = try #require(KrippendorffAlpha(several.ratings, groups: several.groups))
      expectClose(alpha.alpha, several.alpha)
      expect(alpha.interval, several.interval)
      #expect(alpha.items == several.ratings.count { $0.count > 1 })
    }
  }

  @Test("What cannot be measured is undefined")
  func whatCannotBeMeasuredIsUndefined() {
    let same = ClusteredAgreement([1, 1, 1], [1, 1, 1], groups: ["a", "b", "c"])
    #expect(same?.kappa == nil && same?.ac1 == 1 && same?.ac1Interval == nil && same?.observed == 1)
    #expect(same?.observedInterval.map { $0.low > 0 && $0.low < 1 && $0.high == 1 } == true)
    let oneGroup = ClusteredAgreement([1, 0, 1], [1, 0, 0], groups: ["a", "a", "a"])
    #expect(oneGroup?.kappa != nil && oneGroup?.kappaInterval == nil && oneGroup?.observedInterval == nil)
    #expect(ClusteredAgreement([], [], groups: []) == nil)
    #expect(KrippendorffAlpha([[1], []], groups: ["a", "b"]) == nil)
    #expect(KrippendorffAlpha([[1, 1], [1, 1, 1]], groups: ["a", "b"])?.alpha == nil)
  }

  @Test("The difference that other labels make to an AUROC")
  func theDifferenceThatOtherLabelsMakeToAnAUROC() throws {
    for rows in golden.relabelled {
      let test = try #require(
        PairedClusteredAUROC(scores: rows.scores, labelsA: rows.a, labelsB: rows.b, groups: rows.groups))
      expectClose(test.aurocA, rows.aurocA)
      expectClose(test.aurocB, rows.aurocB)
      expectClose(test.difference, rows.difference)
      expectClose(test.variance, rows.variance, relative: 1e-9)
    }
  }

  @Test("Labels turned round are scores turned round")
  func labelsTurnedRoundAreScoresTurnedRound() throws {
    let rows = golden.relabelled[0]
    let labels = try #require(
      PairedClusteredAUROC(
        scores: rows.scores, labelsA: rows.a, labelsB: rows.a.map { 1 - $0 }, groups: rows.groups))
    let scores = try #require(
      PairedClusteredAUROC(
        scoresA: rows.scores, scoresB: rows.scores.map { -$0 }, labels: rows.a, groups: rows.groups))
    expectClose(labels.difference, scores.difference)
    expectClose(labels.variance, scores.variance, relative: 1e-9)
  }
}
