import Foundation
import Foundations
import Testing

@testable import Statistics

/// The parts of `Fixtures/similarity/golden.json` that need no tensors.
private struct SimilarityGolden: Decodable {
  struct RandomCosine: Decodable { let cosine: Double, dimension: Double, p: Double }
  struct Linkage: Decodable { let distances: [[Double]], joins: [[Double]], order: [Int] }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  let random_cosine: [RandomCosine]
  let linkage: Linkage

  init() throws {
    let url = Fixtures.folder.deletingLastPathComponent().appending(path: "similarity/golden.json")
    self = try JSONDecoder().decode(SimilarityGolden.self, from: Data(contentsOf: url))
  }
}

@Suite("Similarity of vectors: chance, noise, order")
struct SimilarityTests {
  @Test("In three dimensions the cosine of random directions is uniform")
  func inThreeDimensionsTheCosineOfRandomDirectionsIsUniform() {
    // Archimedes: P(|c| >= x) = 1 - x.
    for x in [0, 0.05, 0.5, 0.9, 1] { expectClose(RandomCosine.twoSidedP(-x, dimension: 3), 1 - x, absolute: 1e-14) }
    // On the circle the angle is uniform: P(|c| >= cos(pi/6)) = 1/3.
    expectClose(RandomCosine.twoSidedP(3.squareRoot() / 2, dimension: 2), 1.0 / 3, relative: 1e-12)
  }

  @Test("The null of the cosine equals the integral of its density")
  func theNullOfTheCosineEqualsTheIntegralOfItsDensity() throws {
    for row in try SimilarityGolden().random_cosine {
      expectClose(
        RandomCosine.twoSidedP(row.cosine, dimension: row.dimension), row.p, relative: 1e-9,
        "cosine \(row.cosine) in \(row.dimension) dimensions")
    }
  }

  @Test("Degenerate dimensions and cosines have stated values")
  func degenerateDimensionsAndCosinesHaveStatedValues() {
    #expect(RandomCosine.twoSidedP(0.9, dimension: 1) == 1)
    #expect(RandomCosine.twoSidedP(1, dimension: 5) == 0)
    #expect(RandomCosine.twoSidedP(1.5, dimension: 5).isNaN)
    #expect(RandomCosine.twoSidedP(.nan, dimension: 5).isNaN)
  }

  @Test("The critical cosine has the probability it is asked for", arguments: [2.5, 3, 17.25, 4096])
  func theCriticalCosineHasTheProbabilityItIsAskedFor(_ dimension: Double) {
    let critical = RandomCosine.critical(0.05, dimension: dimension)
    expectClose(RandomCosine.twoSidedP(critical, dimension: dimension), 0.05, relative: 1e-8)
  }

  @Test("Simulated random directions reach the critical cosine as often as stated")
  func simulatedRandomDirectionsReachTheCriticalCosineAsOftenAsStated() {
    var generator = SeededGenerator(seed: 5)
    let critical = RandomCosine.critical(0.1, dimension: 7)
    var reached = 0
    for _ in 0..<4_000 {
      let a = (0..<7).map { _ in generator.normal() }
      let b = (0..<7).map { _ in generator.normal() }
      let dot = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
      let norms = [a, b].map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      if abs(dot) >= critical * norms[0] * norms[1] { reached += 1 }
    }
    // 0.1 and three standard errors of 0.0047.
    #expect(abs(Double(reached) / 4_000 - 0.1) < 0.0143)
  }

  @Test("The participation ratio counts equal directions")
  func theParticipationRatioCountsEqualDirections() {
    #expect(EffectiveDimension.participationRatio(eigenvalues: [2, 2, 2, 0]) == 3)
    #expect(EffectiveDimension.participationRatio(eigenvalues: [5, 0, 0]) == 1)
    // (3 + 1)^2 / (9 + 1)
    expectClose(EffectiveDimension.participationRatio(eigenvalues: [3, 1]), 1.6)
    expectClose(EffectiveDimension.participationRatio(eigenvalues: [3e200, 1e200]), 1.6)
    #expect(EffectiveDimension.participationRatio(eigenvalues: [0, 0]) == nil)
    #expect(EffectiveDimension.participationRatio(eigenvalues: [1, -1]) == nil)
    #expect(EffectiveDimension.participationRatio(eigenvalues: [1, .nan]) == nil)
  }

