import RealModule
import Testing

@testable import Statistics

/// Reference values by mpmath with 40 digits.
@Suite("Special functions keep their digits, in the tails too")
struct SpecialFunctionTests {
  @Test(
    "The incomplete beta function is exact also where tiny",
    arguments: [
      (0.5, 0.5, 0.25, 1.0 / 3), (2, 3, 0.4, 0.5248), (143, 0.5, 0.125, 3.633206577329580654e-131),
      (50, 0.5, 0.01, 7.9982274179048210542e-102), (1000, 2000, 0.3, 0.000040738279160507714984),
      (10_000, 0.5, 0.999, 7.7058115692948764626e-6),
    ] as [(Double, Double, Double, Double)])
  func theIncompleteBetaFunctionIsExactAlsoWhereTiny(_ a: Double, _ b: Double, _ x: Double, _ value: Double) {
    expectClose(IncompleteBeta.regularized(x, complement: 1 - x, a: a, b: b), value, relative: 1e-11)
  }

  @Test("The incomplete beta function ends at zero and one")
  func theIncompleteBetaFunctionEndsAtZeroAndOne() {
    #expect(IncompleteBeta.regularized(0, complement: 1, a: 2, b: 3) == 0)
    #expect(IncompleteBeta.regularized(1, complement: 0, a: 2, b: 3) == 1)
    #expect(IncompleteBeta.regularized(0.5, complement: 0.5, a: -1, b: 3).isNaN)
  }

  @Test(
    "The normal tail is exact",
    arguments: [
      (0.5, 0.61707507745197379272), (1, 0.31731050786291410283), (5, 5.7330314375838782335e-7),
      (30, 9.8134278542963741191e-198),
    ] as [(Double, Double)])
  func theNormalTailIsExact(_ z: Double, _ p: Double) {
    expectClose(NormalDistribution.twoSidedP(z), p, relative: 1e-12)
    expectClose(NormalDistribution.cumulative(-z), p / 2, relative: 1e-12)
  }

  @Test(
    "The normal quantile is exact",
    arguments: [
      (0.975, 1.959963984540054), (0.6, 0.2533471031357997), (0.01, -2.3263478740408408), (1e-100, -21.273453560965322),
    ] as [(Double, Double)])
  func theNormalQuantileIsExact(_ p: Double, _ z: Double) {
    expectClose(NormalDistribution.quantile(p), z, relative: 1e-14)
  }

  @Test("The normal quantile ends at infinity")
  func theNormalQuantileEndsAtInfinity() {
    #expect(NormalDistribution.quantile(0) == -.infinity)
    #expect(NormalDistribution.quantile(1) == .infinity)
    #expect(NormalDistribution.quantile(1.5).isNaN)
  }

  @Test(
    "Students tail is exact",
    arguments: [
      (1, 1, 0.5), (2.5, 3, 0.08770664700806554725), (40, 286, 3.6872317184296197433e-119),
      (3, 7.25, 0.019134132993169082557),
    ] as [(Double, Double, Double)])
  func studentsTailIsExact(_ t: Double, _ df: Double, _ p: Double) {
    expectClose(StudentT.twoSidedP(t, degreesOfFreedom: df), p, relative: 1e-11)
    expectClose(StudentT.twoSidedP(-t, degreesOfFreedom: df), p, relative: 1e-11)
  }

  @Test(
    "Students quantile is exact",
    arguments: [
      (0.975, 1, 12.7062047361747), (0.975, 9, 2.26215716279820), (0.6, 5, 0.267180865704145),
    ] as [(Double, Double, Double)])
  func studentsQuantileIsExact(_ p: Double, _ df: Double, _ t: Double) {
    expectClose(StudentT.quantile(p, degreesOfFreedom: df), t, relative: 1e-11)
    expectClose(StudentT.quantile(1 - p, degreesOfFreedom: df), -t, relative: 1e-11)
  }

  @Test("A perfect correlation has p zero and two rows have none")
  func aPerfectCorrelationHasPZeroAndTwoRowsHaveNone() {
    #expect(StudentT.correlationP(1, n: 10) == 0)
    #expect(StudentT.correlationP(0.5, n: 2) == nil)
  }
}
