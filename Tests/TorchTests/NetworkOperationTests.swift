import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite("The operations language models are made of")
struct NetworkOperationTests {
  @Test("Matrix products, also batched and of vectors", arguments: ArithmeticTests.floatingPoint)
  func matmul(_ dtype: DType) throws {
    let a = try Tensor([1, 2, 3, 4] as [Double], shape: [2, 2]).converted(to: dtype)
    let b = try Tensor([5, 6, 7, 8] as [Double], shape: [2, 2]).converted(to: dtype)
    try expectClose(a.matmul(b), [19, 22, 43, 50], shape: [2, 2], tolerance: 0)
    try expectClose(a.matmul(b[0]), [17, 39], tolerance: 0)
    try expectClose(a[0].matmul(b[0]), [17], shape: [], tolerance: 0)
    let batch = try Tensor.stacked([a, b]).matmul(b)
    try expectClose(batch, [19, 22, 43, 50, 67, 78, 91, 106], shape: [2, 2, 2], tolerance: 0)
    #expect(batch.dtype == dtype)
  }

  @Test("A product over no elements is zero, over sizes that differ an error")
  func matmulEdges() throws {
    #expect(try Tensor.zeros([2, 0]).matmul(Tensor.zeros([0, 2])).floats() == [0, 0, 0, 0])
    expectError(.invalidArgument) { try Tensor.zeros([2, 3]).matmul(Tensor.zeros([2, 3])) }
    expectError(.invalidArgument) { try Tensor.zeros([2, 2]).matmul(Tensor.zeros([2, 2], dtype: .float64)) }
    expectError(.invalidArgument) { try Tensor.full([], 1).matmul(Tensor.zeros([2])) }
  }

  @Test("A linear layer multiplies by the transposed weight and adds the bias")
  func linear() throws {
    let x = try Tensor([1, 2] as [Float], shape: [1, 1, 2])
    let weight = try Tensor([1, 0, 0, 1, 1, 1] as [Float], shape: [3, 2])
    try expectClose(x.linear(weight), [1, 2, 3], shape: [1, 1, 3])
    try expectClose(x.linear(weight, bias: Tensor([10, 20, 30] as [Float])), [11, 22, 33], shape: [1, 1, 3])
    expectError(.invalidArgument) { try x.linear(weight.transposed(0, 1)) }
    expectError(.invalidArgument) { try x.linear(weight, bias: Tensor.zeros([2])) }
  }

  @Test("An embedding gives the rows of its ids")
  func embedding() throws {
    let weight = try Tensor([0, 1, 10, 11, 20, 21] as [Float], shape: [3, 2])
    try expectClose(weight.embedding(Tensor([2, 0], shape: [1, 2])), [20, 21, 0, 1], shape: [1, 2, 2])
    #expect(try weight.embedding(Tensor([Int]())).shape == [0, 2])
    expectError(.invalidArgument) { try weight.embedding(Tensor([0.5] as [Float])) }
    expectError(.invalidArgument) { try weight[0].embedding(Tensor([0])) }
  }

  @Test("RMS norm divides by the root mean square and scales by its weight")
  func rmsNorm() throws {
    let x = try Tensor([3, 4, 0, 0] as [Double], shape: [2, 2])
    let scale = 1 / sqrt(12.5 + 1e-5)
    let expected = [3 * scale * 2, 4 * scale * 10, 0, 0]
    let weight = try Tensor([2, 10] as [Double])
    try expectClose(x.rmsNorm(weight, epsilon: 1e-5), expected, shape: [2, 2], tolerance: 1e-14)
    let single = try x.converted(to: .float32).rmsNorm(weight.converted(to: .float32), epsilon: 1e-5)
    try expectClose(single, expected, shape: [2, 2], tolerance: 2e-6)
    expectError(.invalidArgument) { try x.rmsNorm(Tensor.ones([3]), epsilon: 1e-5) }
  }

  @Test("In bfloat16, RMS norm is computed in float32, rounded, and then scaled")
  func rmsNormRoundings() throws {
    let x = try Tensor([3, 4] as [Float]).converted(to: .bfloat16)
    let weight = try Tensor([1.5, 1.5] as [Float]).converted(to: .bfloat16)
    // 3/sqrt(12.5) = 0.848528 is 0.84765625 in bfloat16 (steps of 1/256), times 1.5 = 1.271484375, which is 1.2734375
    // (steps of 1/128); 4/sqrt(12.5) = 1.131371 is 1.1328125, times 1.5 = 1.69921875, a tie that goes to 1.703125.
    let normalised = try x.rmsNorm(weight, epsilon: 0)
    #expect(normalised.dtype == .bfloat16)
    #expect(try normalised.doubles() == [1.2734375, 1.703125])
  }

  @Test("Squares that overflow float16 do not overflow its RMS norm")
  func rmsNormOfLargeHalves() throws {
    let x = try Tensor([60000, -60000] as [Float]).converted(to: .float16)
    #expect(try x.rmsNorm(Tensor.ones([2], dtype: .float16), epsilon: 1e-6).doubles() == [1, -1])
  }

