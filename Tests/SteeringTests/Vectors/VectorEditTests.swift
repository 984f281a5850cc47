import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Edits made from vectors: scales, targets and conditions, by hand.
@Suite struct VectorEditTests {
  /// v = (3, 4) of norm 5, r = (0.6, 0.8), mean (1, 1), a quarter of the examples positive.
  private func vectors() -> SteeringVectors {
    var provenance = VectorProvenance()
    provenance.positiveShare = 0.25
    provenance.residualNorms = [2: 20]
    return SteeringVectors(layers: [2: [3, 4], 3: [0, 0]], means: [2: [1, 1]], provenance: provenance)
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as TelltaleError {
      #expect(error.isBadInput)
      return error.description
    } catch { return "another error: \(error)" }
    return ""
  }

  private func added(_ edit: SteeringEdit) throws -> [Float] {
    guard case .add(let vector) = edit.operation else { return [] }
    return try vector.floats()
  }

  @Test("A scale counts stored vectors, unit vectors or residual norms")
  func scales() throws {
    #expect(try added(vectors().addition(layer: 2, scale: 2)) == [6, 8])
    #expect(try added(vectors().addition(layer: 2, scale: -5, unit: .unit)) == [-3, -4])
    #expect(try added(vectors().addition(layer: 2, scale: 0.5, unit: .residual)) == [6, 8])
  }

  @Test("A class mean's projection is the mean's, moved by the other class's share of the difference")
  func targets() throws {
    let vectors = vectors()
    #expect(abs(try vectors.projection(.mean, layer: 2) - 1.4) < 1e-6)
    #expect(abs(try vectors.projection(.positiveMean, layer: 2) - (1.4 + 0.75 * 5)) < 1e-6)
    #expect(abs(try vectors.projection(.negativeMean, layer: 2) - (1.4 - 0.25 * 5)) < 1e-6)
    #expect(try vectors.projection(.value(-7), layer: 2) == -7)
    let edit = try vectors.clamps(layers: [2], to: .positiveMean, positions: .generated)[0]
    guard case .setProjection(let unit, let value) = edit.operation else { return #expect(Bool(false)) }
    #expect(edit.layer == 2 && edit.positions == .generated && abs(value - 5.15) < 1e-6)
    #expect(abs(try unit.norm().scalar() - 1) < 1e-6)
  }

  @Test("Targets are read by name or as a number")
  func targetNames() {
    #expect(ProjectionTarget("positive") == .positiveMean && ProjectionTarget("negative") == .negativeMean)
    #expect(ProjectionTarget("mean") == .mean && ProjectionTarget("-2.5") == .value(-2.5))
    #expect(ProjectionTarget("nan") == nil && ProjectionTarget("up") == nil)
  }

  @Test("Two classes whose means are known have the projections that are set")
  func realClasses() throws {
    let positive: [Float] = [4, 1, 0]
    let negative: [Float] = [1, -1, 2]
    let share = 0.3
    let mean = zip(positive, negative).map { Float(share) * $0 + Float(1 - share) * $1 }
    var provenance = VectorProvenance()
    provenance.positiveShare = share
    let vectors = SteeringVectors(
      layers: [0: zip(positive, negative).map { $0 - $1 }], means: [0: mean], provenance: provenance)
    let unit = try vectors.unit(0)
    func dot(_ a: [Float]) -> Double { zip(a, unit).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
    #expect(abs(try vectors.projection(.positiveMean, layer: 0) - dot(positive)) < 1e-5)
    #expect(abs(try vectors.projection(.negativeMean, layer: 0) - dot(negative)) < 1e-5)
  }

  @Test("Zero vectors, unknown layers, and numbers that are none are refused")
  func refusals() {
    let vectors = vectors()
    #expect(refusal { _ = try vectors.addition(layer: 3, scale: 1) }.contains("is zero at layer 3"))
    #expect(refusal { _ = try vectors.ablations() }.contains("is zero at layer 3"))
    #expect(refusal { _ = try vectors.addition(layer: 9, scale: 1) }.contains("has no vector for layer 9"))
    #expect(refusal { _ = try vectors.addition(layer: 2, scale: .nan) }.contains("no number to multiply"))
    #expect(refusal { _ = try vectors.addition(layer: 2, scale: 1e300) }.contains("overflow"))
    #expect(refusal { _ = try vectors.clamps(layers: [2], to: .value(.infinity)) }.contains("no number to set"))
    #expect(refusal { _ = try vectors.condition(layer: 2, .above, .nan) }.contains("no number to compare"))
    var bare = vectors
    bare.provenance.positiveShare = nil
    #expect(refusal { _ = try bare.projection(.positiveMean, layer: 2) }.contains("how many of its examples"))
    bare.means = [:]
    #expect(refusal { _ = try bare.projection(.mean, layer: 2) }.contains("states no mean activation"))
  }
}
