import Foundation
import TestSupport
import Testing
import Torch

@testable import Steering

/// Directions against computations by hand, and what becomes of data that have none.
@Suite struct EstimatorTests {
  private func activations(
    _ positive: [[Double]], _ negative: [[Double]], pairs: Bool = true
  ) throws -> LabelledActivations {
    func tensor(_ rows: [[Double]]) throws -> Tensor {
      try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
    }
    return LabelledActivations(positive: try tensor(positive), negative: try tensor(negative), arePairs: pairs)
  }

  /// Pairs whose negative is the origin.
  private func pairs(_ differences: [[Double]]) throws -> LabelledActivations {
    try activations(differences, differences.map { $0.map { _ in 0 } })
  }

  private func direction(_ estimator: Estimator, _ activations: LabelledActivations) throws -> [Double] {
    try estimator.implementation.direction(of: activations).doubles()
  }

  @Test("mean: (3, 1) and (1, 3) against the origin average to (2, 2); unequal classes subtract their own means")
  func meanByHand() throws {
    expectClose(try direction(.mean, pairs([[3, 1], [1, 3]])), [2, 2], within: 1e-15)
    let unequal = try activations([[4, 0]], [[1, 1], [3, 1]], pairs: false)
    expectClose(try direction(.mean, unequal), [2, -1], within: 1e-15)
  }

  @Test("pca: the axis of (2, 1), (2, -1), (2, 1) about zero leans by atan(4/9)/2; about their mean it is (0, 1)")
  func principalByHand() throws {
    let differences = try pairs([[2, 1], [2, -1], [2, 1]])
    // Sum of squares: 12 along (1, 0) and 3 along (0, 1), cross term 2: the axis solves tan 2t = 4 / 9.
    let angle = atan(4.0 / 9) / 2
    expectClose(try direction(.pca, differences), [cos(angle), sin(angle)], within: 1e-6)
    // Deviations are 0 along (1, 0); two of three pairs lie on the side of +1.
    expectClose(try direction(.pcaCentred, differences), [0, 1], within: 1e-6)
  }

  @Test("A clear majority of pairs decides the sign, not one large pair; without one the mean does")
  func signByHand() throws {
    // Four against one is 3 apart, more than the square root of 5.
    expectClose(try direction(.pca, pairs([[1, 0], [1, 0], [1, 0], [1, 0], [-9, 0]])), [1, 0], within: 1e-6)
    // Two against one is 1 apart, less than the square root of 3.
    expectClose(try direction(.pca, pairs([[1, 0], [1, 0], [-9, 0]])), [-1, 0], within: 1e-6)
    #expect(PrincipalDirection.sign([1, -1]) == 1 && PrincipalDirection.sign([0, 0]) == 1)
    #expect(PrincipalDirection.sign([-1, -1, -1, -1, 9]) == -1 && PrincipalDirection.sign([0, -0.5]) == -1)
  }

  @Test("logistic: one pair with d = (2, 0) at C = 1 has w = 2 / (1 + exp(w)), 0.6748 along (1, 0)")
  func logisticByHand() throws {
    // Two examples +-(1, 0): the gradient of 2 log(1 + exp(-w)) + w^2 / 2 is -2 / (1 + exp(w)) + w.
    let found = try DifferenceLogistic().coefficients(of: pairs([[2, 0]])).doubles()
    #expect(abs(found[0] - 2 / (1 + exp(found[0]))) < 1e-9 && abs(found[1]) < 1e-12)
    expectClose([found[0]], [0.6748], within: 1e-4)
    expectClose(try direction(.logistic, pairs([[2, 0]])), [1, 0], within: 1e-12)
  }

  @Test("probe: two rows at 1 and -1 give the same equation with C = 1, and centring does not change it")
  func probeByHand() throws {
    for shift in [0.0, 100] {
      let rows = try activations([[1 + shift, 5]], [[-1 + shift, 5]], pairs: false)
      let found = try ClassLogistic().coefficients(of: rows).doubles()
      #expect(abs(found[0] - 2 / (1 + exp(found[0]))) < 1e-8 && abs(found[1]) < 1e-12, "shift \(shift)")
    }
  }

  @Test("discriminant: variances 1 and 4 within classes and means (2, 2) apart give slopes 2 / 1 and 2 / 4")
  func discriminantByHand() throws {
    let corners: [[Double]] = [[1, 2], [1, -2], [-1, 2], [-1, -2]]
    let rows = try activations(corners.map { [$0[0] + 2, $0[1] + 2] }, corners, pairs: false)
    expectClose(try LinearDiscriminant(shrinkage: 0).coefficients(of: rows).doubles(), [2, 0.5], within: 1e-12)
    // Wholly shrunk, the covariance is the mean variance 2.5 times the identity.
    expectClose(try LinearDiscriminant(shrinkage: 1).coefficients(of: rows).doubles(), [0.8, 0.8], within: 1e-12)
  }

