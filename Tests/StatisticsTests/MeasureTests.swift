import RealModule
import Testing

@testable import Statistics

@Suite("Measures equal what one computes by hand")
struct MeasureTests {
  // Positives 3, 2 and negatives 1, 2: pairs 3>1, 3>2, 2>1 ordered, 2=2 tied: 3.5 of 4.
  let scores: [Double] = [3, 2, 1, 2]
  let labels = [1, 1, 0, 0]

  @Test("The area counts ties as one half")
  func theAreaCountsTiesAsOneHalf() {
    #expect(Measures.auroc(scores: scores, labels: labels) == 3.5 / 4)
  }

  @Test("Average precision lets tied scores enter together")
  func averagePrecisionLetsTiedScoresEnterTogether() {
    // Threshold 3: recall 1/2 at precision 1; threshold 2: recall 1 at precision 2/3.
    expectClose(Measures.averagePrecision(scores: scores, labels: labels), 0.5 * 1 + 0.5 * 2 / 3)
  }

  @Test("De longs variance is that of the components")
  func deLongsVarianceIsThatOfTheComponents() throws {
    // V10: 3 beats both (1), 2 beats 1 and ties (3/4). V01: 1 is beaten by both (1), 2 by one and ties (3/4).
    // Each sample variance is (1/4)^2 / 2 = 1/32, over 2 rows: 1/64 each.
    let delong = try #require(DeLong(scores: scores, labels: labels))
    expectClose(delong.variance, 2.0 / 64)
    #expect(delong.interval()?.high == 1)
  }

  @Test("Two scores of the same order do not differ")
  func twoScoresOfTheSameOrderDoNotDiffer() throws {
    let test = try #require(PairedDeLong(scoresA: scores, scoresB: scores.map { $0 * 10 }, labels: labels))
    #expect(test.difference == 0)
    #expect(test.variance == 0)
    #expect(test.p == nil)
  }

  @Test("The exact mann whitney p counts arrangements")
  func theExactMannWhitneyPCountsArrangements() {
    // Both positives on top: 1 of 6 arrangements, doubled.
    let test = Measures.mannWhitney(scores: [4, 3, 2, 1], labels: labels)
    #expect(test?.u == 4)
    expectClose(test?.pExact, 2.0 / 6)
  }

  @Test("Kendalls tau counts concordant minus discordant pairs")
  func kendallsTauCountsConcordantMinusDiscordantPairs() {
    // Of 6 pairs one is discordant.
    expectClose(Measures.kendallTauB([1, 2, 3, 4], [1, 3, 2, 4])?.coefficient, 4.0 / 6)
    #expect(Measures.kendallTauB([1, 1, 1], [1, 2, 3]) == nil)
  }

  @Test("An unpenalised fit of one binary feature is the log odds ratio")
  func anUnpenalisedFitOfOneBinaryFeatureIsTheLogOddsRatio() throws {
    // Feature 0: 1 of 4 positive; feature 1: 3 of 4. Odds 1/3 and 3: intercept -ln 3, slope 2 ln 3,
    // variance of the slope 1/1 + 1/3 + 1/1 + 1/3.
    let x: [[Double]] = [[0], [0], [0], [0], [1], [1], [1], [1]]
    let fit = try LogisticRegression.fit(features: x, labels: [1, 0, 0, 0, 1, 1, 1, 0], inverseRegularization: nil)
    expectClose(fit.intercept, -Double.log(3))
    expectClose(fit.coefficients[0], 2 * Double.log(3))
    expectClose(fit.coefficientStandardErrors?[0], (8.0 / 3).squareRoot())
    expectClose(fit.probability([1]), 0.75)
    expectClose(fit.logLikelihood, 6 * Double.log(0.75) + 2 * Double.log(0.25))
    let interval = try #require(fit.interval(ofCoefficient: 0))
    expectClose(interval.high - interval.low, 2 * 1.959963984540054 * (8.0 / 3).squareRoot())
  }

  @Test("Separated classes and collinear features are refused")
  func separatedClassesAndCollinearFeaturesAreRefused() {
    let separated = #expect(throws: StatisticsError.self) {
      try LogisticRegression.fit(features: [[0], [1], [2], [3]], labels: [0, 0, 1, 1], inverseRegularization: nil)
    }
    #expect(separated?.code == .separated)
    let collinear = #expect(throws: StatisticsError.self) {
      try LogisticRegression.fit(
        features: [[0, 0], [1, 2], [2, 4], [3, 6]], labels: [0, 1, 0, 1], inverseRegularization: nil)
    }
    #expect(collinear?.code == .collinear)
    let ragged = #expect(throws: StatisticsError.self) {
      try LogisticRegression.fit(features: [[0], [1, 2]], labels: [0, 1], inverseRegularization: 1)
    }
    #expect(ragged?.row == 1)
  }

  @Test("Impossible proportions have no interval")
  func impossibleProportionsHaveNoInterval() {
    #expect(Proportion.wilson(successes: 3, trials: 2) == nil)
    #expect(Proportion.wilson(successes: 0, trials: 0) == nil)
    #expect(Proportion.clopperPearson(successes: -1, trials: 5) == nil)
    #expect(FalseDiscovery.benjaminiHochberg([0.5, .nan]) == nil)
  }

  @Test("The null percentile counts equal values as one half")
  func theNullPercentileCountsEqualValuesAsOneHalf() {
    #expect(Measures.nullPercentile(of: 0.6, among: [0.5, 0.6, 0.7, 0.4]) == 0.625)
    #expect(Measures.nullPercentile(of: 0.6, among: []) == nil)
    #expect(Measures.nullPercentile(of: 0.6, among: [.nan]) == nil)
  }

  @Test("Scores whose squares overflow still rank and correlate")
  func scoresWhoseSquaresOverflowStillRankAndCorrelate() {
    let huge = scores.map { $0 * 1e200 }
    #expect(Measures.auroc(scores: huge, labels: labels) == 3.5 / 4)
    expectClose(
      Measures.pointBiserial(scores: huge, labels: labels)?.coefficient,
      Measures.pointBiserial(scores: scores, labels: labels)?.coefficient)
    expectClose(Measures.cohensD(scores: huge, labels: labels), Measures.cohensD(scores: scores, labels: labels))
    expectClose(Measures.welchT(scores: huge, labels: labels)?.t, Measures.welchT(scores: scores, labels: labels)?.t)
    #expect(Measures.spearman(scores: huge, labels: labels) != nil)
  }

  @Test("Empty input is undefined everywhere")
  func emptyInputIsUndefinedEverywhere() {
    #expect(Measures.auroc(scores: [], labels: []) == nil)
    #expect(Measures.averagePrecision(scores: [], labels: []) == nil)
    #expect(Measures.pointBiserial(scores: [], labels: []) == nil)
    #expect(Measures.kendallTauB([], []) == nil)
    #expect(Measures.mannWhitney(scores: [], labels: []) == nil)
    #expect(Measures.brierScore(probabilities: [], labels: []) == nil)
    #expect(Measures.expectedCalibrationError(probabilities: [0.5], labels: [1], bins: 0) == nil)
    #expect(FalseDiscovery.benjaminiHochberg([]) == [])
  }
}
