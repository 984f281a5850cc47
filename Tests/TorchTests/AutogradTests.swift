import Foundation
import Foundations
import TestSupport
import Testing

@testable import Torch

@Suite("Gradients")
struct AutogradTests {
  /// The gradient of `function` at `values` by central differences, in float64.
  static func numerical(_ values: [Double], shape: [Int], _ function: (Tensor) throws -> Tensor) throws -> [Double] {
    let step = 1e-5
    return try values.indices.map { index in
      func at(_ shift: Double) throws -> Double {
        var moved = values
        moved[index] += shift
        return try function(Tensor(moved, shape: shape)).scalar()
      }
      return try (at(step) - at(-step)) / (2 * step)
    }
  }

  /// Holds the gradient of `function` at seeded random numbers against central differences.
  static func check(
    _ shape: [Int], seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation,
    _ function: (Tensor) throws -> Tensor
  ) throws {
    let start = try Tensor.randomNormal(shape, dtype: .float64, seed: seed)
    let leaf = try start.requiringGradient()
    let gradient = try recordingGradients { try function(leaf).gradients(by: [leaf]) }[0]
    let expected = try numerical(start.doubles(), shape: shape, function)
    #expect(expected.contains { abs($0) > 1e-3 }, "the check is void", sourceLocation: sourceLocation)
    try expectClose(gradient, expected, shape: shape, tolerance: 1e-7, sourceLocation: sourceLocation)
  }

  @Test("The gradient of x^2 y is 2xy and x^2")
  func byHand() throws {
    let x = try Tensor([3, -1] as [Double]).requiringGradient()
    let y = try Tensor([5, 2] as [Double]).requiringGradient()
    let gradients = try recordingGradients { try (x * x * y).sum().gradients(by: [x, y]) }
    try expectClose(gradients[0], [30, -4], tolerance: 0)
    try expectClose(gradients[1], [9, 1], tolerance: 0)
  }

  @Test("Gradients of intermediate results, and zeros where nothing depends on an input")
  func intermediateAndUnused() throws {
    let x = try Tensor([2] as [Float]).requiringGradient()
    let unused = try Tensor([1, 2] as [Float], shape: [2, 1]).requiringGradient()
    let gradients = try recordingGradients {
      let squared = try x * x
      return try (squared * 3).sum().gradients(by: [x, squared, unused])
    }
    try expectClose(gradients[0], [12])
    try expectClose(gradients[1], [3])
    try expectClose(gradients[2], [0, 0], shape: [2, 1])
  }

  @Test("Gradients of two outputs add up, each with its own gradient given")
  func severalOutputs() throws {
    let x = try Tensor([2, 3] as [Float]).requiringGradient()
    let (squares, threefold) = try recordingGradients { (try x * x, try x * 3) }
    let given = try [Tensor([1, 10] as [Float]), Tensor([100, 1000] as [Float])]
    // 2x times the first and 3 times the second.
    let gradients = try Tensor.gradients(of: [squares, threefold], by: [x], given: given)
    try expectClose(gradients[0], [4 + 300, 60 + 3000])
  }

  @Test("Nothing is recorded outside, and after a throw inside")
  func outsideOfRecording() throws {
    struct Stop: Error {}
    let x = try Tensor([2] as [Float]).requiringGradient()
    expectError(.invalidArgument, containing: "does not require grad") { try (x * x).sum().gradients(by: [x]) }
    #expect(throws: Stop.self) { try recordingGradients { throw Stop() } }
    expectError(.invalidArgument) { try (x * x).sum().gradients(by: [x]) }
    let inner = try recordingGradients {
      _ = try recordingGradients { try x * x }
      return try (x * x).sum().gradients(by: [x])  // still recording after the nested call
    }
    try expectClose(inner[0], [4])
  }

  @Test("A detached tensor passes no gradient on")
  func detached() throws {
    let x = try Tensor([2] as [Float]).requiringGradient()
    let gradient = try recordingGradients { try (x.detached() * x).sum().gradients(by: [x])[0] }
    try expectClose(gradient, [2])
  }

  @Test("Gradients of several numbers, of integers and a second time are refused")
  func errors() throws {
    let x = try Tensor([2, 3] as [Float]).requiringGradient()
    recordingGradients {
      expectError(.invalidArgument, containing: "scalar") { try (x * x).gradients(by: [x]) }
      expectError(.invalidArgument) { try Tensor([1]).requiringGradient() }
      expectError(.invalidArgument) { try (x * x).sum().gradients(by: [Tensor([1] as [Float])]) }
    }
    let output = try recordingGradients { try (x * x).sum() }
    _ = try output.gradients(by: [x])
    #expect(throws: TelltaleError.self) { try output.gradients(by: [x]) }
  }

