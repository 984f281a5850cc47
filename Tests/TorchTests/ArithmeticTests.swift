import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite("Element-wise arithmetic")
struct ArithmeticTests {
  static let floatingPoint: [DType] = [.float32, .float64, .float16, .bfloat16]

  @Test("The four operations on tensors and numbers, in every floating-point type", arguments: floatingPoint)
  func fourOperations(_ dtype: DType) throws {
    let a = try Tensor([1, -2, 8] as [Double]).converted(to: dtype)
    let b = try Tensor([4, 0.5, -2] as [Double]).converted(to: dtype)
    #expect(try (a + b).doubles() == [5, -1.5, 6])
    #expect(try (a - b).doubles() == [-3, -2.5, 10])
    #expect(try (a * b).doubles() == [4, -1, -16])
    #expect(try (a / b).doubles() == [0.25, -4, -4])
    #expect(try (a + 0.5).doubles() == [1.5, -1.5, 8.5])
    #expect(try (a - 1).doubles() == [0, -3, 7])
    #expect(try (a * 2).doubles() == [2, -4, 16])
    #expect(try (a / 4).doubles() == [0.25, -0.5, 2])
    #expect(try (-a).doubles() == [-1, 2, -8])
    #expect(try (a + b).dtype == dtype && (a * 2).dtype == dtype)
  }

  @Test("Shapes broadcast from the last dimension")
  func broadcasting() throws {
    let column = try Tensor([1, 2] as [Float], shape: [2, 1])
    let row = try Tensor([10, 20, 30] as [Float])
    try expectClose(column + row, [11, 21, 31, 12, 22, 32], shape: [2, 3])
    try expectClose(row * Tensor.full([], 2), [20, 40, 60])
    #expect(try (Tensor.zeros([0, 3]) + row).shape == [0, 3])
    expectError(.invalidArgument, containing: "must match the size of tensor") { try row + Tensor.zeros([2]) }
  }

  @Test("Types mix as in PyTorch: the wider floating-point type, or the floating-point one")
  func promotion() throws {
    let integers = try Tensor([1, 2])
    #expect(try (integers + Tensor([0.5, 0.5] as [Float])).dtype == .float32)
    #expect(try (Tensor.ones([1], dtype: .bfloat16) + Tensor.ones([1])).dtype == .float32)
    #expect(try (Tensor.ones([1], dtype: .float16) + Tensor.ones([1], dtype: .bfloat16)).dtype == .float32)
    #expect(try (Tensor.ones([1]) + Tensor.ones([1], dtype: .float64)).dtype == .float64)
  }

  @Test("A whole number leaves an integer tensor exact, a fraction or a division makes it float32")
  func numbersMeetIntegers() throws {
    let large = try Tensor([1_099_511_627_777, 5])  // 2^40 + 1, which float32 cannot hold
    #expect(try (large + 1).integers() == [1_099_511_627_778, 6])
    #expect(try (large + 1).dtype == .int64 && (large * 3).dtype == .int64)
    #expect(try (Tensor([16_777_217]) - 16_777_216).integers() == [1])
    #expect(try Tensor([16_777_217]).equal(16_777_216).bools() == [false])
    #expect(try Tensor([3, -3]).clamped(atLeast: 0).integers() == [3, 0])
    #expect(try (large + 0.5).dtype == .float32)
    #expect(try (Tensor([1, 2]) / 2).doubles() == [0.5, 1])
  }

  @Test("Comparisons give truth values, and not-a-number compares as in IEEE 754")
  func comparisons() throws {
    let a = try Tensor([1, 2, 3, .nan] as [Float])
    let b = try Tensor([1, 3, 2, .nan] as [Float])
    #expect(try a.equal(b).bools() == [true, false, false, false])
    #expect(try a.less(than: b).bools() == [false, true, false, false])
    #expect(try a.lessOrEqual(to: b).bools() == [true, true, false, false])
    #expect(try a.greater(than: b).bools() == [false, false, true, false])
    #expect(try a.equal(2).bools() == [false, true, false, false])
    #expect(try a.less(than: 2).bools() == [true, false, false, false])
    #expect(try a.greater(than: 2).bools() == [false, false, true, false])
    #expect(try a.equal(b).dtype == .bool)
  }

  @Test("Truth values combine")
  func logic() throws {
    let a = try Tensor([true, true, false])
    #expect(try a.and(Tensor([true, false, false])).bools() == [true, false, false])
    #expect(try a.not().bools() == [false, false, true])
    #expect(try Tensor([1, 0]).not().bools() == [false, true])
  }

  @Test("Functions agree with those of the C library")
  func functions() throws {
    let values = [-2.0, -0.5, 0, 0.25, 3]
    let tensor = try Tensor(values)
    try expectClose(tensor.absolute(), values.map(abs), tolerance: 0)
    try expectClose(tensor.exponential(), values.map { exp($0) }, tolerance: 1e-14)
    try expectClose(tensor.sine(), values.map { sin($0) }, tolerance: 1e-15)
    try expectClose(tensor.cosine(), values.map { cos($0) }, tolerance: 1e-15)
    try expectClose(tensor.sigmoid(), values.map { 1 / (1 + exp(-$0)) }, tolerance: 1e-15)
    try expectClose(tensor.logSigmoid(), values.map { -log1p(exp(-$0)) }, tolerance: 1e-14)
    try expectClose(tensor.silu(), values.map { $0 / (1 + exp(-$0)) }, tolerance: 1e-14)
    try expectClose(tensor.power(3), values.map { $0 * $0 * $0 }, tolerance: 1e-14)
    try expectClose(Tensor([4, 0.25] as [Double]).squareRoot(), [2, 0.5], tolerance: 0)
    try expectClose(Tensor([4, 0.25] as [Double]).reciprocalSquareRoot(), [0.5, 2], tolerance: 1e-15)
    try expectClose(Tensor([1, M_E] as [Double]).logarithm(), [0, 1], tolerance: 1e-15)
  }

  @Test("Outside of their domain, functions give the values of IEEE 754")
  func domainEdges() throws {
    try expectClose(Tensor([0, -1] as [Double]).logarithm(), [-.infinity, .nan])
    try expectClose(Tensor([-1] as [Double]).squareRoot(), [.nan])
    try expectClose(Tensor([1, 0] as [Double]) / 0, [.infinity, .nan])
    try expectClose(Tensor([800, -800] as [Double]).logSigmoid(), [0, -800])
    #expect(try Tensor([1, .infinity, -.infinity, .nan] as [Float]).isFinite().bools() == [true, false, false, false])
  }

  @Test("Clamping holds values at the bound")
  func clamping() throws {
    let tensor = try Tensor([-1, 0.5, 2] as [Float])
    #expect(try tensor.clamped(atLeast: 0).floats() == [0, 0.5, 2])
    #expect(try tensor.clamped(atMost: 1).floats() == [-1, 0.5, 1])
  }

  @Test("A condition selects element by element and broadcasts")
  func selection() throws {
    let condition = try Tensor([true, false], shape: [2, 1])
    let chosen = try Tensor([1, 2] as [Float]).selected(where: condition, otherwise: Tensor([8, 9] as [Float]))
    try expectClose(chosen, [1, 2, 8, 9], shape: [2, 2])
    expectError(.invalidArgument) { try chosen.selected(where: chosen, otherwise: chosen) }
  }
}
