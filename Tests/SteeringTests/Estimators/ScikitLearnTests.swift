import Foundation
import TestSupport
import Testing
import Torch

@testable import Steering

/// Directions of small synthetic activations, and what scikit-learn makes of them.
struct ScikitLearnCase: Decodable, Sendable, CustomTestStringConvertible {
  struct Logistic: Decodable {
    var c: Double
    var coefficients: [Double]
  }
  struct Discriminant: Decodable {
    var shrinkage: Double
    var coefficients: [Double]
  }
  struct Shrinkage: Decodable {
    var shrinkage: Double
    var meanVariance: Double
  }

  var name: String
  var positives: Int
  var width: Int
  var rows: [Double]
  var logistic: [Logistic]
  var discriminantAuto: [Double]
  var discriminantFixed: Discriminant
  var ledoitWolf: Shrinkage
  var pcaCentred: [Double]?

  var testDescription: String { name }

  func activations(pairs: Bool = false) throws -> LabelledActivations {
    let all = try Tensor(rows, shape: [rows.count / width, width])
    return LabelledActivations(
      positive: try all.narrowed(0, 0..<positives), negative: try all.narrowed(0, positives..<rows.count / width),
      arePairs: pairs)
  }

  private struct File: Decodable { var cases: [ScikitLearnCase] }

  static let all: [ScikitLearnCase] = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = try? Data(contentsOf: Fixtures.file("estimators/scikit-learn.json"))
    return data.flatMap { try? decoder.decode(File.self, from: $0).cases } ?? []
  }()
}

@Suite struct ScikitLearnTests {
  @Test("All cases of the fixture are read")
  func readsTheFixture() { #expect(ScikitLearnCase.all.count == 4) }

  @Test("The probe's coefficients are LogisticRegression's with intercept", arguments: ScikitLearnCase.all)
  func logistic(_ fixture: ScikitLearnCase) throws {
    for fit in fixture.logistic {
      let found = try ClassLogistic(c: fit.c).coefficients(of: fixture.activations()).doubles()
      expectClose(found, fit.coefficients, within: 1e-6, "C = \(fit.c)")
    }
  }

  @Test("The discriminant is LinearDiscriminantAnalysis' with shrinkage auto", arguments: ScikitLearnCase.all)
  func discriminant(_ fixture: ScikitLearnCase) throws {
    let found = try LinearDiscriminant().coefficients(of: fixture.activations()).doubles()
    expectClose(found, fixture.discriminantAuto, within: 1e-8)
  }

  @Test("The discriminant is LinearDiscriminantAnalysis' with fixed shrinkage", arguments: ScikitLearnCase.all)
  func fixedShrinkage(_ fixture: ScikitLearnCase) throws {
    let expected = fixture.discriminantFixed
    let found = try LinearDiscriminant(shrinkage: expected.shrinkage).coefficients(of: fixture.activations()).doubles()
    expectClose(found, expected.coefficients, within: 1e-8)
  }

  @Test("Shrinkage and mean variance are ledoit_wolf's", arguments: ScikitLearnCase.all)
  func ledoitWolf(_ fixture: ScikitLearnCase) throws {
    let rows = try fixture.activations().rows()
    let found = try LedoitWolf(centred: rows - rows.mean(0))
    expectClose([found.shrinkage], [fixture.ledoitWolf.shrinkage], within: 1e-10)
    expectClose([found.meanVariance], [fixture.ledoitWolf.meanVariance], within: 1e-9)
  }

  @Test("The centred component of differences is PCA's, up to its sign", arguments: ScikitLearnCase.all)
  func principalComponent(_ fixture: ScikitLearnCase) throws {
    guard let expected = fixture.pcaCentred else { return }
    let activations = try fixture.activations(pairs: true)
    let found = try PrincipalDirection(isCentred: true).direction(of: activations).doubles()
    let sign = zip(found, expected).reduce(0) { $0 + $1.0 * $1.1 } < 0 ? -1.0 : 1
    expectClose(found, expected.map { sign * $0 }, within: 1e-5)
    let projections = try activations.differences().matmul(Tensor(found)).doubles()
    #expect(PrincipalDirection.sign(projections) == 1)
  }
}
