import Foundations
import RealModule
import Testing

@testable import Statistics

@Suite("Operating points, partial areas and calibration")
struct OperatingPointTests {
  let golden: MeasureGolden

  init() throws { golden = try MeasureGolden.load() }

  @Test("The partial area is scikit-learn's, with and without ties")
  func partialAreaScikit() throws {
    for set in golden.partial {
      for expected in set.values {
        let part = PartialAUROC(scores: set.scores, labels: set.labels, maximumFalsePositiveRate: expected.rate)
        expectClose(part?.value, expected.value, "rate \(expected.rate)")
      }
      let whole = try #require(PartialAUROC(scores: set.scores, labels: set.labels, maximumFalsePositiveRate: 1))
      expectClose(whole.value, Measures.auroc(scores: set.scores, labels: set.labels))
    }
  }

  @Test("The variance of the whole area is the group jackknife's to first order, that of a part by refitting")
  func varianceWholeArea()
    throws
  {
    let set = golden.partial[1]
    let groups = set.labels.indices.map { "q\($0 % 37)" }
    let whole = PartialAUROC(scores: set.scores, labels: set.labels, groups: groups, maximumFalsePositiveRate: 1)
    let area = ClusteredAUROC(scores: set.scores, labels: set.labels, groups: groups)
    expectClose(whole?.variance, area?.jackknifeVariance, relative: 0.05)
    let part = PartialAUROC(scores: set.scores, labels: set.labels, groups: groups, maximumFalsePositiveRate: 0.37)
    let refitted = (0..<37).compactMap { left -> Double? in
      let rows = groups.indices.filter { groups[$0] != "q\(left)" }
      return PartialAUROC(
        scores: rows.map { set.scores[$0] }, labels: rows.map { set.labels[$0] }, maximumFalsePositiveRate: 0.37)?.value
    }
    expectClose(part?.variance, 36.0 / 37 * sumOfSquares(refitted), relative: 0.1)
  }

