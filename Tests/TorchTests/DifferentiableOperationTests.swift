import Foundation
import Testing

@testable import Torch

/// The gradients that are written by hand, in float32 and rounded once, against libtorch's in float64, where the steps are
/// composed of its operations.
@Suite struct DifferentiableOperationTests {
  private typealias Fused = FusedOperationTests

  /// Gradients of something whose gradient by the outcome is `given`.
  private func gradients(
    by inputs: [Tensor], given: Tensor, _ body: ([Tensor]) throws -> Tensor
  ) throws -> [Tensor] {
    let leaves = try inputs.map { try $0.requiringGradient() }
    return try recordingGradients { try body(leaves) }.gradients(by: leaves, given: given)
  }

  private func wide(_ tensors: [Tensor]) throws -> [Tensor] { try tensors.map { try $0.converted(to: .float64) } }

  /// Holds the gradients of `body` against those of the same in float64.
  private func expectExact(_ inputs: [Tensor], given: Tensor, _ body: ([Tensor]) throws -> Tensor) throws {
    let own = try gradients(by: inputs, given: given, body)
    #expect(own.map(\.dtype) == inputs.map(\.dtype))
    let exact = try gradients(by: wide(inputs), given: wide([given])[0], body)
    for (own, exact) in zip(try wide(own), exact) {
      #expect(try Fused.distance(own, exact) < (given.dtype == .float32 ? 1e-5 : 0x1p-8 + 1e-5))
    }
  }

  @Test("The norm's gradient by hand: of 3 and 4 with a mean square of 12.5")
  func differentiatesTheNormByHand() throws {
    let x = try Tensor([3, 4] as [Float], shape: [1, 2])
    let given = try Tensor([1, 0] as [Float], shape: [1, 2])
    let own = try gradients(by: [x], given: given) { try $0[0].rmsNorm(Tensor.ones([2]), epsilon: 0) }[0].doubles()
    // s = 1 / sqrt(12.5); dx1 = s - 9 s^3 / 2, dx2 = -12 s^3 / 2
    #expect(abs(own[0] - 0.1810193) < 1e-6 && abs(own[1] + 0.1357645) < 1e-6)
  }

  @Test("Gradients of the steps are those in float64", arguments: [DType.float32, .bfloat16], Fused.widths)
  func areExact(_ dtype: DType, _ width: Int) throws {
    let (x, other) = (try Fused.random([37, width], dtype, seed: 1), try Fused.random([37, width], dtype, seed: 2))
    let (weight, given) = (try Fused.random([width], dtype, seed: 3), try Fused.random([37, width], dtype, seed: 4))
    try expectExact([x], given: given) { try $0[0].rmsNorm(weight.converted(to: $0[0].dtype), epsilon: 1e-5) }
    try expectExact([x, other], given: given) { try $0[0].gatedSilu($0[1]) }
    let (heads, turned) = (
      try Fused.random([37, 3, width], dtype, seed: 5), try Fused.random([37, 3, width], dtype, seed: 6)
    )
    let (cosines, sines) = (try x.cosine(), try other.sine())
    try expectExact([heads], given: turned) {
      try $0[0].rotated(cosines: cosines.converted(to: $0[0].dtype), sines: sines.converted(to: $0[0].dtype))
    }
  }

  @Test("Cross-entropy's value and gradient are those of log-softmax", arguments: [DType.float32, .bfloat16])
  func differentiatesCrossEntropy(_ dtype: DType) throws {
    let logits = try Fused.random([37, 1003], dtype, seed: 1)
    let targets = (0..<37).map { $0 % 5 == 0 ? -100 : $0 * 27 }
    let counted = (0..<37).filter { $0 % 5 != 0 }
    let chosen = try Tensor(counted.map { targets[$0] }).unsqueezed(1)
    func composed(_ leaf: Tensor) throws -> Tensor {
      let logs = try leaf.selected(0, counted).converted(to: .float32).logSoftmax(-1)
      return try -logs.gathered(-1, chosen).mean()
    }
    let one = try Tensor.ones([])
    let own = try gradients(by: [logits], given: one) { try $0[0].crossEntropy(Tensor(targets)) }
    let reference = try gradients(by: [logits], given: one) { try composed($0[0]) }
    #expect(try own[0].doubles().map(abs).max() ?? 0 > 0.01)
    #expect(try Fused.distance(own[0], reference[0]) < (dtype == .float32 ? 1e-7 : 2e-4))
    let leaf = try logits.requiringGradient()
    let loss = try recordingGradients { try leaf.crossEntropy(Tensor(targets)) }.scalar()
    #expect(abs(try loss - composed(logits).scalar()) < 1e-5)
  }

  @Test("A low-rank update equals the product of its matrices, and so do its gradients")
  func addsLowRank() throws {
    func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor { try Fused.random(shape, .float32, seed: seed) / 3 }
    let inputs = try [random([23, 11], 1), random([23, 7], 2), random([4, 7], 3), random([11, 4], 4)]
    let given = try random([23, 11], 5)
    func composed(_ t: [Tensor]) throws -> Tensor { try t[0] + t[1].linear(t[2]).linear(t[3]) * 1.5 }
    func own(_ t: [Tensor]) throws -> Tensor { try t[0].addingLowRank(t[1], a: t[2], b: t[3], scale: 1.5) }
    #expect(try Fused.distance(own(inputs), composed(inputs)) < 2e-6)
    try expectExact(inputs, given: given, own)
    let narrow = try inputs[0].converted(to: .bfloat16)
    let rounded = try narrow.addingLowRank(inputs[1], a: inputs[2], b: inputs[3], scale: 1.5)
    let exact = try composed([narrow.converted(to: .float32)] + inputs[1...]).converted(to: .bfloat16)
    #expect(try Fused.distance(rounded, exact) < Fused.tolerance(.bfloat16))
  }

  @Test("Products of many rows and their gradients in bfloat16 are the exact ones", arguments: [96, 131, 1020])
  func multipliesManyRows(_ rows: Int) throws {
    for (outputs, width) in [(16, 32), (160, 4128), (2080, 96)] {
      let x = try Fused.random([rows, width], .bfloat16, seed: 1)
      let weight = try Fused.random([outputs, width], .bfloat16, seed: 2)
      let given = try Fused.random([rows, outputs], .bfloat16, seed: 3)
      let (wide, wideWeight) = (try x.converted(to: .float64), try weight.converted(to: .float64))
      let product = try x.linear(weight)
      let exact = try wide.linear(wideWeight)
      // Half a unit in the last place, and what float32 sums lose where large terms cancel.
      let lost = 1e-5 * Double(max(width, outputs)).squareRoot()
      #expect(try Fused.distance(product.converted(to: .float64), exact) < 0x1p-8 + lost)
      let slope = try gradients(by: [x], given: given) { try $0[0].linear(weight) }[0].converted(to: .float64)
      let exactSlope = try given.converted(to: .float64).matmul(wideWeight)
      #expect(try Fused.distance(slope, exactSlope) < 0x1p-8 + lost)
    }
  }
}
