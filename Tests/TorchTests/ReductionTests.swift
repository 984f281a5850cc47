import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite("Reductions, softmax and sorting")
struct ReductionTests {
  let matrix: Tensor

  init() throws { matrix = try Tensor([1, 5, 3, 4, 2, 6] as [Float], shape: [2, 3]) }

  @Test("Without a dimension a reduction gives one number")
  func overAll() throws {
    #expect(try matrix.sum().scalar() == 21)
    #expect(try matrix.mean().scalar() == 3.5)
    #expect(try matrix.max().scalar() == 6)
    #expect(try matrix.min().scalar() == 1)
    #expect(try matrix.argmax().scalar() == 5)
    #expect(try abs(matrix.norm().scalar() - sqrt(91)) < 1e-6)
    #expect(try matrix.sum().shape == [])
  }

  @Test("Over a dimension, counted from either end, kept or not")
  func overOne() throws {
    try expectClose(matrix.sum(0), [5, 7, 9])
    try expectClose(matrix.sum(-1), [9, 12])
    try expectClose(matrix.sum(1, keep: true), [9, 12], shape: [2, 1])
    try expectClose(matrix.mean(0), [2.5, 3.5, 4.5])
    try expectClose(matrix.max(1), [5, 6])
    try expectClose(matrix.min(-2, keep: true), [1, 2, 3], shape: [1, 3])
    #expect(try matrix.argmax(1).integers() == [1, 2])
    #expect(try matrix.argmax(1).dtype == .int64)
    try expectClose(Tensor([3, 4, 0, 5] as [Float], shape: [2, 2]).norm(1), [5, 5])
  }

  @Test("The logarithm of a sum of exponentials does not overflow")
  func logSumExp() throws {
    let values = try Tensor([1000, 1000, -1000, -1000] as [Double], shape: [2, 2])
    try expectClose(values.logSumExp(1), [1000 + log(2), -1000 + log(2)], tolerance: 1e-12)
    #expect(try abs(values.logSumExp().scalar() - (1000 + log(2))) < 1e-12)
    try expectClose(Tensor([-Double.infinity, -.infinity]).logSumExp(0), [-.infinity], shape: [])
  }

  @Test("Half-precision sums are accumulated wider", arguments: [DType.float16, .bfloat16])
  func accumulation(_ dtype: DType) throws {
    // Added one by one in their own type, ones would stop at 256 (bfloat16) or 2,048 (float16).
    #expect(try Tensor.ones([4096], dtype: dtype).sum().scalar() == 4096)
    #expect(try Tensor.ones([4096], dtype: dtype).mean().scalar() == 1)
  }

  @Test("Empty sums are zero, an empty mean is not a number, an empty maximum an error")
  func empty() throws {
    let empty = try Tensor.zeros([0, 2])
    #expect(try empty.sum().scalar() == 0)
    #expect(try empty.sum(0).floats() == [0, 0])
    #expect(try empty.mean().scalar().isNaN)
    #expect(try empty.max(1).shape == [0])
    expectError(.invalidArgument) { try empty.max() }
    expectError(.invalidArgument) { try empty.argmax() }
    expectError(.invalidArgument) { try empty.min(0) }
    #expect(try empty.all() && !empty.any())
  }

  @Test("All and any look at every element")
  func truth() throws {
    #expect(try Tensor([true, true]).all() && !Tensor([true, false]).all())
    #expect(try Tensor([false, true]).any() && !Tensor([false, false]).any())
    #expect(try Tensor([0.5, 1] as [Float]).all())
  }

  @Test("Not-a-number is not lost in a maximum")
  func notANumber() throws {
    let values = try Tensor([1, .nan, 3] as [Float])
    #expect(try values.max().scalar().isNaN && values.min(0).scalar().isNaN)
  }

  @Test("Softmax and its logarithm, computed in float32 for half precision", arguments: ArithmeticTests.floatingPoint)
  func softmax(_ dtype: DType) throws {
    let logits = try Tensor([0, 1, 2, 100, 100, 100] as [Double], shape: [2, 3]).converted(to: dtype)
    let total = 1 + exp(1.0) + exp(2.0)
    let expected = [1 / total, exp(1.0) / total, exp(2.0) / total, 1 / 3.0, 1 / 3.0, 1 / 3.0]
    let tolerance = dtype == .float64 ? 1e-15 : 1e-7
    try expectClose(logits.softmax(-1), expected, shape: [2, 3], tolerance: tolerance)
    try expectClose(logits.logSoftmax(1), expected.map { log($0) }, shape: [2, 3], tolerance: 4 * tolerance)
    #expect(try logits.softmax(1).dtype == (dtype == .float64 ? .float64 : .float32))
  }

  @Test("A cumulative sum runs along its dimension")
  func cumulativeSum() throws {
    try expectClose(matrix.cumulativeSum(1), [1, 6, 9, 4, 6, 12], shape: [2, 3])
    try expectClose(matrix.cumulativeSum(-2), [1, 5, 3, 5, 7, 9], shape: [2, 3])
  }

  @Test("Sorting is stable in both directions")
  func sorting() throws {
    let values = try Tensor([2, 1, 2, 0, 1] as [Float])
    let up = try values.sorted(0)
    #expect(try up.values.floats() == [0, 1, 1, 2, 2] && up.indices.integers() == [3, 1, 4, 0, 2])
    let down = try values.sorted(-1, descending: true)
    #expect(try down.values.floats() == [2, 2, 1, 1, 0] && down.indices.integers() == [0, 2, 1, 4, 3])
  }

  @Test("The largest elements come in descending order with their indices")
  func top() throws {
    let top = try matrix.top(2, 1)
    try expectClose(top.values, [5, 3, 6, 4], shape: [2, 2])
    #expect(try top.indices.integers() == [1, 2, 2, 0] && top.indices.dtype == .int64)
    #expect(try matrix.top(0, 0).values.shape == [0, 3])
    expectError(.invalidArgument) { try matrix.top(4, 1) }
    expectError(.invalidArgument) { try matrix.top(-1, 1) }
  }

  @Test("A dimension that does not exist is an error in every reduction")
  func wrongDimension() {
    let calls: [(Int) throws -> Void] = [
      { _ = try matrix.sum($0) }, { _ = try matrix.mean($0) }, { _ = try matrix.max($0) },
      { _ = try matrix.argmax($0) },
      { _ = try matrix.logSumExp($0) }, { _ = try matrix.norm($0) }, { _ = try matrix.softmax($0) },
      { _ = try matrix.cumulativeSum($0) }, { _ = try matrix.sorted($0) }, { _ = try matrix.top(1, $0) },
    ]
    for dimension in [2, -3, Int.max, Int.min] {
      for call in calls { expectError(.invalidArgument, containing: "imension out of range") { try call(dimension) } }
    }
  }

  @Test("Reductions without a meaning for integers are refused")
  func integers() throws {
    let integers = try Tensor([1, 2])
    #expect(try integers.sum().scalar() == 3)
    expectError(.invalidArgument) { try integers.mean() }
    expectError(.invalidArgument) { try integers.norm() }
  }
}
