import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite("AdamW")
struct AdamWTests {
  /// The algorithm of Loshchilov & Hutter (2019), for one number.
  static func reference(
    _ start: Double, gradients: [Double], rate: Double, decay: Double, beta1: Double = 0.9, beta2: Double = 0.999
  ) -> Double {
    var (value, mean, square) = (start, 0.0, 0.0)
    for (index, gradient) in gradients.enumerated() {
      let step = Double(index + 1)
      value -= rate * decay * value
      mean = beta1 * mean + (1 - beta1) * gradient
      square = beta2 * square + (1 - beta2) * gradient * gradient
      let corrected = sqrt(square / (1 - pow(beta2, step))) + 1e-8
      value -= rate * mean / (1 - pow(beta1, step)) / corrected
    }
    return value
  }

  @Test("Without decay the first step moves every parameter by the learning rate against its gradient's sign")
  func firstStep() throws {
    let parameter = try Tensor([1, 1, 1] as [Double])
    let optimiser = try AdamW([parameter], weightDecay: 0)
    try optimiser.step([Tensor([1e-3, -50, 0] as [Double])], learningRate: 0.1)
    try expectClose(parameter, [0.9, 1.1, 1], tolerance: 1e-5)
  }

  @Test("Three steps by hand, with decay", arguments: [DType.float32, .float64])
  func threeSteps(_ dtype: DType) throws {
    let parameter = try Tensor([2, -3] as [Double]).converted(to: dtype).copy()
    let optimiser = try AdamW([parameter], weightDecay: 0.1)
    let gradients = [[0.5, 1.0], [-0.25, 2.0], [4.0, -1.0]]
    for gradient in gradients { try optimiser.step([Tensor(gradient).converted(to: dtype)], learningRate: 0.01) }
    let expected = [2.0, -3].enumerated().map { index, start in
      Self.reference(start, gradients: gradients.map { $0[index] }, rate: 0.01, decay: 0.1)
    }
    // After the first step, by hand: 2 - 0.01 * 0.1 * 2 - 0.01 = 1.988.
    #expect(abs(Self.reference(2, gradients: [0.5], rate: 0.01, decay: 0.1) - 1.988) < 1e-9)
    try expectClose(parameter, expected, tolerance: dtype == .float64 ? 1e-9 : 1e-6)
    #expect(optimiser.steps == 3)
  }

  @Test("Many parameters of different shapes step as each would alone")
  func manyParameters() throws {
    let shapes = [[], [0], [3], [33, 5], [2, 2, 2]]
    func fresh() throws -> [Tensor] {
      try shapes.enumerated().map { try Tensor.randomNormal($1, dtype: .float64, seed: UInt64($0)) }
    }
    let gradients = try shapes.enumerated().map { try Tensor.randomNormal($1, dtype: .float64, seed: UInt64(9 + $0)) }
    let (together, alone) = try (fresh(), fresh())
    let optimiser = try AdamW(together)
    for _ in 0..<3 { try optimiser.step(gradients, learningRate: 0.1) }
    for index in shapes.indices {
      let single = try AdamW([alone[index]])
      for _ in 0..<3 { try single.step([gradients[index]], learningRate: 0.1) }
      #expect(try together[index].doubles() == alone[index].doubles())
    }
  }

  @Test("The gradient of a sum, one number expanded, steps every element alike")
  func expandedGradients() throws {
    let parameter = try Tensor.zeros([1000, 3]).requiringGradient()
    let gradient = try recordingGradients { try parameter.sum().gradients(by: [parameter]) }
    let optimiser = try AdamW([parameter], weightDecay: 0)
    try optimiser.step(gradient, learningRate: 0.5)
    #expect(try (parameter + 0.5).absolute().less(than: 1e-6).all())
    try optimiser.step([Tensor([1, 2, 3] as [Float]).expanded([1000, 3])], learningRate: 0.5)
    let rows = try parameter.doubles()
    #expect(rows[0] != rows[1] && Array(rows[0..<3]) == Array(rows[2997..<3000]))
  }