  @Test("The correction for the number of rows is srivastavas")
  func theCorrectionForTheNumberOfRowsIsSrivastavas() {
    // v = 4, ratio 2: 16 / (3 * 6) (1/2 - 1/4) = 2/9, so 4.5 dimensions, and never more than the width.
    expectClose(EffectiveDimension.participationRatio(eigenvalues: [1, 1], rows: 5, width: 10), 4.5)
    #expect(EffectiveDimension.participationRatio(eigenvalues: [1, 1], rows: 5, width: 3) == 3)
    #expect(EffectiveDimension.participationRatio(eigenvalues: [1, 1, 1, 1], rows: 5, width: 9) == 9)
    #expect(EffectiveDimension.participationRatio(eigenvalues: [1, 1], rows: 3, width: 9) == nil)
  }

  @Test("Spearman brown doubles and undoes itself")
  func spearmanBrownDoublesAndUndoesItself() {
    expectClose(SpearmanBrown.stepped(0.5, factor: 2), 2.0 / 3)
    expectClose(SpearmanBrown.factor(from: 0.5, to: 2.0 / 3), 2)
    #expect(SpearmanBrown.stepped(0, factor: 2) == nil && SpearmanBrown.stepped(-0.2, factor: 2) == nil)
    #expect(SpearmanBrown.factor(from: 0.5, to: 1) == nil)
  }

  @Test("The cosine is disattenuated by the ceiling")
  func theCosineIsDisattenuatedByTheCeiling() {
    expectClose(Attenuation.ceiling(0.64, 0.64), 0.64)
    expectClose(Attenuation.ceiling(0.81, 0.25), 0.45)
    expectClose(Attenuation.disattenuated(0.36, 0.81, 0.25), 0.8)
    #expect(Attenuation.ceiling(0, 0.9) == nil && Attenuation.disattenuated(0.1, -0.3, 0.9) == nil)
  }

  @Test("Unbiased sums give the cosine the reliabilities and the true cosine")
  func unbiasedSumsGiveTheCosineTheReliabilitiesAndTheTrueCosine() {
    let sums = CosineSums(ab: 3, aa: 4, bb: 9, noiseA: 5, noiseB: 7)
    expectClose(sums.cosine, 3.0 / 12)
    expectClose(sums.reliabilityA, 4.0 / 9)
    expectClose(sums.reliabilityB, 9.0 / 16)
    expectClose(sums.disattenuated, 0.5)
    expectClose(
      sums.disattenuated, Attenuation.disattenuated(3.0 / 12, 4.0 / 9, 9.0 / 16), relative: 1e-14)
    #expect(CosineSums(ab: 1, aa: -1, bb: 2, noiseA: 3, noiseB: 0).disattenuated == nil)
    #expect(CosineSums(ab: 0, aa: 0, bb: 0, noiseA: 0, noiseB: 0).cosine == nil)
  }

  @Test("A replicate without a length makes the interval endless")
  func aReplicateWithoutALengthMakesTheIntervalEndless() throws {
    let estimate = CosineSums(ab: 1, aa: 1, bb: 1, noiseA: 1, noiseB: 1)
    let replicates = (0..<100).map { ($0 < 10 ? 0.5 : 0.9, $0 < 10 ? -0.5 : 1.0, 1.0) }
    let resampled = ResampledCosine(estimate, replicates: replicates.map { (ab: $0, aa: $1, bb: $2) }, groups: 6)
    let interval = try #require(resampled.disattenuatedInterval)
    #expect(interval.low == 0.9 && interval.high == .infinity)
    #expect(ResampledCosine(estimate, replicates: [], groups: 50).cosineInterval == nil)
    #expect(ResampledCosine(estimate, replicates: [(1, 1, 1)], groups: 5).cosineInterval == nil)
  }

