import RealModule
import Testing

@testable import Statistics

@Suite("Every value of golden.json is reproduced within its stated tolerance")
struct GoldenTests {
  let golden: Golden

  init() throws { golden = try Golden.load() }

  @Test("The golden file is whole")
  func theGoldenFileIsWhole() {
    #expect(golden.datasets.count == 14)
    #expect(golden.logisticRegression.count == 4)
    #expect(golden.benjaminiHochberg.count == 7)
    #expect(golden.wilson.count == 22)
    #expect(golden.delongPaired.count == 2)
  }

  @Test("The areas and their de long intervals")
  func theAreasAndTheirDeLongIntervals() {
    for set in golden.datasets {
      let delong = DeLong(scores: set.scores, labels: set.labels)
      let expected = set.expected
      let area = Measures.auroc(scores: set.scores, labels: set.labels)
      expectClose(area, expected.auroc, relative: set.tolerance, "\(set) auroc")
      expectClose(
        Measures.averagePrecision(scores: set.scores, labels: set.labels), expected.averagePrecision,
        relative: set.tolerance, "\(set) average precision")
      expectClose(delong?.auroc, expected.delong95?.auc, relative: set.tolerance, "\(set) DeLong area")
      expectClose(delong?.variance, expected.delong95?.variance, relative: set.tolerance, "\(set) variance")
      expectClose(delong?.interval()?.low, expected.delong95?.low, relative: set.tolerance, "\(set) low")
      expectClose(delong?.interval()?.high, expected.delong95?.high, relative: set.tolerance, "\(set) high")
    }
  }

  @Test("The correlations")
  func theCorrelations() {
    for set in golden.datasets {
      let expected = set.expected
      let r = Measures.pointBiserial(scores: set.scores, labels: set.labels)
      expectClose(r?.coefficient, expected.pointBiserial.r, relative: set.tolerance, "\(set) r")
      // On 'offset' r itself is only known to 1e-6, and so is its p.
      let pTolerance = max(1e-7, set.tolerance)
      expectClose(r?.p, expected.pointBiserial.p, relative: pTolerance, "\(set) p of r")
      let rho = Measures.spearman(scores: set.scores, labels: set.labels)
      expectClose(rho?.coefficient, expected.spearman.rho, "\(set) rho")
      expectClose(rho?.p, expected.spearman.p, relative: 1e-7, "\(set) p of rho")
      let tau = Measures.kendallTauB(scores: set.scores, labels: set.labels)
      expectClose(tau?.coefficient, expected.kendallTauB.tau, "\(set) tau")
      expectClose(tau?.p, expected.kendallTauB.pAsymptotic, relative: 1e-7, "\(set) p of tau")
    }
  }

  @Test("The two sample tests")
  func theTwoSampleTests() {
    for set in golden.datasets {
      let expected = set.expected
      let test = Measures.mannWhitney(scores: set.scores, labels: set.labels)
      expectClose(test?.u, expected.mannWhitney?.U, "\(set) U")
      expectClose(test?.pAsymptotic, expected.mannWhitney?.pAsymptotic, relative: 1e-7, "\(set) p of U")
      expectClose(test?.pExact, exactP(of: set), relative: 1e-7, "\(set) exact p of U")
      let welch = Measures.welchT(scores: set.scores, labels: set.labels)
      expectClose(welch?.t, expected.welchT?.t, relative: set.tolerance, "\(set) t")
      expectClose(welch?.degreesOfFreedom, expected.welchT?.df, relative: set.tolerance, "\(set) df")
      expectClose(welch?.p, expected.welchT?.p, relative: max(1e-7, set.tolerance), "\(set) p of t")
      let d = Measures.cohensD(scores: set.scores, labels: set.labels)
      expectClose(d, expected.cohensD, relative: set.tolerance, "\(set) d")
    }
  }

  /// The file leaves the exact p out for the two larger sets without ties; these are SciPy 1.17.1's
  /// mannwhitneyu(..., method='exact') for them.
  private func exactP(of set: Golden.DataSet) -> Double? {
    let large = ["imbalanced": 0.003625693551938262, "calibrated": 3.0384598856127354e-06]
    return set.expected.mannWhitney?.pExact ?? large[set.name]
  }

  @Test("The probability scores")
  func theProbabilityScores() {
    for set in golden.datasets {
      let (p, labels) = (set.probabilities, set.labels)
      expectClose(Measures.brierScore(probabilities: p, labels: labels), set.expected.brier, "\(set) Brier")
      expectClose(Measures.logLoss(probabilities: p, labels: labels), set.expected.logLoss, "\(set) log loss")
      expectClose(
        Measures.expectedCalibrationError(probabilities: p, labels: labels), set.expected.ece10, "\(set) ECE")
    }
  }

