import TestSupport
import Testing

@testable import Torch

@Suite("Random numbers")
struct RandomTests {
  @Test("The first normal numbers of seed 0 are PyTorch's")
  func knownNumbers() throws {
    // torch.manual_seed(0); torch.randn(3), as its documentation and countless notebooks print it.
    try expectClose(Tensor.randomNormal([3], seed: 0), [1.5410, -0.2934, -2.1788], tolerance: 5e-5)
  }

  @Test("The same seed gives the same numbers, another seed others")
  func repeatable() throws {
    let first = try Tensor.randomNormal([1000], seed: 7).floats()
    #expect(try Tensor.randomNormal([1000], seed: 7).floats() == first)
    #expect(try Tensor.randomNormal([1000], seed: 8).floats() != first)
    #expect(try Tensor.randomNormal([4], dtype: .bfloat16, seed: .max).dtype == .bfloat16)
  }

  @Test("Normal numbers have mean 0 and variance 1")
  func moments() throws {
    let numbers = try Tensor.randomNormal([100_000], dtype: .float64, seed: 1)
    // Standard errors are 0.0032 and 0.0045; five of them.
    #expect(try abs(numbers.mean().scalar()) < 0.016)
    #expect(try abs((numbers * numbers).mean().scalar() - 1) < 0.0225)
  }

  @Test("Dropout zeroes the share it is asked to and keeps the mean")
  func dropout() throws {
    let ones = try Tensor.ones([100_000])
    let dropped = try ones.dropout(0.25, seed: 3)
    let kept = try dropped.greater(than: 0).converted(to: .float64).mean().scalar()
    #expect(abs(kept - 0.75) < 0.007)  // five standard errors
    #expect(try abs(dropped.max().scalar() - 1 / 0.75) < 1e-6)
    #expect(try ones.dropout(0.25, seed: 3).floats() == dropped.floats())
    #expect(try ones.dropout(0.25, seed: 4).floats() != dropped.floats())
    #expect(try ones.dropout(0, seed: 3).floats() == ones.floats())
    #expect(try Tensor.ones([8], dtype: .bfloat16).dropout(0.5, seed: 1).dtype == .bfloat16)
  }

  @Test("A probability outside of [0, 1) is refused", arguments: [1, -0.1, 2, Double.nan, .infinity])
  func wrongProbability(_ probability: Double) throws {
    expectError(.invalidArgument) { try Tensor.ones([2]).dropout(probability, seed: 1) }
  }

  @Test("There are no normal integers")
  func integers() {
    expectError(.invalidArgument) { try Tensor.randomNormal([2], dtype: .int64, seed: 1) }
  }
}
