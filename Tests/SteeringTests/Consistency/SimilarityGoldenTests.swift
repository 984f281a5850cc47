import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import Steering

/// The parts of `Fixtures/similarity/golden.json` that need tensors.
private struct Golden: Decodable {
  struct Angles: Decodable { let a: [[Double]], b: [[Double]], angles: [Double] }
  struct Alignment: Decodable { let x: [[Double]], y: [[Double]], biased: Double, debiased: Double }
  let angles: Angles
  let cka: [Alignment]

  init() throws {
    self = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Fixtures.file("similarity/golden.json")))
  }
}

private func matrix(_ rows: [[Double]]) throws -> Tensor {
  try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
}

@Suite("Subspaces and activations of different widths")
struct SimilarityGoldenTests {
  @Test("The planes of two axes meet at the angle between the others")
  func thePlanesOfTwoAxesMeetAtTheAngleBetweenTheOthers() throws {
    // span(x, y) and span(x, y + z): a common axis, and 45 degrees.
    let flat = try matrix([[1, 0], [0, 1], [0, 0]])
    let tilted = try matrix([[1, 0], [0, 1], [0, 1]])
    let angles = try PrincipalAngles(flat, tilted)
    #expect(abs(angles.angles[0]) < 1e-12 && abs(angles.angles[1] - .pi / 4) < 1e-12)
    #expect(abs(angles.overlap - 0.75) < 1e-12)
    #expect(throws: TelltaleError.self) { try PrincipalAngles(flat, matrix([[1], [0]])) }
  }

  @Test("Principal angles equal sci pys down to a millionth of a radian")
  func principalAnglesEqualSciPysDownToAMillionthOfARadian() throws {
    let golden = try Golden().angles
    let (a, b) = (try matrix(golden.a), try matrix(golden.b))
    for angles in [try PrincipalAngles(a, b), try PrincipalAngles(b, a)] {
      #expect(angles.angles.count == golden.angles.count)
      for (own, expected) in zip(angles.angles, golden.angles) {
        #expect(abs(own - expected) < 1e-9 * max(1, expected))
      }
    }
    #expect(golden.angles[0] < 1e-5)
  }

  @Test("Centred kernel alignment is one under rotation shift and scale")
  func centredKernelAlignmentIsOneUnderRotationShiftAndScale() throws {
    let x = try matrix([[1, 0], [0, 2], [3, 1], [-1, 4], [2, 2]])
    let turned = try x.matmul(matrix([[0, -3], [3, 0]])) + 7
    let alignment = try CentredKernelAlignment(x, turned)
    #expect(abs((alignment.biased ?? 0) - 1) < 1e-12 && abs((alignment.debiased ?? 0) - 1) < 1e-12)
    let constant = try CentredKernelAlignment(x, Tensor.ones([5, 3]))
    #expect(constant.biased == nil && constant.debiased == nil)
  }

  @Test("Centred kernel alignment equals num pys biased and debiased")
  func centredKernelAlignmentEqualsNumPysBiasedAndDebiased() throws {
    for golden in try Golden().cka {
      let alignment = try CentredKernelAlignment(matrix(golden.x), matrix(golden.y))
      #expect(abs((alignment.biased ?? 0) - golden.biased) < 1e-12)
      #expect(abs((alignment.debiased ?? 0) - golden.debiased) < 1e-12)
    }
  }

  @Test("Debiased alignment of unrelated activations is near zero where the biased one is not")
  func debiasedAlignmentOfUnrelatedActivationsIsNearZeroWhereTheBiasedOneIsNot() throws {
    var debiased = 0.0
    for seed in 0..<40 {
      let alignment = try CentredKernelAlignment(
        Tensor.randomNormal([20, 60], seed: UInt64(seed)), Tensor.randomNormal([20, 90], seed: UInt64(seed + 1_000)))
      #expect((alignment.biased ?? 0) > 0.6)
      debiased += (alignment.debiased ?? .nan) / 40
    }
    #expect(abs(debiased) < 0.03)
  }

  @Test("The effective dimension is recovered from fewer rows than dimensions")
  func theEffectiveDimensionIsRecoveredFromFewerRowsThanDimensions() throws {
    // 30 rows of 50 equal directions: without the correction the ratio could not exceed 29.
    var sum = 0.0
    for seed in 0..<30 { sum += try ActivationDimension.of(.randomNormal([30, 50], seed: UInt64(seed))) ?? .nan }
    #expect(abs(sum / 30 - 50) < 4)
    #expect(try ActivationDimension.of(Tensor.ones([8, 4])) == nil)
    #expect(try ActivationDimension.of(Tensor([Float.nan] + Array(repeating: 1, count: 15), shape: [4, 4])) == nil)
  }
}