  @Test("Gradients flow through arithmetic and functions as finite differences say")
  func functions() throws {
    try Self.check([5]) { try $0.exponential().sum() }
    try Self.check([5]) { try ($0 * $0 + 1).logarithm().sum() }
    try Self.check([5]) { try ($0.sine() * $0.cosine()).sum() }
    try Self.check([5]) { try ($0.sigmoid() / ($0.silu() + 3)).sum() }
    try Self.check([5]) { try $0.logSigmoid().sum() }
    try Self.check([5]) { try ($0.power(2) + 0.5).squareRoot().sum() }
    try Self.check([5]) { try $0.norm() }
    try Self.check([2, 3]) { try $0.logSumExp(1).sum() }
    try Self.check([2, 3]) { try ($0.softmax(1) * $0).mean() }
    try Self.check([2, 3]) { try $0.max(1).sum() }
  }

  @Test("Gradients flow through the operations of a language model")
  func networkOperations() throws {
    let weight = try Tensor.randomNormal([6], dtype: .float64, seed: 2)
    let mix = try Tensor.randomNormal([3, 6], dtype: .float64, seed: 3)
    try Self.check([3, 6]) { try ($0.rmsNorm(weight, epsilon: 1e-6) * mix).sum() }
    try Self.check([6]) { try (mix.rmsNorm($0, epsilon: 1e-6) * mix).sum() }
    try Self.check([3, 6]) { try (mix.linear($0) * mix.linear(mix)).sum() }
    try Self.check([3, 6]) { try $0.gatedSilu(mix).sum() }
    try Self.check([3, 6]) { try mix.gatedSilu($0).sum() }
    try Self.check([3, 6]) { try $0.crossEntropy(Tensor([5, -100, 2])) }
    try Self.check([3, 6]) { try ($0.dropout(0.5, seed: 1) * mix).sum() }
  }

  @Test("Gradients flow through a rotation")
  func rotation() throws {
    let mix = try Tensor.randomNormal([2, 3, 4], dtype: .float64, seed: 4)
    let half = try Tensor.randomNormal([2, 2], dtype: .float64, seed: 5)
    let angles = try Tensor.concatenated([half, half], 1)
    let (cosines, sines) = try (angles.cosine(), angles.sine())
    try Self.check([2, 3, 4]) { try ($0.rotated(cosines: cosines, sines: sines) * mix).sum() }
  }

  @Test("Gradients flow to queries, keys and values", arguments: [false, true])
  func attention(_ causal: Bool) throws {
    let shape = [1, 2, 4, 6]
    let mix = try Tensor.randomNormal(shape, dtype: .float64, seed: 6)
    try Self.check(shape) { try ($0.attention(mix, mix, causal: causal, scale: 0.4) * mix).sum() }
    try Self.check(shape) { try (mix.attention($0, mix, causal: causal, scale: 0.4) * mix).sum() }
    try Self.check(shape) { try (mix.attention(mix, $0, causal: causal, scale: 0.4) * mix).sum() }
    let mask = try AttentionTests.causalMask(4)
    try Self.check(shape) { try ($0.attention($0, $0, mask: mask, scale: 0.4) * mix).sum() }
  }

  @Test("Gradients flow through indexing, joins and views")
  func indexing() throws {
    let mix = try Tensor.randomNormal([2, 4], dtype: .float64, seed: 7)
    let rows = try Tensor([2, 2])
    try Self.check([3, 4]) { try ($0.embedding(rows) * mix).sum() }
    try Self.check([3, 4]) { try ($0.selected(0, rows) * mix).sum() }
    try Self.check([3, 4]) { try ($0.gathered(0, Tensor([0, 2, 2, 1], shape: [1, 4])) * mix).sum() }
    try Self.check([2, 4]) { try (Tensor.zeros([3, 4], dtype: .float64).adding(0, rows, $0) * mix[0]).sum() }
    try Self.check([3, 4]) { try ($0.replacing(0, Tensor([0, 1]), with: mix) * mix[1]).sum() }
    try Self.check([4]) { try (Tensor.stacked([$0, $0 * $0]) * mix).sum() }
    try Self.check([2, 4]) { try (Tensor.concatenated([$0, mix], 1).narrowed(1, 2..<6) * mix).sum() }
    try Self.check([4, 2]) { try ($0.transposed(0, 1).reshaped([2, 4]) * mix).sum() }
  }

  @Test("The gradient of the norm's float32 form in bfloat16 has the leaf's type")
  func halfPrecision() throws {
    let x = try Tensor([1, 2] as [Float]).converted(to: .bfloat16).requiringGradient()
    let gradient = try recordingGradients { try (x * x).sum().gradients(by: [x])[0] }
    #expect(gradient.dtype == .bfloat16)
    #expect(try gradient.floats() == [2, 4])
  }

  @Test("A given gradient of the output is carried to the inputs")
  func givenGradientOutput() throws {
    // y = x * [2, 3]; with the gradient [10, 100] by y, that by x is [20, 300].
    let x = try Tensor([1, 1] as [Float]).requiringGradient()
    let y = try recordingGradients { try x * Tensor([2, 3] as [Float]) }
    let given = try Tensor([10, 100] as [Float])
    #expect(try y.gradients(by: [x], given: given)[0].floats() == [20, 300])
    let again = try recordingGradients { try x * Tensor([2, 3] as [Float]) }
    #expect(throws: TelltaleError.self) { try again.gradients(by: [x], given: Tensor([1] as [Float])) }
  }
}
