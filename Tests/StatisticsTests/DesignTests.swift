import Foundations
import Testing

@testable import Statistics

@Suite("Tests of design: order, groups, layers, power")
struct DesignTests {
  @Test("Runs are counted and compared with random order")
  func runsAreCountedAndComparedWithRandomOrder() throws {
    // 0 0 1 1 1 0 1: runs 4; m = 4, n = 3: mean 1 + 24/7, variance 24 * 17 / (49 * 6).
    let test = try #require(RunTest(labels: [0, 0, 1, 1, 1, 0, 1]))
    #expect(test.runs == 4)
    expectClose(test.expectedRuns, 31.0 / 7)
    expectClose(test.z, (4 - 31.0 / 7) / (24.0 * 17 / (49 * 6)).squareRoot())
    #expect(RunTest(labels: [0, 1, 1, 1]) == nil)
  }

  @Test("The founding labels come in four runs")
  func theFoundingLabelsComeInFourRuns() throws {
    let test = try #require(RunTest(labels: SeedResult("Zephyr_Anthropic_prompt_13").labels))
    // 156 ones and 132 zeros: 1 + 2 * 156 * 132 / 288 = 144 expected.
    #expect(test.runs == 4)
    #expect(test.expectedRuns == 144)
    #expect(test.z < -16)
    #expect(test.p < 1e-60)
  }

  @Test("Copied rows are worth as much as the originals")
  func copiedRowsAreWorthAsMuchAsTheOriginals() throws {
    var generator = SeededGenerator(seed: 21)
    let labels = (0..<80).map { _ in generator.index(below: 2) }
    let scores = labels.map { Double($0) + generator.normal() }
    let copies = (0..<400).map { $0 / 5 }
    let rows = try ScoredRows(
      scores: copies.map { scores[$0] }, labels: copies.map { labels[$0] }, groups: copies.map { "\($0)" })
    let audit = try Audit(candidates: [AuditCandidate(name: "score", rows: rows)], permutations: 100)
    let effective = try #require(audit.finding("effective sample size")?.number)
    #expect(abs(effective - 80) < 7)
  }

  @Test("Power grows with groups and the needed number reaches it")
  func powerGrowsWithGroupsAndTheNeededNumberReachesIt() throws {
    let analysis = try PowerAnalysis(auroc: 0.7, rowsPerGroup: 5, correlation: 0.3)
    expectClose(analysis.designEffect, 2.2)
    let needed = try #require(analysis.groupsNeeded())
    #expect(analysis.power(groups: needed) >= 0.8)
    #expect(analysis.power(groups: needed - 1) < 0.8)
    #expect(try #require(analysis.groupsNeeded(comparisons: 32)) > needed)
    // 8 groups of 5 rows at design effect 1 are 20 positives and 20 negatives: at 0.5 the variance is
    // (1/4 + 2 * 19 * (1/3 - 1/4)) / 400, at 0.8 (0.16 + 19 * (2/3 - 0.64) + 19 * (1.28/1.8 - 0.64)) / 400.
    let nullSpread: Double = 0.25 + 38 * (1.0 / 3 - 0.25)
    let positiveSpread: Double = 19 * (2.0 / 3 - 0.64)
    let negativeSpread: Double = 19 * (1.28 / 1.8 - 0.64)
    let atNull = (nullSpread / 400).squareRoot()
    let atTruth = ((0.16 + positiveSpread + negativeSpread) / 400).squareRoot()
    expectClose(
      try PowerAnalysis(auroc: 0.8, rowsPerGroup: 5).power(groups: 8),
      NormalDistribution.cumulative((0.3 - 1.959963984540054 * atNull) / atTruth))
  }

  @Test("Power agrees with simulation")
  func powerAgreesWithSimulation() throws {
    let experiment = ClusteredExperiment(
      groups: 100, rowsPerGroup: 1, labelCorrelation: 0, scoreCorrelation: 0, separation: 0.65)
    var generator = SeededGenerator(seed: 22)
    let rejected = (0..<400).count { _ in
      let rows = experiment.draw(using: &generator)
      let area = ClusteredAUROC(scores: rows.scoresOfLayer[0], labels: rows.labels, groups: rows.groups)
      return (area?.interval()?.low ?? 0) > 0.5
    }
    let predicted = try PowerAnalysis(auroc: 0.65).power(groups: 100)
    #expect(abs(Double(rejected) / 400 - predicted) < 0.1)
  }

