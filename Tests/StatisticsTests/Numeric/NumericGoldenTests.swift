import Testing

@testable import Statistics

@Suite("Measures of numeric labels equal SciPy's, statsmodels' and a jackknife by refitting")
struct NumericGoldenTests {
  let golden: MeasureGolden

  init() throws { golden = try MeasureGolden.load() }

  private func rows(_ set: MeasureGolden.Numeric) throws -> NumericRows {
    try NumericRows(scores: set.scores, labels: set.labels, groups: set.groups)
  }

  private func variance(_ measure: some LeaveOneOutMeasure, _ first: Partition, _ crossed: [Partition] = []) -> Double?
  {
    ClusterSpread(measure, Clusters(first, crossed: crossed))?.variance.value
  }

  @Test("Values across and within groups")
  func valuesAcrossWithin() throws {
    #expect(golden.numeric.count == 2)
    for set in golden.numeric {
      let prediction = NumericPrediction(try rows(set), permutations: 10)
      for (name, expected) in set.across {
        let measure = try #require(NumericMeasure(rawValue: name))
        expectClose(prediction.across(measure)?.value, expected.value, "\(set.name) \(name)")
      }
      for (name, expected) in set.within {
        let measure = try #require(NumericMeasure(rawValue: name))
        expectClose(prediction.within(measure)?.value, expected.value, "\(set.name) \(name) within")
      }
      expectClose(prediction.within(.pearson)?.value, set.partialByDummies, "\(set.name) by dummies")
    }
  }

  @Test("Variances by group, by a second factor and by both")
  func variancesGroupSecond() throws {
    for set in golden.numeric {
      let factors = [Partition(set.groups), Partition(set.second)]
      for (within, expectations) in [(false, set.across), (true, set.within)] {
        for (name, expected) in expectations {
          let measure = try #require(NumericMeasure(rawValue: name))
          let strata = within ? factors[0] : .whole(set.scores.count)
          let found = try #require(measure.leaveOneOut(set.scores, set.labels, strata: strata))
          let what = "\(set.name) \(name) \(within ? "within" : "across")"
          expectClose(
            variance(found, factors[0]), expected.byGroup, relative: 1e-9, "\(what) by group")
          expectClose(
            variance(found, factors[1]), expected.bySecond, relative: 1e-9, "\(what) by second")
          expectClose(
            variance(found, factors[0], [factors[1]]),
            max(expected.byGroup, expected.byGroup + expected.bySecond - expected.byBoth),
            relative: 1e-9, "\(what) two ways")
        }
      }
    }
  }

  @Test("The first-order variance of Spearman's rho is near the exact one")
  func firstOrderVariance() throws {
    let data = CorrelatedClusters(seed: 21, sizes: .init(repeating: 8, count: 40), correlation: 0.5)
    let groups = Partition(data.groups)
    let exact = try #require(StratifiedSpearman(data.x, data.y, strata: .whole(320)))
    let near = try #require(StratifiedSpearman(data.x, data.y, strata: .whole(320), mostVisits: 0))
    let byLeavingOut = try #require(variance(exact, groups))
    expectClose(variance(near, groups), byLeavingOut, relative: 0.1)
    #expect(variance(near, groups) != byLeavingOut)
  }

  @Test("The permutation test's statistic and its p by exchanging and by the normal distribution")
  func permutationTestStatistic() throws {
    for set in golden.numeric {
      let exact = try #require(
        NumericPermutationTest(scores: [set.scores], labels: set.labels, groups: set.groups, permutations: 4_000))
      expectClose(exact.z[0], set.permutation.z, "\(set.name) z")
      #expect(abs(exact.adjustedP[0] - set.permutation.p) < 0.02)
      let normal = try #require(
        NumericPermutationTest(
          scores: [set.scores], labels: set.labels, groups: set.groups, permutations: 4_000, mostVisits: 1))
      #expect(normal.isNormal && !exact.isNormal)
      expectClose(normal.adjustedP[0], NormalDistribution.twoSidedP(set.permutation.z), relative: 1e-7)
    }
  }

  @Test("For labels 0 and 1 the concordance is the AUROC, within and across, with its interval")
  func labels01() throws {
    let set = golden.numeric[0]
    let labels = set.labels.map { $0 > 50 ? 1 : 0 }
    let rows = try NumericRows(scores: set.scores, labels: labels.map(Double.init), groups: set.groups)
    let across = try #require(ClusteredAssociation.across(rows, .concordance))
    let area = try #require(ClusteredAUROC(scores: set.scores, labels: labels, groups: set.groups))
    expectClose(across.value, area.auroc)
    expectClose(across.standardError, area.jackknifeVariance?.squareRoot())
    let within = try #require(ClusteredAssociation.within(rows, .concordance))
    let questions = Partition(set.groups)
    let pairs = PairTotals(ScoreOrder(set.scores), labels: labels, strata: questions, clusters: questions)
    expectClose(within.value, pairs.area)
    expectClose(within.standardError, pairs.jackknifeVariance()?.squareRoot())
  }
}