  @Test("Undefined without both classes, with scores that are not finite and for a rate of 0")
  func undefinedWithoutBoth() {
    #expect(PartialAUROC(scores: [1, 2], labels: [1, 1], maximumFalsePositiveRate: 0.1) == nil)
    #expect(PartialAUROC(scores: [1, .nan], labels: [1, 0], maximumFalsePositiveRate: 0.1) == nil)
    #expect(PartialAUROC(scores: [1, 2], labels: [1, 0], maximumFalsePositiveRate: 0) == nil)
    let few = PartialAUROC(
      scores: golden.partial[0].scores, labels: golden.partial[0].labels, maximumFalsePositiveRate: 0.01)
    #expect(few?.interval == nil && few?.variance != nil)
    #expect(
      PartialAUROC(scores: [1, 2], labels: [1, 0], groups: ["a", "a"], maximumFalsePositiveRate: 0.5)?.interval == nil)
  }

  @Test("Wilson's interval for trials that need not be whole equals SciPy's for whole ones")
  func wilsonIntervalTrials() {
    for case_ in golden.wilson {
      let interval = Proportion.wilson(
        share: Double(case_.k) / Double(case_.n), trials: Double(case_.n), confidence: 0.95)
      expectClose(interval.low, case_.low, absolute: 1e-12)
      expectClose(interval.high, case_.high, absolute: 1e-12)
    }
  }

  @Test("Copying rows inside groups tells nothing more about a proportion")
  func copyingRowsInside() throws {
    let outcomes = (0..<30).map { $0 % 3 == 0 ? 1 : 0 }
    let once = try #require(ClusteredProportion(outcomes, groups: (0..<30).map { "q\($0)" }))
    let tenfold = try #require(
      ClusteredProportion((0..<300).map { outcomes[$0 / 10] }, groups: (0..<300).map { "q\($0 / 10)" }))
    expectClose(tenfold.low, once.low, relative: 1e-9)
    #expect(ClusteredProportion([0, 0, 0], groups: ["a", "b", "b"])?.high ?? 0 > 0.5)
    #expect(ClusteredProportion([0, 1], groups: ["a", "a"])?.interval == nil)
    #expect(ClusteredProportion([]) == nil)
  }

  @Test("The threshold flags no more negatives than allowed, as counted by hand")
  func thresholdFlagsMore() {
    let scores: [Double] = [1, 2, 3, 4, 5, 2.5, 4.5]
    let labels = [0, 0, 0, 0, 0, 1, 1]
    #expect(OperatingPoint.threshold(scores, labels, target: 0.2) == 4.5)  // one of five: 5; 4.5 keeps 4 out
    #expect(OperatingPoint.threshold(scores, labels, target: 0.4) == 4)
    #expect(OperatingPoint.threshold(scores, labels, target: 0) == (5.0).nextUp)
  }

  @Test("A threshold is measured on questions that it was not chosen on, and few negatives are said")
  func thresholdMeasuredOn() throws {
    var generator = SeededGenerator(seed: 4)
    let labels = (0..<2_000).map { _ in generator.index(below: 2) }
    let scores = labels.map { 3 * Double($0) + generator.normal() }
    let groups = (0..<2_000).map { "q\($0 / 10)" }
    let rows = try ScoredRows(scores: scores, labels: labels, groups: groups)
    let points = try OperatingPoints(rows, baseRate: 0.01, seed: 1)
    let halves = try GroupHalves(labels: labels, groups: groups, seed: 1)
    #expect(Set(halves.choosing.map { groups[$0] }).isDisjoint(with: halves.measuring.map { groups[$0] }))
    #expect(points.points.count == 2 && points.choosingRows + points.measuringRows == 2_000)
    // At 5 % a normal score 3 apart finds Phi(3 - 1.645) = 0.912 of the positives.
    let five = points.points[1]
    #expect(abs(five.recall.value - 0.912) < 0.06 && abs(five.falsePositiveRate.value - 0.05) < 0.03)
    let (r, f) = (five.recall.value, five.falsePositiveRate.value)
    expectClose(five.precision, 0.01 * r / (0.01 * r + 0.99 * f))
    let (low, precision, high) = (
      try #require(five.precisionLow), try #require(five.precision), try #require(five.precisionHigh)
    )
    #expect(low < precision && precision < high)
    #expect(five.note == nil)
    #expect(
      five.partialAUROC
        == PartialAUROC(scores: scores, labels: labels, groups: groups, maximumFalsePositiveRate: 0.05))
    let calibration = try #require(points.calibration)
    #expect(calibration.slopeLow ?? 2 < 1 && calibration.slopeHigh ?? 0 > 1 && calibration.brier < 0.1)
    #expect(!points.isInverted)
    let few = try OperatingPoints(
      ScoredRows(
        scores: Array(scores.prefix(200)), labels: Array(labels.prefix(200)), groups: Array(groups.prefix(200))))
    #expect(few.points[0].note?.contains("1.0 %") == true && few.points[0].note?.contains("500") == true)
    let again = try OperatingPoints(rows, baseRate: 0.01, seed: 1)
    #expect(points == again)
  }

  @Test("Questions of one label each are dealt out so that both halves have both")
  func questionsOneLabel() throws {
    let labels = (0..<8).map { $0 < 2 ? 1 : 0 }
    for seed in 0..<20 {
      let halves = try GroupHalves(labels: labels, groups: nil, seed: UInt64(seed))
      #expect(halves.choosing.count { labels[$0] == 1 } == 1)
    }
    #expect(throws: StatisticsError.self) { try GroupHalves(labels: [1, 0, 0], groups: nil, seed: 0) }
    let rows = try ScoredRows(scores: [1, .nan, 2, 3], labels: [1, 0, 1, 0])
    #expect(throws: StatisticsError.self) { try OperatingPoints(rows) }
    let good = try ScoredRows(scores: [1, 2, 2, 3], labels: [1, 0, 1, 0])
    #expect(throws: StatisticsError.self) { try OperatingPoints(good, falsePositiveRates: [1.5]) }
  }

  @Test("Slope, intercept and their clustered errors are statsmodels'")
  func slopeInterceptTheir() throws {
    let set = golden.calibration
    let found = try #require(
      ProbabilityCalibration(probabilities: set.probabilities, labels: set.labels, groups: set.groups))
    expectClose(found.slope, set.slope, relative: 1e-8)
    expectClose(found.intercept, set.intercept, relative: 1e-8)
    expectClose(found.brier, set.brier)
    let critical = StudentT.quantile(0.975, degreesOfFreedom: Double(Set(set.groups).count - 1))
    let slope = try #require(found.slopeInterval)
    expectClose((slope.high - slope.low) / 2, critical * set.errors[1], relative: 1e-7)
    let intercept = try #require(found.interceptInterval)
    expectClose((intercept.high - intercept.low) / 2, critical * set.errors[0], relative: 1e-7)
  }

  @Test("Held-out probabilities of a logistic world are calibrated")
  func heldOutProbabilities() throws {
    var generator = SeededGenerator(seed: 5)
    let scores = (0..<3_000).map { _ in generator.normal() }
    let labels = scores.map { generator.uniform() < 1 / (1 + Double.exp(-2 * $0)) ? 1 : 0 }
    let found = try #require(
      ProbabilityCalibration(scores: scores, labels: labels, groups: scores.indices.map { "q\($0 / 5)" }))
    #expect(found.slopeInterval?.contains(1) == true && found.interceptInterval?.contains(0) == true)
    #expect(found.expectedCalibrationError < 0.03)
    #expect(ProbabilityCalibration(scores: [1, 2], labels: [1, 1]) == nil)
  }
}