  @Test("A rotary embedding turns each pair (i, i + dim/2) by its angle")
  func rotation() throws {
    let angles = [0.3, -1.2]  // of the one token, for the pairs (0, 2) and (1, 3)
    let cosines = try Tensor((angles + angles).map { cos($0) }, shape: [1, 4])
    let sines = try Tensor((angles + angles).map { sin($0) }, shape: [1, 4])
    let x = [1.0, 2, 3, 4]
    let expected = [
      x[0] * cos(0.3) - x[2] * sin(0.3), x[1] * cos(-1.2) - x[3] * sin(-1.2),
      x[2] * cos(0.3) + x[0] * sin(0.3), x[3] * cos(-1.2) + x[1] * sin(-1.2),
    ]
    let twoHeads = try Tensor(x + x.map { -$0 }, shape: [1, 2, 4])
    let rotated = try twoHeads.rotated(cosines: cosines, sines: sines)
    try expectClose(rotated, expected + expected.map { -$0 }, shape: [1, 2, 4], tolerance: 1e-15)
  }

  @Test("Each token has its own angle, and no token none")
  func rotationOfTokens() throws {
    let x = try Tensor([1, 0, 1, 0] as [Double], shape: [2, 1, 2])
    let angles = try Tensor([0, 0, Double.pi / 2, .pi / 2], shape: [2, 2])
    let rotated = try x.rotated(cosines: angles.cosine(), sines: angles.sine())
    try expectClose(rotated, [1, 0, 0, 1], shape: [2, 1, 2], tolerance: 1e-15)
    let none = try Tensor.zeros([0, 2])
    #expect(try Tensor.zeros([0, 1, 2]).rotated(cosines: none, sines: none).shape == [0, 1, 2])
  }

  @Test(
    "An odd width, another rank or angles that do not fit are refused",
    arguments: [[2, 1, 3], [2, 1, 1], [2, 2], []])
  func rotationErrors(_ shape: [Int]) throws {
    let angles = try Tensor.zeros([2, shape.last ?? 2])
    expectError(.invalidArgument) { try Tensor.zeros(shape).rotated(cosines: angles, sines: angles) }
    let x = try Tensor.zeros([2, 1, 4])
    for wrong in [[2, 2], [1, 4], [3, 4], [4]] {
      expectError(.invalidArgument) { try x.rotated(cosines: Tensor.zeros(wrong), sines: Tensor.zeros([2, 4])) }
      expectError(.invalidArgument) { try x.rotated(cosines: Tensor.zeros([2, 4]), sines: Tensor.zeros(wrong)) }
    }
  }

  @Test("A gated SiLU is silu(gate) times up")
  func gatedSilu() throws {
    let gate = try Tensor([-1, 0, 2] as [Double])
    let expected = [-1 / (1 + exp(1.0)) * 3, 0, 2 / (1 + exp(-2.0)) * 5]
    try expectClose(gate.gatedSilu(Tensor([3, 4, 5] as [Double])), expected, tolerance: 1e-15)
    expectError(.invalidArgument) { try gate.gatedSilu(Tensor.zeros([2])) }
  }

  @Test("Cross-entropy is the mean of -log softmax at the targets, without the ignored rows")
  func crossEntropy() throws {
    let logits = try Tensor([0, 0, 0, log(3.0), 5, 1] as [Double], shape: [3, 2])
    let targets = try Tensor([0, 1, -100])
    let expected = (log(2.0) - log(0.75)) / 2
    #expect(try abs(logits.crossEntropy(targets).scalar() - expected) < 1e-15)
    let single = try logits.converted(to: .bfloat16).crossEntropy(targets)
    #expect(single.dtype == .float32)
    #expect(try abs(single.scalar() - expected) < 2e-3)
    let last = try logits.crossEntropy(Tensor([7, 7, 0]), ignored: 7).scalar()
    #expect(abs(last - log1p(exp(-4.0))) < 1e-15)
    #expect(try logits.crossEntropy(Tensor([-100, -100, -100])).scalar().isNaN)
  }

  @Test("Targets out of range, of another type or count are refused")
  func crossEntropyErrors() throws {
    let logits = try Tensor.zeros([2, 3])
    expectError(.invalidArgument) { try logits.crossEntropy(Tensor([0, 3])) }
    expectError(.invalidArgument) { try logits.crossEntropy(Tensor([0, -1])) }
    expectError(.invalidArgument) { try logits.crossEntropy(Tensor([0])) }
    expectError(.invalidArgument) { try logits.crossEntropy(Tensor([0, 1] as [Int32])) }
    expectError(.invalidArgument) { try logits.crossEntropy(Tensor.zeros([2, 3])) }
    expectError(.invalidArgument) { try logits[0].crossEntropy(Tensor([0])) }
  }
}
