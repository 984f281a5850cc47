import Foundations
import RealModule
import Testing

@testable import Statistics

@Suite("The verdict's estimates equal those of R, statsmodels and SciPy")
struct VerdictGoldenTests {
  struct Golden: Decodable {
    struct Area: Decodable {
      let area, byQuestion, byTemplate, byBoth, byTemplateLinear, byBothLinear: Double
    }
    struct Conditional: Decodable { let coefficient, modelStandardError, standardError: Double }
    struct Slope: Decodable { let slope, standardError: Double }
    struct Regression: Decodable {
      let coefficient, variance: Double
      let byTemplate: Double?
    }
    struct Sign: Decodable {
      let larger, count: Int
      let p: Double
    }
    struct Holm: Decodable { let p, adjusted: [Double] }
    let label: [Int]
    let score: [Double]
    let group, template: [String]
    let terms: [[Double]]
    let areas: [String: Area]
    let clogit: Conditional
    let slopeLogistic: Slope
    let regressions: [String: Regression]
    let signTest: [Sign]
    let holm: Holm
  }

  let golden: Golden
  private var questions: Partition { Partition(golden.group) }
  private var templates: Partition { Partition(golden.template) }

  init() throws { golden = try Fixtures.decode(Golden.self, from: "verdict/golden.json") }

  private func totals(_ name: String, by clusters: Partition) -> PairTotals {
    PairTotals(
      ScoreOrder(golden.score), labels: golden.label,
      strata: name == "pooled" ? .whole(golden.label.count) : questions, clusters: clusters,
      weighting: name == "pooled" ? .pairs : .vanElteren)
  }

  @Test("Areas and their jackknives equal those by leaving out", arguments: ["pooled", "within"])
  func areasAndTheirJackknivesEqualThoseByLeavingOut(name: String) throws {
    let expected = try #require(golden.areas[name])
    let byQuestion = totals(name, by: questions)
    expectClose(byQuestion.area, expected.area, relative: 1e-12)
    expectClose(byQuestion.jackknifeVariance(), expected.byQuestion, relative: 1e-9)
    expectClose(totals(name, by: templates).jackknifeVariance(), expected.byTemplate, relative: 1e-9)
    expectClose(
      totals(name, by: templates.crossed(with: questions)).jackknifeVariance(), expected.byBoth, relative: 1e-9)
  }

  @Test("The variance by two clusters is the sum of both minus their intersection", arguments: ["pooled", "within"])
  func theVarianceByTwoClustersIsTheSumOfBothMinusTheirIntersection(name: String) throws {
    let expected = try #require(golden.areas[name])
    let clusters = Clusters(questions, crossed: [templates])
    let order = ScoreOrder(golden.score)
    let area =
      name == "pooled"
      ? ClusteredArea.pooled(order, labels: golden.label, clusters: clusters)
      : ClusteredArea.stratified(order, labels: golden.label, strata: questions, clusters: clusters)
    let variance = try #require(area?.variance)
    let sum = expected.byQuestion + expected.byTemplateLinear - expected.byBothLinear
    expectClose(variance.value, max(expected.byQuestion, sum), relative: 1e-9)
    let spread = try #require(area?.spread)
    let own = spread.parts[0].df
    // Welch and Satterthwaite's of the two variances that are added; where nothing is, the questions' own.
    let welch =
      expected.byTemplateLinear <= 0.7 * expected.byBothLinear
      ? own
      : variance.value * variance.value
        / (expected.byQuestion * expected.byQuestion / own
          + expected.byTemplateLinear * expected.byTemplateLinear / spread.parts[1].df)
    expectClose(variance.degreesOfFreedom, max(1, min(own, welch)), relative: 1e-9)
  }

  @Test("Conditional logistic regression is that of survival")
  func conditionalLogisticRegressionIsThatOfSurvival() throws {
    let fit = try #require(ConditionalLogistic(scores: golden.score, labels: golden.label, strata: golden.group))
    expectClose(fit.coefficient, golden.clogit.coefficient, relative: 1e-8)
    expectClose(fit.modelStandardError, golden.clogit.modelStandardError, relative: 1e-7)
    expectClose(fit.standardError, golden.clogit.standardError, relative: 1e-6)
  }

