import Foundation
import Foundations
import Testing

@testable import Statistics

/// Combination, threshold and shift of a monitor.
@Suite struct DetectorTests {
  private let features = [
    [0.1, 1.2], [0.4, 0.3], [-0.2, 2.2], [1.5, 0.1], [0.9, -0.4], [2.1, 1.0], [-1.0, 0.5], [0.3, -1.1],
  ]
  private let labels = [0, 0, 0, 1, 1, 1, 0, 1]

  @Test("Weights are those of scikit-learn's LogisticRegression(C=1) on standardised scores")
  func golden() throws {
    // scikit-learn 1.9.1, scores standardised with the sample standard deviation.
    let detector = try Detector(features: features, labels: labels)
    #expect(abs(detector.weights[0] - 1.074813030228354) < 1e-6)
    #expect(abs(detector.weights[1] + 0.8461283032291076) < 1e-6)
    #expect(abs(detector.intercept + 0.08357016931425934) < 1e-6)
    #expect(abs(detector.logOdds(features[0]) + 1.1428814994679415) < 1e-6)
    #expect(abs(detector.probability(features[1]) - 1 / (1 + exp(0.061401192350733234))) < 1e-6)
  }

  @Test("A score that is the same in every row is refused")
  func constant() {
    #expect(throws: StatisticsError.self) { try Detector(features: [[1, 2], [2, 2]], labels: [0, 1]) }
  }

  /// 60 questions of 8 rows: offsets of questions, a row's own noise, and the behaviour a standard deviation higher.
  private func sample(_ generator: inout SeededGenerator, questions: Int = 60) -> (
    scores: [Double], labels: [Int], groups: [String]
  ) {
    var (scores, labels, groups): ([Double], [Int], [String]) = ([], [], [])
    for question in 0..<questions {
      let offset = 0.5 * generator.normal()
      for _ in 0..<8 {
        let label = generator.normal() > 0.8 ? 1 : 0
        scores.append(offset + generator.normal() + Double(label))
        labels.append(label)
        groups.append("question \(question)")
      }
    }
    return (scores, labels, groups)
  }

  @Test("The promised interval of the false-positive rate holds the true rate in 95 of 100 repetitions, give or take 4")
  func promise() throws {
    var held = 0
    for seed in 0..<100 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let made = sample(&generator)
      let halves = try GroupHalves(labels: made.labels, groups: made.groups, seed: UInt64(seed))
      func part(_ rows: [Int]) -> (scores: [Double], labels: [Int], groups: [String]) {
        (rows.map { made.scores[$0] }, rows.map { made.labels[$0] }, rows.map { made.groups[$0] })
      }
      let (choosing, measuring) = (part(halves.choosing), part(halves.measuring))
      let threshold = try FrozenThreshold(
        target: 0.05, choosing: (choosing.scores, choosing.labels), measuring: measuring)
      // A negative's score is normal with variance 0.25 + 1.
      let truth = 1 - NormalDistribution.cumulative(threshold.value / 1.25.squareRoot())
      let interval = try #require(threshold.falsePositiveRate.interval)
      if interval.low <= truth, truth <= interval.high { held += 1 }
    }
    #expect((91...99).contains(held), "\(held) of 100")
  }

  @Test("A shift is measured in standard deviations of the fitted rows, and a planted one is called large")
  func shift() throws {
    var generator = SeededGenerator(seed: 5)
    let fitted = sample(&generator)
    let reference = try #require(ScoreReference(fitted.scores, groups: fitted.groups))
    let again = sample(&generator)
    let none = try #require(ScoreShift(again.scores, groups: again.groups, from: reference))
    #expect(!none.isLarge && abs(none.difference) < 0.25 && none.outside < 0.05)
    let moved = try #require(ScoreShift(again.scores.map { $0 + 1 }, groups: again.groups, from: reference))
    #expect(moved.isLarge)
    let expected = none.difference + 1 / reference.standardDeviation
    #expect(abs(moved.difference - expected) < 1e-12)
    let mean = fitted.scores.reduce(0, +) / Double(fitted.scores.count)
    #expect(abs(reference.mean - mean) < 1e-12)
  }
}