  @Test("Training finds the solution of a least-squares problem")
  func training() throws {
    let x = try Tensor.randomNormal([64, 3], dtype: .float64, seed: 1)
    let truth = try Tensor([1, -2, 0.5] as [Double], shape: [1, 3])
    let y = try x.linear(truth)
    let weight = try Tensor.zeros([1, 3], dtype: .float64).requiringGradient()
    let optimiser = try AdamW([weight], weightDecay: 0)
    for step in 0..<300 {
      let gradients = try recordingGradients {
        let error = try x.linear(weight) - y
        return try (error * error).mean().gradients(by: [weight])
      }
      try optimiser.step(gradients, learningRate: step < 200 ? 0.05 : 0.005)
    }
    try expectClose(weight, truth.doubles(), shape: [1, 3], tolerance: 1e-2)
  }

  @Test("A restored optimiser goes on as if it had never stopped")
  func restoring() throws {
    let gradient = try Tensor([0.3, -2] as [Float])
    let (whole, halves) = try (Tensor([1, 2] as [Float]), Tensor([1, 2] as [Float]))
    let uninterrupted = try AdamW([whole])
    for _ in 0..<4 { try uninterrupted.step([gradient], learningRate: 0.1) }
    let first = try AdamW([halves])
    for _ in 0..<2 { try first.step([gradient], learningRate: 0.1) }
    let second = try AdamW([halves])
    try second.restore(steps: first.steps, means: first.means, squares: first.squares)
    for _ in 0..<2 { try second.step([gradient], learningRate: 0.1) }
    #expect(try whole.floats() == halves.floats() && second.steps == 4)
  }

  @Test("State that does not fit the parameters is refused")
  func restoringWrongState() throws {
    let optimiser = try AdamW([Tensor([1, 2] as [Float])])
    let fits = try Tensor.zeros([2])
    for wrong in try [Tensor.zeros([3]), Tensor.zeros([2], dtype: .float64)] {
      expectError(.badInput) { try optimiser.restore(steps: 1, means: [wrong], squares: [fits]) }
      expectError(.badInput) { try optimiser.restore(steps: 1, means: [fits], squares: [wrong]) }
    }
    expectError(.badInput) { try optimiser.restore(steps: 1, means: [], squares: []) }
    expectError(.badInput) { try optimiser.restore(steps: -1, means: [fits], squares: [fits]) }
  }

  @Test("Gradients that do not fit are refused before anything is changed")
  func wrongGradients() throws {
    let parameter = try Tensor([1, 2] as [Float])
    let other = try Tensor([1] as [Float])
    let optimiser = try AdamW([other, parameter])
    let fits = try Tensor.ones([1])
    for wrong in try [Tensor.ones([1]), Tensor.ones([3]), Tensor.ones([2], dtype: .float64)] {
      expectError(.invalidArgument) { try optimiser.step([fits, wrong], learningRate: 1) }
    }
    expectError(.invalidArgument) { try optimiser.step([fits], learningRate: 1) }
    #expect(try parameter.floats() == [1, 2] && other.floats() == [1])
    #expect(optimiser.steps == 0)
  }

  @Test("A parameter that is not contiguous is refused")
  func views() throws {
    let view = try Tensor.ones([4, 4]).transposed(0, 1).narrowed(0, 0..<2)
    let optimiser = try AdamW([view])
    expectError(.invalidArgument, containing: "contiguous") {
      try optimiser.step([Tensor.ones([2, 4])], learningRate: 1)
    }
  }

  @Test("Half-precision parameters step too")
  func halfPrecision() throws {
    let parameter = try Tensor.ones([4], dtype: .bfloat16)
    let optimiser = try AdamW([parameter], weightDecay: 0)
    try optimiser.step([Tensor.ones([4], dtype: .bfloat16)], learningRate: 0.5)
    #expect(try parameter.floats() == [0.5, 0.5, 0.5, 0.5])
  }
}