  @Test("Planned groups reach their power in other experiments")
  func plannedGroupsReachTheirPowerInOtherExperiments() throws {
    let analysis = try PowerAnalysis(auroc: 0.75, rowsPerGroup: 4, correlation: 0.2)
    guard case .groups(let groups, let power) = try VerdictPower(analysis).groupsNeeded(experiments: 100) else {
      Issue.record("no number of groups was found")
      return
    }
    #expect(power >= 0.8 && (12...60).contains(groups))
    // 200 other experiments: 80 % with three standard errors, and of the 100 that chose the number two.
    #expect(try VerdictPower(analysis, seed: 99).power(groups: groups, experiments: 200) > 0.8 - 0.085 - 0.08)
    #expect(try VerdictPower(analysis, seed: 99).power(groups: groups / 2, experiments: 200) < 0.75)
  }

  @Test("The smallest effect and the rows that can be simulated limit the plan")
  func theSmallestEffectAndTheRowsThatCanBeSimulatedLimitThePlan() throws {
    let analysis = try PowerAnalysis(auroc: 0.6, rowsPerGroup: 10, correlation: 0)
    var options = AuditOptions()
    options.smallestEffect = 0.2
    // Of 100 questions the interval of an AUROC of 0.6 lies within 0.5 +- 0.2.
    #expect(try VerdictPower(analysis, options: options).power(groups: 100, experiments: 40) < 0.1)
    #expect(try VerdictPower(analysis).power(groups: 100, experiments: 40) > 0.9)
    let rows = try PowerAnalysis(auroc: 0.6, rowsPerGroup: 100_000, correlation: 1)
    #expect(try VerdictPower(rows).groupsNeeded(experiments: 10) == .tooManyRows)
  }

  @Test("Impossible power questions are refused")
  func impossiblePowerQuestionsAreRefused() {
    #expect(throws: StatisticsError.self) { try PowerAnalysis(auroc: 0.5) }
    #expect(throws: StatisticsError.self) { try PowerAnalysis(auroc: 0.7, correlation: -0.1) }
  }

  @Test("A chosen layer is judged on other groups")
  func aChosenLayerIsJudgedOnOtherGroups() throws {
    var generator = SeededGenerator(seed: 23)
    let experiment = ClusteredExperiment(groups: 60)
    let noise = experiment.draw(layers: 30, layerCorrelation: 0, using: &generator)
    let chosen = try #require(
      LayerSelection(scoresOfLayer: noise.scoresOfLayer, labels: noise.labels, groups: noise.groups, seed: 1))
    #expect(chosen.comparisons == 30)
    // Noise looks best where chosen and like chance elsewhere.
    #expect(chosen.folds.allSatisfy { abs($0.selectionAUROC - 0.5) > 0.05 })
    #expect(abs(chosen.heldOutAUROC - 0.5) < 0.08)
    var layers = noise.scoresOfLayer
    layers[7] = noise.labels.map { -Double($0) }
    let inverted = try #require(LayerSelection(scoresOfLayer: layers, labels: noise.labels, groups: noise.groups))
    #expect(inverted.folds.map(\.layer) == [7, 7])
    #expect(inverted.heldOutAUROC == 0)
  }
}

@Suite("Tests and models that respect other variables")
struct AdjustmentTests {
  @Test("The partial correlation of three variables has its closed form")
  func thePartialCorrelationOfThreeVariablesHasItsClosedForm() throws {
    let x: [Double] = [1, 2, 3, 4, 5, 6]
    let y: [Double] = [2, 1, 4, 3, 6, 5]
    let z: [Double] = [1, 1, 2, 3, 3, 4]
    let xy = try #require(Measures.pearson(x, y)?.coefficient)
    let xz = try #require(Measures.pearson(x, z)?.coefficient)
    let yz = try #require(Measures.pearson(y, z)?.coefficient)
    let expected = (xy - xz * yz) / ((1 - xz * xz) * (1 - yz * yz)).squareRoot()
    let partial = Measures.partialCorrelation(x, y, given: [z])
    expectClose(partial?.coefficient, expected)
    expectClose(partial?.p, StudentT.correlationP(expected, n: 5))
    #expect(Measures.partialCorrelation(x, y, given: [x]) == nil)
    #expect(Measures.partialCorrelation(x, y, given: [z, z]) == nil)
  }

  @Test("Clustered errors of copies are those of the originals")
  func clusteredErrorsOfCopiesAreThoseOfTheOriginals() throws {
    var generator = SeededGenerator(seed: 31)
    let x = (0..<60).map { _ in generator.normal() }
    let y = x.map { $0 + 1.5 * generator.normal() > 0 ? 1 : 0 }
    let copies = Partition(codes: (0..<240).map { $0 / 4 }, count: 60)
    let single = try #require(SlopeLogistic(x, y, .rows(60)))
    let fourfold = try #require(SlopeLogistic(copies.codes.map { x[$0] }, copies.codes.map { y[$0] }, copies))
    expectClose(fourfold.slope, single.slope, relative: 1e-8)
    expectClose(fourfold.slopeError, single.slopeError, relative: 1e-8)
    expectClose(fourfold.interceptError, single.interceptError, relative: 1e-8)
  }