  @Test("Conditional logistic regression of large strata does not overflow")
  func conditionalLogisticRegressionOfLargeStrataDoesNotOverflow() throws {
    var generator = SeededGenerator(seed: 3)
    let labels = (0..<4_000).map { $0 % 2 }
    let scores = labels.map { Double($0) + generator.normal() }
    let strata = (0..<4_000).map { "\($0 / 2_000)" }
    let fit = try #require(ConditionalLogistic(scores: scores, labels: labels, strata: strata))
    // Two normal classes one standard deviation apart have log-odds of 1 per unit.
    #expect(abs(fit.coefficient - 1) < 0.15)
    #expect(ConditionalLogistic(scores: labels.map(Double.init), labels: labels, strata: strata) == nil)
  }

  @Test("The logistic slope is that of statsmodels")
  func theLogisticSlopeIsThatOfStatsmodels() throws {
    let fit = try #require(SlopeLogistic(golden.score, golden.label, questions))
    expectClose(fit.slope, golden.slopeLogistic.slope, relative: 1e-8)
    expectClose(fit.slopeError, golden.slopeLogistic.standardError, relative: 1e-7)
  }

  @Test("Regressions and their jackknives equal those of refitted models", arguments: ["across", "within"])
  func regressionsAndTheirJackknivesEqualThoseOfRefittedModels(name: String) throws {
    let expected = try #require(golden.regressions[name])
    let absorbed = name == "within" ? questions : nil
    let fit = try #require(
      ClusteredRegression(
        scores: golden.score, labels: golden.label, terms: golden.terms, absorbed: absorbed,
        clusters: Clusters(questions)))
    expectClose(fit.coefficient, expected.coefficient, relative: 1e-9)
    expectClose(fit.variance?.value, expected.variance, relative: 1e-8)
    guard let byTemplate = expected.byTemplate else { return }
    let crossed = ClusteredRegression(
      scores: golden.score, labels: golden.label, terms: golden.terms, absorbed: nil,
      clusters: Clusters(questions, crossed: [templates]))
    expectClose(crossed?.spread?.parts[1].variance, byTemplate, relative: 1e-8)
  }

  @Test("A score that is a combination of columns has no coefficient")
  func aScoreThatIsACombinationOfColumnsHasNoCoefficient() {
    let score = zip(golden.terms[0], golden.terms[1]).map { 2 * $0 - $1 }
    let fit = ClusteredRegression(
      scores: score, labels: golden.label, terms: golden.terms, absorbed: nil, clusters: Clusters(questions))
    #expect(fit == nil)
  }

  @Test("Sign test and holm are those of sci py and statsmodels")
  func signTestAndHolmAreThoseOfSciPyAndStatsmodels() {
    for test in golden.signTest {
      expectClose(signTestP(test.larger, of: test.count), test.p, relative: 1e-10)
    }
    for (p, expected) in zip(holm(golden.holm.p), golden.holm.adjusted) { expectClose(p, expected, relative: 1e-12) }
  }

  @Test("The maximum statistic lies between the smallest p and bonferroni")
  func theMaximumStatisticLiesBetweenTheSmallestPAndBonferroni() {
    var generator = SeededGenerator(seed: 9)
    let one = (0..<40).map { _ in generator.normal() }
    let other = (0..<40).map { _ in generator.normal() }
    let alike = MaximumStatistic(p: [0.02, 0.02], deviations: [one, one], draws: 4_000, seed: 1).adjustedP
    let apart = MaximumStatistic(p: [0.02, 0.02], deviations: [one, other], draws: 4_000, seed: 1).adjustedP
    #expect(alike.allSatisfy { abs($0 - 0.02) < 0.008 })
    #expect(apart.allSatisfy { abs($0 - 0.0396) < 0.01 })
  }
}
