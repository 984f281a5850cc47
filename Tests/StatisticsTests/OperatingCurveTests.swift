import Foundation
import Statistics
import Testing

@Suite("ROC, held-out probabilities and calibration are scikit-learn's")
struct OperatingCurveTests {
  struct Case: Decodable {
    let scores: [Double], labels: [Int], groups: [String]
    let falsePositiveRates: [Double], truePositiveRates: [Double], thresholds: [Double], area: Double
    let heldOut: [Double], share: [Double], meanProbability: [Double]
  }

  private struct File: Decodable { let cases: [Case] }

  static func cases() throws -> [Case] {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../Fixtures/reports/curves.json")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(File.self, from: Data(contentsOf: url)).cases
  }

  private func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
  }

  @Test("Every point of the curve")
  func everyPointOfTheCurve() throws {
    for golden in try Self.cases() {
      let curve = try #require(OperatingCurve(scores: golden.scores, labels: golden.labels))
      #expect(isClose(curve.falsePositiveRates, golden.falsePositiveRates, 1e-12))
      #expect(isClose(curve.truePositiveRates, golden.truePositiveRates, 1e-12))
      #expect(curve.thresholds.first == .infinity)
      #expect(isClose(Array(curve.thresholds.dropFirst()), golden.thresholds, 1e-12))
      #expect(abs(curve.area - golden.area) < 1e-12)
      #expect(abs(curve.area - (Measures.auroc(scores: golden.scores, labels: golden.labels) ?? 0)) < 1e-12)
    }
  }

  @Test("Probabilities of other groups and their bins")
  func probabilitiesOfOtherGroupsAndTheirBins() throws {
    for golden in try Self.cases() {
      // Five groups make five folds, whatever the order in which they are dealt.
      let probabilities = try #require(
        HeldOutProbability.estimate(scores: golden.scores, labels: golden.labels, groups: golden.groups, seed: 1))
      #expect(isClose(probabilities, golden.heldOut, 1e-6))
      let curve = try #require(ReliabilityCurve(probabilities: golden.heldOut, labels: golden.labels))
      #expect(isClose(curve.bins.map(\.share), golden.share, 1e-12))
      #expect(isClose(curve.bins.map(\.meanProbability), golden.meanProbability, 1e-12))
      #expect(curve.bins.reduce(0) { $0 + $1.rows } == golden.labels.count)
    }
  }

  @Test("A curve by hand")
  func aCurveByHand() throws {
    // Thresholds 4, 3, 2, 1: the positives are the rows of score 4 and 2, with a tie of both labels at 2.
    let curve = try #require(OperatingCurve(scores: [4, 3, 2, 2, 1], labels: [1, 0, 1, 0, 0]))
    #expect(curve.falsePositiveRates == [0, 0, 1 / 3.0, 2 / 3.0, 1])
    #expect(curve.truePositiveRates == [0, 0.5, 0.5, 1, 1])
    #expect(curve.thresholds == [.infinity, 4, 3, 2, 1])
    #expect(abs(curve.area - 4.5 / 6) < 1e-15)
  }

  @Test("Undefined where nothing can be told")
  func undefinedWhereNothingCanBeTold() {
    #expect(OperatingCurve(scores: [1, 2], labels: [1, 1]) == nil)
    #expect(OperatingCurve(scores: [1, .nan], labels: [1, 0]) == nil)
    #expect(ReliabilityCurve(probabilities: [], labels: []) == nil)
    #expect(ReliabilityCurve(probabilities: [1.5], labels: [1]) == nil)
    #expect(
      HeldOutProbability.estimate(scores: [1, 1], labels: [0, 1], groups: ["a", "b"], folds: 2, seed: 0) == nil)
    #expect(
      HeldOutProbability.estimate(scores: [1, 2], labels: [0, 1], groups: ["a", "b"], folds: 2, seed: 0) == nil,
      "each fold leaves one row, which has one label")
    #expect(Measures.quantile(of: [3, 1, 2], 0.25) == 1.5)
    #expect(Measures.quantile(of: [], 0.5) == nil)
  }
}
