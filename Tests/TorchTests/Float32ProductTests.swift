import Testing

@testable import Torch

/// Products of float32 in Telltale's own code, where the processor has it, against sums by hand, float64 and libtorch's.
@Suite struct Float32ProductTests {
  /// Rows, inner size, outputs: single ones, edges of tiles (14 rows, 32 outputs, 256 numbers a piece) and several pieces.
  static let shapes = [
    [1, 1, 1], [3, 5, 2], [4, 16, 32], [13, 17, 31], [14, 256, 33], [15, 257, 64], [29, 600, 47], [70, 128, 513],
    [300, 40, 1100], [33, 1100, 16],
  ]

  private func random(_ shape: [Int], seed: UInt64) throws -> Tensor { try Tensor.randomNormal(shape, seed: seed) }

  @Test("A product by hand, for as many rows as take the fast way")
  func byHand() throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as [Float], shape: [5, 2])
    let out = try x.linear(Tensor([1, 10, -1, 1] as [Float], shape: [2, 2]), bias: Tensor([100, 0] as [Float]))
    #expect(try out.doubles() == [121, 1, 143, 1, 165, 1, 187, 1, 209, 1])
  }

  @Test("Products equal float64's within float32's rounding, and libtorch's", arguments: shapes)
  func equalFloat64(_ shape: [Int]) throws {
    let (rows, inner, outputs) = (shape[0], shape[1], shape[2])
    let x = try random([rows, inner], seed: 1)
    let weight = try random([outputs, inner], seed: 2)
    let bias = try random([outputs], seed: 3)
    let expected = try x.converted(to: .float64).matmul(weight.converted(to: .float64).transposed(0, 1))
    let biased = try (expected + bias.converted(to: .float64)).doubles()
    let tolerance = 2e-6 * Double(inner).squareRoot() + 1e-6
    let libtorch = try Runtime.withoutOwnProducts { try x.linear(weight, bias: bias) }
    for own in [try x.linear(weight, bias: bias), try x.linear(weight, bias: bias, rowBlock: 48), libtorch] {
      #expect(own.shape == [rows, outputs])
      #expect(zip(try own.doubles(), biased).allSatisfy { abs($0 - $1) < tolerance })
    }
  }

  @Test(
    "A row has the same bits in blocks with any other rows in the batch; own products also on any number of threads",
    arguments: shapes)
  func rowsAreTheirOwn(_ shape: [Int]) throws {
    let x = try random([shape[0], shape[1]], seed: 4)
    let weight = try random([shape[2], shape[1]], seed: 5)
    let whole = try x.linear(weight, rowBlock: 48).floats()
    for row in Set([0, shape[0] / 2, shape[0] - 1]) {
      let alone = try x.narrowed(0, row..<row + 1).linear(weight, rowBlock: 48).floats()
      #expect(alone == Array(whole[row * shape[2]..<(row + 1) * shape[2]]))
    }
    guard Kernel.float32Products.isOwn else { return }
    for threads in [1, 2, 5] {
      #expect(try Runtime.withThreadCount(threads) { try x.linear(weight, rowBlock: 48).floats() } == whole)
    }
    guard shape[0] > 3 else { return }
    #expect(try x.linear(weight).floats() == whole, "one code for all but a few rows")
  }

  @Test("NaN and infinity come out where they went in, and nowhere else")
  func nonFinite() throws {
    var numbers = [Float](repeating: 1, count: 20 * 40)
    (numbers[5 * 40], numbers[7 * 40 + 39]) = (.nan, .infinity)
    let out = try Tensor(numbers, shape: [20, 40]).linear(Tensor.ones([33, 40])).floats()
    for row in 0..<20 {
      let own = out[row * 33..<(row + 1) * 33]
      #expect(own.allSatisfy { row == 5 ? $0.isNaN : row == 7 ? $0 == .infinity : $0 == 40 })
    }
  }

  @Test("Loops of the C++ side run on as many threads as are asked for")
  func loopsAreParallel() {
    #expect(Runtime.withThreadCount(1) { Runtime.loopThreadCount } == 1)
    #expect(Runtime.withThreadCount(3) { Runtime.loopThreadCount } == 3)
  }
}
