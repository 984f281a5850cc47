import Foundations
import RealModule
import Testing

@testable import Statistics

@Suite("Labels that err")
struct ErringLabelTests {
  let golden: MeasureGolden

  init() throws { golden = try MeasureGolden.load() }

  /// Reference and judge of so many rows: of the positives and the negatives the first ones are judged wrongly.
  private func accuracy(_ positives: Int, missed: Int, _ negatives: Int, false alarms: Int) throws -> LabelAccuracy {
    try #require(
      LabelAccuracy(
        reference: (0..<positives + negatives).map { $0 < positives ? 1 : 0 },
        observed: (0..<positives).map { $0 < missed ? 0 : 1 } + (0..<negatives).map { $0 < alarms ? 1 : 0 }))
  }

  @Test("A rate is corrected as by hand, with Lang and Reiczigel's interval")
  func rateCorrectedHand() throws {
    // 40 of 100 labelled 1; sensitivity 90/100, specificity 80/100: (0.4 + 0.8 - 1) / 0.7 = 2/7.
    let accuracy = try accuracy(100, missed: 10, 100, false: 20)
    let found = try #require(CorrectedRate(labels: (0..<100).map { $0 < 40 ? 1 : 0 }, accuracy: accuracy))
    expectClose(found.value, 2.0 / 7)
    // By the formulas of the paper in Python, effective numbers of rows = rows (n p q / (n/(n-1) p q n/n): n - 1).
    let z = 1.959963984540054
    let (nq, ns) = (99 + z * z, 101.0)
    let (q, se, sp) = ((99 * 0.4 + z * z / 2) / nq, (99 * 0.9 + 1) / ns, (99 * 0.8 + 1) / ns)
    let j = se + sp - 1
    let rate = (q + sp - 1) / j
    let shift = 2 * z * z * (rate * se * (1 - se) / ns - (1 - rate) * sp * (1 - sp) / ns)
    let first = q * (1 - q) / nq
    let second = rate * rate * se * (1 - se) / ns + (1 - rate) * (1 - rate) * sp * (1 - sp) / ns
    let reach = z * (first + second).squareRoot() / j
    expectClose(found.low, rate + shift - reach, relative: 1e-9)
    expectClose(found.high, rate + shift + reach, relative: 1e-9)
  }

  @Test("Labels no better than chance correct nothing, and one class has no accuracy")
  func labelsBetterThan() throws {
    let chance = try accuracy(10, missed: 5, 10, false: 5)
    #expect(CorrectedRate(labels: [1, 0, 1], accuracy: chance) == nil)
    #expect(CorrectedAUROC(scores: [1, 2, 3], labels: [1, 0, 1], accuracy: chance) == nil)
    #expect(LabelAccuracy(reference: [1, 1], observed: [1, 0]) == nil)
  }

  @Test("An area is corrected by PPV + NPV - 1, as by hand")
  func areaCorrectedPPV() throws {
    // q = 0.4, sensitivity 0.9, specificity 0.8: rate 2/7, PPV = 0.9 * 2/7 / 0.4 = 9/14, NPV = 0.8 * 5/7 / 0.6 = 20/21.
    let accuracy = try accuracy(100, missed: 10, 100, false: 20)
    var generator = SeededGenerator(seed: 6)
    let labels = (0..<1_000).map { $0 % 5 < 2 ? 1 : 0 }
    let scores = labels.map { 0.6 * Double($0) + generator.normal() }
    let found = try #require(CorrectedAUROC(scores: scores, labels: labels, accuracy: accuracy))
    expectClose(found.shrinkage, 9.0 / 14 + 20.0 / 21 - 1)
    expectClose(found.value, 0.5 + (found.observed - 0.5) / (9.0 / 14 + 20.0 / 21 - 1))
    #expect(found.interval?.contains(found.value) == true)
  }

  @Test("Prediction-powered means are ppi_py's")
  func predictionPoweredMeans() throws {
    for set in golden.ppi {
      let rows = try PredictionPoweredRows(
        reference: set.reference, judged: set.judged, unlabelled: set.unlabelled)
      let found = PredictionPoweredMean(rows)
      expectClose(found.value, set.value)
      // ppi_py divides by n and takes the normal quantile: the same error apart from G/(G-1).
      let n = Double(set.reference.count + set.unlabelled.count)
      let error = (set.high - set.low) / 2 / 1.959963984540054
      let used = Double(set.reference.count)
      let all = found.standardError! * ((used - 1) / used).squareRoot()
      expectClose(all, error, relative: 1e-6, "n \(n)")
    }
  }

  @Test("A judge of no use has weight 0 and leaves the classical mean")
  func judgeUseHas() throws {
    let rows = try PredictionPoweredRows(
      reference: [1, 0, 1, 0], judged: [0, 1, 0, 1], unlabelled: [1, 0, 1, 1, 0])
    let found = PredictionPoweredMean(rows)
    #expect(found.weight == 0 && found.value == 0.5 && found.classical == 0.5)
    #expect(throws: StatisticsError.self) { try PredictionPoweredRows(reference: [1], judged: [1], unlabelled: [1]) }
    #expect(throws: StatisticsError.self) {
      try PredictionPoweredRows(reference: [1, 0], judged: [1, .nan], unlabelled: [1])
    }
    #expect(throws: StatisticsError.self) {
      try PredictionPoweredRows(reference: [1, 0], judged: [1, 0], unlabelled: [1], groups: ["a", "b"])
    }
  }

  @Test("A perfect judge makes the powered area nearly that of all rows, with a narrower interval")
  func perfectJudgeMakes() throws {
    var generator = SeededGenerator(seed: 8)
    let labels = (0..<600).map { _ in Double(generator.index(below: 2)) }
    let scores = labels.map { $0 + generator.normal() }
    let rows = try PredictionPoweredRows(
      reference: Array(labels.prefix(60)), judged: Array(labels.prefix(60)), unlabelled: Array(labels.dropFirst(60)))
    let found = try #require(
      PredictionPoweredAUROC(rows, scores: Array(scores.prefix(60)), unlabelledScores: Array(scores.dropFirst(60))))
    let classical = try #require(
      DeLong(scores: Array(scores.prefix(60)), labels: labels.prefix(60).map { Int($0) })?.variance)
    #expect(found.weight > 0.8)
    #expect(try #require(found.standardError) < 0.6 * classical.squareRoot())
    expectClose(
      found.classical, Measures.auroc(scores: Array(scores.prefix(60)), labels: labels.prefix(60).map { Int($0) }))
  }
}