  @Test("Without shrinkage, what lies outside the rows' spread does not count: the shortest solution")
  func rankDeficientDiscriminant() throws {
    let rows = try activations([[1, 1, 0], [3, 1, 0]], [[-1, 0, 0], [1, 0, 0]], pairs: false)
    // Spread along the first coordinate only, with variance 1; the means are (2, 1, 0) apart.
    expectClose(try LinearDiscriminant(shrinkage: 0).coefficients(of: rows).doubles(), [2, 0, 0], within: 1e-10)
  }

  @Test("Ledoit and Wolf's shrinkage of a single row or a single coordinate is none")
  func ledoitWolfAtItsEdges() throws {
    #expect(try LedoitWolf(centred: Tensor([0.0, 0, 0], shape: [1, 3])).shrinkage == 0)
    let one = try LedoitWolf(centred: Tensor([1.0, -1], shape: [2, 1]))
    #expect(one.shrinkage == 0 && one.meanVariance == 1)
  }

  // MARK: Degenerate data

  @Test("Identical sides have no direction by any estimator", arguments: Estimator.allCases)
  func identicalSides(_ estimator: Estimator) throws {
    let same: [[Double]] = [[1, 2, 3], [4, 5, 6]]
    #expect(try direction(estimator, activations(same, same)).allSatisfy { $0 == 0 })
  }

  @Test("One pair has the direction of its difference where one exists, and none about its own mean")
  func onePair() throws {
    let pair = try pairs([[0, 3, 4]])
    for estimator in [Estimator.pca, .logistic, .probe] {
      expectClose(try direction(estimator, pair), [0, 0.6, 0.8], within: 1e-6, "\(estimator)")
    }
    #expect(try direction(.pcaCentred, pair) == [0, 0, 0])
    #expect(try direction(.discriminant, pair) == [0, 0, 0], "one row a class has no spread")
  }

  @Test("Equal differences have their own direction, and no principal component about their mean")
  func equalDifferences() throws {
    let equal = try activations([[1.1, 0.3], [3.1, 5.3], [-2.9, 4.3]], [[0.1, 0.2], [2.1, 5.2], [-3.9, 4.2]])
    for estimator in [Estimator.pca, .logistic] {
      let found = try direction(estimator, equal)
      expectClose([found[1] / found[0]], [0.1], within: 1e-5, "\(estimator)")
    }
    #expect(try direction(.pcaCentred, equal) == [0, 0])
  }

  @Test("Constant coordinates get no weight from a probe", arguments: [Estimator.probe, .logistic, .pca])
  func constantCoordinates(_ estimator: Estimator) throws {
    let rows = try activations([[1, 7, 0.5], [2, 7, 1]], [[-1, 7, 0], [-2, 7, 2]])
    let found = try direction(estimator, rows)
    #expect(abs(found[1]) < 1e-9 && found[0] > 0.5)
  }

  @Test("A layer whose data do not vary is refused by name")
  func refusesALayerWithoutADirection() throws {
    let flat = try pairs([[1, 2], [1, 2]])
    let text = message {
      _ = try LayerEstimate.all([4], .pcaCentred, splits: 0, sides: [[], []], bytes: 1) { _ in flat }
    }
    #expect(text.contains("pca-centred finds no direction at layer 4") && !text.contains("\n"))
  }

  @Test("Working in the rows' span gives what working in all coordinates gives", arguments: Estimator.allCases)
  func spanChangesNothing(_ estimator: Estimator) throws {
    let rows = try Tensor.randomNormal([10, 30], dtype: .float64, seed: 5)
    let own = LabelledActivations(
      positive: try rows.narrowed(0, 0..<5) + 0.3, negative: try rows.narrowed(0, 5..<10), arePairs: true)
    let whole = try direction(estimator, own)
    let estimate = try LayerEstimate(own, estimator.implementation, splits: 0, sides: [])
    expectClose(estimate.direction, whole, within: 2e-6)
  }

  @Test("Held-out separation by hand: each of two pairs, judged by the other, is on the right side or is not")
  func heldOutByHand() throws {
    let agree = try LayerEstimate(pairs([[1, 0], [1, 1]]), MeanDifference(), splits: 1, sides: [[1], [-1]])
    #expect(agree.heldOut == 1)
    expectClose([try #require(agree.reliability)], [2 * 0.7071067811865475 / 1.7071067811865475], within: 1e-12)
    let oppose = try LayerEstimate(pairs([[1, 0], [-1, 1]]), MeanDifference(), splits: 1, sides: [[1], [-1]])
    #expect(oppose.heldOut == 0)
    let orthogonal = try LayerEstimate(pairs([[1, 0], [0, 1]]), MeanDifference(), splits: 1, sides: [[1], [-1]])
    #expect(orthogonal.heldOut == 0.5)
  }
}