/// Score = group effect + row + 1.5 * label; groups of 10 rows.
@Suite("Intervals of operating points hold what they promise")
struct OperatingCoverageTests {
  private func world(_ seed: Int, groups: Int, rate: Double = 0.5) -> (
    scores: [Double], labels: [Int], groups: [String]
  ) {
    var generator = SeededGenerator(seed: UInt64(seed) + 7_000)
    var (scores, labels, names): ([Double], [Int], [String]) = ([], [], [])
    for group in 0..<groups {
      let effect = Double.sqrt(0.3) * generator.normal()
      for _ in 0..<10 {
        labels.append(generator.uniform() < rate ? 1 : 0)
        scores.append(effect + Double.sqrt(0.7) * generator.normal() + 1.5 * Double(labels[labels.count - 1]))
        names.append("q\(group)")
      }
    }
    return (scores, labels, names)
  }

  /// Of two unit normals 1.5 apart: the area up to a rate by Simpson's rule over the rate.
  private func truth(_ rate: Double) -> Double {
    let steps = 20_000
    let height = { (u: Double) -> Double in
      u == 0 ? 0 : NormalDistribution.cumulative(1.5 + NormalDistribution.quantile(u))
    }
    let h = rate / Double(steps)
    let area = (0..<steps).reduce(0.0) { sum, step in
      let left = Double(step) * h
      return sum + h / 6 * (height(left) + 4 * height(left + h / 2) + height(left + h))
    }
    return 0.5 * (1 + (area - rate * rate / 2) / (rate - rate * rate / 2))
  }

  @Test("Of partial areas", arguments: [(0.05, 40), (0.1, 20), (0.05, 100), (0.1, 100)])
  func caseHeldOutProbabilitiesAgain(_ rate: Double, _ groups: Int) {
    let share = Simulated.coverage("partial AUROC \(rate), \(groups) groups", truth: truth(rate)) {
      let data = world($0, groups: groups)
      let part = PartialAUROC(
        scores: data.scores, labels: data.labels, groups: data.groups, maximumFalsePositiveRate: rate)
      return part?.interval.map { ($0.low, $0.high) }
    }
    #expect(Simulated.allowed.lowerBound - 0.03 <= share)
  }

  @Test("Of a false-positive rate at a fixed threshold", arguments: [(1.645, 20), (1.645, 60), (2.326, 60)])
  func falsePositiveRate(_ threshold: Double, _ groups: Int) {
    let rate = 1 - NormalDistribution.cumulative(threshold)
    let share = Simulated.coverage("false-positive rate \(rate), \(groups) groups", truth: rate) {
      let data = world($0, groups: groups)
      let rows = data.labels.indices.filter { data.labels[$0] == 0 }
      let found = ClusteredProportion(
        rows.map { data.scores[$0] >= threshold ? 1 : 0 }, groups: rows.map { data.groups[$0] })
      return found?.interval.map { ($0.low, $0.high) }
    }
    #expect(Simulated.allowed.contains(share))
  }

  @Test("Of precision at a base rate, given the threshold")
  func precisionAtBase() {
    let (r, f) = (1 - NormalDistribution.cumulative(0.145), 1 - NormalDistribution.cumulative(1.645))
    let share = Simulated.coverage("precision, 40 groups", truth: 0.1 * r / (0.1 * r + 0.9 * f)) {
      let data = world($0, groups: 40)
      let flagged = [1, 0].compactMap { label -> ClusteredProportion? in
        let rows = data.labels.indices.filter { data.labels[$0] == label }
        return ClusteredProportion(
          rows.map { data.scores[$0] >= 1.645 ? 1 : 0 }, groups: rows.map { data.groups[$0] })
      }
      return PrecisionEstimate(flagged[0], flagged[1], baseRate: 0.1).interval.map { ($0.low, $0.high) }
    }
    #expect(Simulated.allowed.contains(share))
  }
}