/// Truth, judge (sensitivity 0.9, specificity 0.8, errors independent of the score) and score of rows in groups of five.
@Suite("Intervals corrected for erring labels hold what they promise")
struct ErringLabelCoverageTests {
  private struct World {
    var truth: [Int] = []
    var judged: [Int] = []
    var scores: [Double] = []
    var groups: [String] = []

    init(_ seed: Int, groups count: Int) {
      var generator = SeededGenerator(seed: UInt64(seed) + 30_000)
      for group in 0..<count {
        let (level, shift) = (generator.normal(), generator.normal())
        for _ in 0..<5 {
          // P(truth) = Phi(level / 2 + noise) has mean 1/2, alike inside a group; the score does not know the level.
          let isTrue = 0.5 * level + generator.normal() > 0
          let isJudged = generator.uniform() < (isTrue ? 0.9 : 0.2)
          truth.append(isTrue ? 1 : 0)
          judged.append(isJudged ? 1 : 0)
          scores.append(Double.sqrt(0.2) * shift + Double.sqrt(0.8) * generator.normal() + (isTrue ? 1 : 0))
          groups.append("q\(group)")
        }
      }
    }
  }
  static let area = NormalDistribution.cumulative(1 / Double.sqrt(2))

  private func accuracy(_ world: World, _ rows: Range<Int>) -> LabelAccuracy? {
    LabelAccuracy(
      reference: Array(world.truth[rows]), observed: Array(world.judged[rows]), groups: Array(world.groups[rows]))
  }

  @Test("Of corrected rates and areas")
  func correctedRatesAreas() {
    let rate = Simulated.coverage("corrected rate", truth: 0.5) {
      let world = World($0, groups: 100)
      let found = accuracy(world, 0..<150).flatMap {
        CorrectedRate(labels: Array(world.judged[150...]), groups: Array(world.groups[150...]), accuracy: $0)
      }
      return found.map { ($0.low, $0.high) }
    }
    let area = Simulated.coverage("corrected AUROC", truth: Self.area) {
      let world = World($0, groups: 100)
      let found = accuracy(world, 0..<150).flatMap {
        CorrectedAUROC(
          scores: Array(world.scores[150...]), labels: Array(world.judged[150...]),
          groups: Array(world.groups[150...]), accuracy: $0)
      }
      return found?.interval.map { ($0.low, $0.high) }
    }
    #expect(Simulated.allowed.contains(rate) && Simulated.allowed.contains(area))
  }

  @Test("Of prediction-powered rates and areas")
  func predictionPoweredRates() {
    let powered = { (world: World) in
      try? PredictionPoweredRows(
        reference: world.truth.prefix(150).map(Double.init), judged: world.judged.prefix(150).map(Double.init),
        unlabelled: world.judged.dropFirst(150).map(Double.init), groups: Array(world.groups.prefix(150)),
        unlabelledGroups: Array(world.groups.dropFirst(150)))
    }
    let rate = Simulated.coverage("prediction-powered rate", truth: 0.5) {
      powered(World($0, groups: 130)).map(PredictionPoweredMean.init).map { ($0.low ?? 0, $0.high ?? 0) }
    }
    let area = Simulated.coverage("prediction-powered AUROC", truth: Self.area) {
      let world = World($0, groups: 130)
      return powered(world).flatMap {
        PredictionPoweredAUROC(
          $0, scores: Array(world.scores.prefix(150)), unlabelledScores: Array(world.scores.dropFirst(150)))
      }.map { ($0.low ?? 0, $0.high ?? 0) }
    }
    #expect(Simulated.allowed.contains(rate) && Simulated.allowed.contains(area))
  }
}