  @Test("The logistic regressions of the data sets")
  func theLogisticRegressionsOfTheDataSets() throws {
    for set in golden.datasets {
      guard let expected = set.expected.logisticRegression else {
        #expect(throws: StatisticsError.self) {
          try LogisticRegression.fit(
            features: set.scores.map { [$0] }, labels: set.labels, inverseRegularization: 1)
        }
        continue
      }
      let centre = mean(set.scores)
      let deviation = (sumOfSquares(set.scores) / Double(set.scores.count)).squareRoot()
      let scale = isConstant(set.scores) ? 0 : 1 / deviation
      try expectFit(set.scores.map { [($0 - centre) * scale] }, set.labels, expected, set.name)
    }
  }

  @Test("The logistic regressions of several features")
  func theLogisticRegressionsOfSeveralFeatures() throws {
    for (index, problem) in golden.logisticRegression.enumerated() {
      for fit in problem.fits { try expectFit(problem.X, problem.y, fit, "problem \(index), C \(fit.C)") }
    }
  }

  private func expectFit(_ x: [[Double]], _ y: [Int], _ expected: Golden.Expected.Logistic, _ what: String) throws {
    let fit = try LogisticRegression.fit(features: x, labels: y, inverseRegularization: expected.C)
    let ours = fit.coefficients + [fit.intercept]
    for (index, value) in (expected.coefficients + [expected.intercept]).enumerated() {
      expectClose(ours[index], value, relative: 0, absolute: 1e-6, "\(what), parameter \(index)")
    }
    let reference = expected.sklearnLbfgsCoefficients + [expected.sklearnLbfgsIntercept]
    for (index, value) in reference.enumerated() {
      expectClose(ours[index], value, relative: 0, absolute: 5e-5, "\(what), parameter \(index), scikit-learn")
    }
  }

  @Test("The adjusted p values")
  func theAdjustedPValues() throws {
    for set in golden.benjaminiHochberg {
      let bh = try #require(FalseDiscovery.benjaminiHochberg(set.p))
      let by = try #require(FalseDiscovery.benjaminiYekutieli(set.p))
      for row in set.p.indices {
        expectClose(bh[row], set.adjusted[row], relative: 1e-10, "BH \(row) of \(set.p)")
        expectClose(by[row], set.adjustedBy[row], relative: 1e-10, "BY \(row) of \(set.p)")
      }
    }
  }

  @Test("The proportion intervals")
  func theProportionIntervals() {
    for set in golden.wilson {
      let (k, n) = (set.successes, set.trials)
      let wilson = Proportion.wilson(successes: k, trials: n, confidence: set.confidence)
      expectClose(wilson?.low, set.low, "Wilson low \(k)/\(n)")
      expectClose(wilson?.high, set.high, "Wilson high \(k)/\(n)")
      let exact = Proportion.clopperPearson(successes: k, trials: n, confidence: set.confidence)
      // SciPy's binomtest stops its search 2e-12 from the root, too coarse for a bound of 1e-7: one success of n has
      // the closed form 1 - (1 - tail)^(1/n) instead.
      let closed = -Double.expMinusOne(Double.log(onePlus: -(1 - set.confidence) / 2) / Double(n))
      let low = k == 1 && n == 100_000 ? closed : set.clopperPearsonLow
      expectClose(exact?.low, low, "Clopper-Pearson low \(k)/\(n)")
      expectClose(exact?.low, set.clopperPearsonLow, absolute: 2e-12, "Clopper-Pearson low \(k)/\(n), SciPy")
      expectClose(exact?.high, set.clopperPearsonHigh, "Clopper-Pearson high \(k)/\(n)")
    }
  }

  @Test("The paired de long tests")
  func thePairedDeLongTests() {
    for set in golden.delongPaired {
      let test = PairedDeLong(scoresA: set.a, scoresB: set.b, labels: set.labels)
      expectClose(test?.aurocA, set.expected.aucA, "area a")
      expectClose(test?.aurocB, set.expected.aucB, "area b")
      expectClose(test?.difference, set.expected.difference, absolute: 1e-14, "difference")
      expectClose(test?.variance, set.expected.variance, absolute: 1e-16, "variance")
      expectClose(test?.z, set.expected.z, "z")
      expectClose(test?.p, set.expected.p, relative: 1e-7, "p")
      expectClose(test?.interval().low, set.expected.low, absolute: 1e-14, "low")
      expectClose(test?.interval().high, set.expected.high, absolute: 1e-14, "high")
    }
  }
}