  @Test("Strata hold a letter fixed")
  func strataHoldALetterFixed() throws {
    // The score is the letter plus a little that goes the wrong way inside each letter.
    let letters = (0..<40).map { $0 < 20 ? "A" : "B" }
    let labels = (0..<40).map { row in row < 20 ? (row % 5 == 0 ? 1 : 0) : (row % 5 == 0 ? 0 : 1) }
    let scores = zip(letters, labels).map { ($0 == "A" ? 0.0 : 10) - Double($1) }
    #expect(try #require(Measures.auroc(scores: scores, labels: labels)) > 0.6)
    let within = try #require(
      ClusteredArea.stratified(
        ScoreOrder(scores), labels: labels, strata: Partition(letters), clusters: Clusters(.rows(40))))
    #expect(within.area == 0)
    #expect(within.mixedStrata == 2)
  }

  @Test("The jackknife equals leaving out each group in turn")
  func theJackknifeEqualsLeavingOutEachGroupInTurn() throws {
    var generator = SeededGenerator(seed: 32)
    let drawn = ClusteredExperiment(groups: 12, rowsPerGroup: 6, unequalSizes: true, tieStep: 0.5)
      .draw(using: &generator)
    let scores = drawn.scoresOfLayer[0]
    let areas = Partition(drawn.groups).firsts(drawn.groups).compactMap { name in
      let kept = scores.indices.filter { drawn.groups[$0] != name }
      return Measures.auroc(scores: kept.map { scores[$0] }, labels: kept.map { drawn.labels[$0] })
    }
    let clustered = ClusteredAUROC(scores: scores, labels: drawn.labels, groups: drawn.groups)
    #expect(areas.count == 12)
    expectClose(clustered?.jackknifeVariance, 11.0 / 12 * sumOfSquares(areas), relative: 1e-9)
  }

  @Test("The maximum statistic charges for every layer looked at")
  func theMaximumStatisticChargesForEveryLayerLookedAt() throws {
    var generator = SeededGenerator(seed: 33)
    let drawn = ClusteredExperiment(groups: 30).draw(layers: 20, layerCorrelation: 0, using: &generator)
    let test = try #require(
      MaxStatisticTest(scores: drawn.scoresOfLayer, labels: drawn.labels, groups: drawn.groups, permutations: 500))
    let alone = try #require(
      MaxStatisticTest(
        scores: [drawn.scoresOfLayer[0]], labels: drawn.labels, groups: drawn.groups, permutations: 500))
    #expect(test.adjustedP[0] >= alone.adjustedP[0])
    #expect(test.adjustedP.allSatisfy { $0 > 0.05 })
    // The same layer twenty times costs nothing.
    let copies = MaxStatisticTest(
      scores: Array(repeating: drawn.scoresOfLayer[0], count: 20), labels: drawn.labels, groups: drawn.groups,
      permutations: 500)
    #expect(copies?.adjustedP[0] == alone.adjustedP[0])
  }
}

@Suite("Agreement of two raters")
struct AgreementTests {
  /// 60 items in three categories, as counts by (first, second).
  let table = [[20, 5, 2], [3, 15, 4], [1, 2, 8]]

  @Test("Kappa and AC1 equal their closed forms")
  func kappaAndAC1EqualTheirClosedForms() throws {
    var (first, second): ([String], [String]) = ([], [])
    for (k, row) in table.enumerated() {
      for (l, count) in row.enumerated() {
        first += Array(repeating: "\(k)", count: count)
        second += Array(repeating: "\(l)", count: count)
      }
    }
    let agreement = try #require(Agreement(first, second))
    expectClose(agreement.observed, 43.0 / 60)
    // Values and standard errors by the delta method with numerical derivatives (NumPy), kappa's also by the closed
    // form of Fleiss, Cohen and Everitt.
    expectClose(agreement.kappa, 0.5592048401037163)
    expectClose(agreement.kappaStandardError, 0.08942954544640946)
    expectClose(agreement.ac1, 0.5828647378, relative: 1e-7)
    expectClose(agreement.ac1StandardError, 0.0865753361, relative: 1e-7)
    #expect(agreement.kappaInterval()?.contains(0.559) == true)
  }

  @Test("Kappa is undefined with one category and AC1 is perfect")
  func kappaIsUndefinedWithOneCategoryAndAC1IsPerfect() throws {
    let agreement = try #require(Agreement(["yes", "yes"], ["yes", "yes"], categories: ["no"]))
    #expect(agreement.kappa == nil)
    #expect(agreement.ac1 == 1)
    #expect(Agreement([], []) == nil)
  }
}