  @Test("Average linkage joins the nearest by hand")
  func averageLinkageJoinsTheNearestByHand() throws {
    // 0 and 2 are nearest (1); then 1 joins at (4 + 6) / 2 = 5; then 3 at (9 + 8 + 10) / 3 = 9.
    let tree = try #require(
      AverageLinkage(distances: [[0, 4, 1, 9], [4, 0, 6, 8], [1, 6, 0, 10], [9, 8, 10, 0]]))
    #expect(tree.joins.map(\.left) == [0, 1, 3] && tree.joins.map(\.right) == [2, 4, 5])
    #expect(tree.joins.map(\.distance) == [1, 5, 9])
    #expect(tree.order == [3, 1, 0, 2])
    #expect(AverageLinkage(distances: [[0]])?.order == [0])
    #expect(AverageLinkage(distances: [[Double]]()) == nil)
    #expect(AverageLinkage(distances: [[0, Double.nan], [1, 0]]) == nil)
  }

  @Test("Average linkage equals sci pys")
  func averageLinkageEqualsSciPys() throws {
    let golden = try SimilarityGolden().linkage
    let tree = try #require(AverageLinkage(distances: golden.distances))
    #expect(tree.order == golden.order)
    for (join, expected) in zip(tree.joins, golden.joins) {
      #expect(Double(join.left) == expected[0] && Double(join.right) == expected[1])
      expectClose(join.distance, expected[2], relative: 1e-12)
    }
  }
}

@Suite("Verdicts on two vectors")
struct SimilarityVerdictTests {
  /// Ceiling 0.64 in 128 dimensions.
  private func evidence(_ cosine: Double, _ low: Double, _ high: Double, effective: Double? = nil) -> SimilarityEvidence
  {
    var evidence = SimilarityEvidence(cosine: cosine, dimension: 128)
    (evidence.reliabilityA, evidence.reliabilityB) = (0.64, 0.64)
    evidence.disattenuatedInterval = Interval(low: low, high: high)
    evidence.effectiveDimension = effective
    return evidence
  }

  @Test(
    "Follow the rule",
    arguments: [
      (0.61, 0.86, 1.04, .agree), (0.61, 1.01, 1.2, .agree), (0.5, 0.3, 1.3, .unclear), (0.3, 0.3, 0.7, .related),
      (-0.3, -0.7, -0.3, .opposed), (0.05, -0.1, 0.3, .apart), (0.3, -0.1, 0.9, .unclear),
      (-0.6, -.infinity, -0.7, .opposed), (-0.6, -.infinity, -0.1, .unclear), (0.05, -.infinity, .infinity, .unclear),
    ] as [(Double, Double, Double, SimilarityVerdict)])
  func followTheRule(_ cosine: Double, _ low: Double, _ high: Double, _ verdict: SimilarityVerdict) {
    #expect(evidence(cosine, low, high).verdict == verdict)
  }

  @Test("A cosine that few effective dimensions explain is no agreement")
  func aCosineThatFewEffectiveDimensionsExplainIsNoAgreement() {
    #expect(evidence(0.3, 0.3, 0.7).verdict == .related)
    #expect(evidence(0.3, 0.3, 0.7, effective: 10).verdict == .apart)
    let near = evidence(0.6, 0.9, 0.99, effective: 1.3)
    #expect(near.verdict == .unclear && near.sentence.contains("but unrelated vectors may be as near"))
    let cautious = evidence(0.61, 0.86, 1.04, effective: 2)
    #expect(
      cautious.verdict == .agree && cautious.sentence.contains("But random directions of 2.0 effective dimensions"))
  }

  @Test("Without a reliability above zero nothing can be told")
  func withoutAReliabilityAboveZeroNothingCanBeTold() {
    var unreliable = evidence(0.6, 0.9, 1.1)
    unreliable.reliabilityA = -0.1
    #expect(unreliable.verdict == .unclear && unreliable.sentence.contains("reliability is not above 0"))
    unreliable.reliabilityA = nil
    #expect(unreliable.verdict == .unclear && unreliable.sentence.contains("keep the differences"))
  }

  @Test("Without an interval only chance can be told")
  func withoutAnIntervalOnlyChanceCanBeTold() {
    var bare = evidence(0.05, 0, 0)
    bare.disattenuatedInterval = nil
    #expect(bare.verdict == .apart)
    bare.cosine = 0.6
    #expect(bare.verdict == .unclear)
    // A ceiling so low that even equal vectors would hide in chance.
    (bare.cosine, bare.reliabilityA) = (0.05, 0.01)
    #expect(bare.verdict == .unclear)
  }

  @Test("The sentence has the numbers")
  func theSentenceHasTheNumbers() {
    var stated = evidence(0.61, 0.86, 1.04)
    stated.cosineInterval = Interval(low: 0.55, high: 0.66)
    #expect(
      stated.sentence == "agree up to noise: the cosine is 0.61 [0.55, 0.66], of a possible 0.64. "
        + "Without noise it would be 0.95 [0.86, 1.04], which includes 1.")
  }
}
