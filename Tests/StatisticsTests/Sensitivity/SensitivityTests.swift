import Foundations
import RealModule
import Testing

@testable import Statistics

@Suite("Sensitivity, heterogeneity and U-shapes")
struct SensitivityTests {
  let golden: MeasureGolden

  init() throws { golden = try MeasureGolden.load() }

  @Test("The E-value of VanderWeele and Ding's example is 7.26, of its interval 3.0")
  func eValueVanderWeele() throws {
    let found = try #require(EValue(riskRatio: 3.9, interval: Interval(low: 1.8, high: 8.7)))
    expectClose(found.value, 7.26, absolute: 0.005)
    expectClose(found.ofInterval, 3.0, absolute: 0.005)
    expectClose(EValue(riskRatio: 1 / 3.9)?.value, found.value)
    #expect(EValue(riskRatio: 1.2, interval: Interval(low: 0.9, high: 1.5))?.ofInterval == 1)
    #expect(EValue(riskRatio: 0) == nil && EValue(riskRatio: .nan) == nil)
    // An odds ratio of 4 with a common behaviour counts as a risk ratio of 2: 2 + sqrt(2).
    expectClose(EValue(oddsRatio: 4, baseRate: 0.5)?.value, 2 + Double.sqrt(2))
    expectClose(EValue(oddsRatio: 4, baseRate: 0.01)?.value, 4 + Double.sqrt(12))
    #expect(EValue(oddsRatio: 4, baseRate: 0.5)?.sentence.contains("3.41") == true)
  }

  @Test("The robustness value of Cinelli and Hazlett's Darfur example is 13.9 %, of its interval 7.6 %")
  func robustnessValueCinelli() throws {
    let found = try #require(RobustnessValue(t: 4.184445, degreesOfFreedom: 783))
    expectClose(found.value, 0.1387764, absolute: 1e-6)
    expectClose(found.ofInterval, 0.07625797, absolute: 1e-6)
    expectClose(found.partialR2, 0.02187309, absolute: 1e-7)
    #expect(RobustnessValue(t: 1, degreesOfFreedom: 50)?.ofInterval == 0)
    #expect(RobustnessValue(t: 1e9, degreesOfFreedom: 50)?.value ?? 0 <= 1)
    #expect(RobustnessValue(t: .nan, degreesOfFreedom: 50) == nil)
  }

  @Test("The tails of chi-squared and F are SciPy's")
  func tailsChiSquared() {
    for case_ in golden.chiSquared {
      expectClose(ChiSquared.upperTail(case_.x, degreesOfFreedom: case_.df), case_.p, "chi2 \(case_.x) \(case_.df)")
    }
    for case_ in golden.f { expectClose(FDistribution.upperTail(case_.x, case_.a, case_.b), case_.p, "F \(case_.x)") }
    #expect(ChiSquared.upperTail(0, degreesOfFreedom: 3) == 1)
    #expect(ChiSquared.upperTail(-1, degreesOfFreedom: 3).isNaN && FDistribution.upperTail(.nan, 1, 2).isNaN)
  }

  @Test("For independent estimates Wald's statistic is Cochran's Q, as statsmodels gives it")
  func independentEstimatesWald() throws {
    let set = golden.cochran
    let covariance = set.variances.indices.map { a in set.variances.indices.map { a == $0 ? set.variances[a] : 0 } }
    let found = try #require(
      Heterogeneity(names: ["a", "b", "c", "d"], values: set.values, covariance: covariance))
    expectClose(found.cochranQ, set.q)
    expectClose(found.cochranP, set.p)
    expectClose(found.p, set.p, relative: 1e-9)
    expectClose(found.inconsistency, set.i2)
    #expect(Heterogeneity(names: ["a"], values: [1], covariance: [[1]]) == nil)
    #expect(Heterogeneity(names: ["a", "b"], values: [1, 2], covariance: [[0, 0], [0, 1]]) == nil)
  }

  @Test("Least squares with clustered errors are statsmodels' (CR1) and those of refitting (CR3)")
  func leastSquaresClustered() throws {
    let set = golden.leastSquares
    let fit = try #require(
      ClusteredLeastSquares(columns: [set.x, set.x.map { $0 * $0 }], y: set.y, groups: Partition(set.groups)))
    let (cr1, cr3) = (try #require(fit.sandwich), try #require(fit.covariance))
    for a in 0..<3 {
      expectClose(fit.coefficients[a], set.coefficients[a], relative: 1e-9)
      for b in 0..<3 {
        expectClose(cr1[a][b], set.cr1[a][b], relative: 1e-8, absolute: 1e-14)
        expectClose(cr3[a][b], set.cr3[a][b], relative: 1e-8, absolute: 1e-14)
      }
    }
    #expect(ClusteredLeastSquares(columns: [set.x, set.x], y: set.y, groups: Partition(set.groups)) == nil)
  }

  @Test("An effect in one letter only is found, one in both is not called different")
  func effectOneLetter() throws {
    var generator = SeededGenerator(seed: 9)
    let groups = (0..<600).map { "q\($0 / 10)" }
    let letters = (0..<600).map { $0 % 2 == 0 ? "A" : "B" }
    let labels = (0..<600).map { _ in Double(generator.index(below: 2)) }
    let onlyA = labels.indices.map { (letters[$0] == "A" ? labels[$0] : 0) + generator.normal() }
    let both = labels.indices.map { labels[$0] + generator.normal() }
    for within in [false, true] {
      let found = try #require(
        Heterogeneity.ofAreas(scores: onlyA, labels: labels, levels: letters, groups: groups, within: within))
      #expect(found.p < 1e-4 && found.inconsistency > 0.8)
      #expect(found.sentence(what: "AUROC", between: "letters").hasPrefix("The AUROC differs between letters (A 0."))
      let same = Heterogeneity.ofAreas(scores: both, labels: labels, levels: letters, groups: groups, within: within)
      #expect(try #require(same).p > 0.05)
    }
    let one = Heterogeneity.ofAreas(scores: both, labels: labels, levels: labels.map { _ in "A" }, groups: groups)
    #expect(one == nil)
  }

  @Test("A U-shape is named, its AUROC being 0.498", .enabled(if: FailingFile.isThere))
  func uShapeNamed() throws {
    let file = try FailingFile("u-shape.csv")
    let found = try #require(
      UShape(scores: file.scores, labels: file.labels.map(Double.init), groups: file.groups))
    #expect(found.p < 0.001 && found.sentence()?.contains("not monotonically") == true)
    for name in ["huge.csv", "offset-within-only.csv"] {
      let other = try FailingFile(name)
      let shape = UShape(scores: other.scores, labels: other.labels.map(Double.init), groups: other.groups)
      #expect(try #require(shape).p > 0.05)
    }
  }

  @Test("A rise that levels off is not a U-shape, and nothing is not one either")
  func riseLevelsOff() throws {
    var generator = SeededGenerator(seed: 10)
    let scores = (0..<800).map { _ in generator.uniform() }
    let groups = (0..<800).map { "q\($0 / 8)" }
    let levelled = scores.map { Double.sqrt($0) + 0.3 * generator.normal() }
    let shape = try #require(UShape(scores: scores, labels: levelled, groups: groups))
    #expect(shape.quadraticP < 0.01 && shape.p > 0.05 && shape.sentence() == nil)
    let hill = scores.map { 1 - 4 * ($0 - 0.5) * ($0 - 0.5) + 0.3 * generator.normal() }
    #expect(UShape(scores: scores, labels: hill, groups: groups)?.shape == .hill)
    #expect(UShape(scores: [1, 1, 1, 1], labels: [1, 0, 1, 0]) == nil)
    #expect(UShape(scores: [1, 2, 3, 4], labels: [1, 1, 1, 1]) == nil)
  }

  @Test("Without a difference or a bend the tests are right 95 times in 100")
  func withoutDifferenceBend() {
    var (uneven, bent, defined) = (0, 0, 0)
    for run in 0..<Simulated.runs {
      let data = CorrelatedClusters(seed: run + 500, sizes: .init(repeating: 8, count: 25), correlation: 0.3)
      let levels = data.x.indices.map { ["A", "B", "C"][$0 % 3] }
      guard let test = Heterogeneity.ofAreas(scores: data.x, labels: data.y, levels: levels, groups: data.groups),
        let shape = UShape(scores: data.x, labels: data.y, groups: data.groups)
      else { continue }
      defined += 1
      uneven += test.p < 0.05 ? 1 : 0
      bent += shape.quadraticP < 0.05 ? 1 : 0
    }
    print("false alarms: heterogeneity \(uneven), quadratic term \(bent) of \(defined)")
    let most = 0.07 * Double(defined) + 3 * (0.05 * 0.95 * Double(defined)).squareRoot()
    #expect(Double(max(uneven, bent)) < most)
  }
}
