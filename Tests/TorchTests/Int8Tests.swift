import Foundation
import TestSupport
import Testing

@testable import Torch

struct Int8Tests {
  private let fixture = try? SafetensorsFile(
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/torch/int8.safetensors"))

  private func tensor(_ name: String) throws -> Tensor { try #require(fixture).tensor(name) }

  private func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
    try (a.converted(to: .float64) - b.converted(to: .float64)).absolute().max().scalar()
  }

  /// Every way of multiplying that this machine has.
  private static let ways = Int8Matrix.hasOwnProducts ? [true, false] : [false]

  @Test("Weights become whole multiples of their output's largest / 127, halves to even")
  func weightsBecomeWhole() throws {
    let step: Float = 1 / 128
    let rows: [[Float]] = [[127, -63.5, 62.5, 0.5, 1.5, -127], [0, 0, 0, 0, 0, 0], [-254, 3, 1, -1, 5, 254]]
    let weight = try Tensor(rows.flatMap { $0 }.map { $0 * step }, shape: [3, 6])
    let matrix = try Int8Matrix(weight)
    try expectClose(matrix.scales, [1.0 / 128, 0, 1.0 / 64], tolerance: 0)
    let expected: [Double] = [127, -64, 62, 0, 2, -127, 0, 0, 0, 0, 0, 0, -254, 4, 0, 0, 4, 254]
    try expectClose(matrix.unpacked(), expected.map { $0 / 128 }, shape: [3, 6], tolerance: 0)
  }

  @Test("Weights are rounded as torch rounds them", arguments: [DType.float32, .bfloat16])
  func weightsRoundedTorch(dtype: DType) throws {
    let matrix = try Int8Matrix(tensor("weight").converted(to: dtype))
    #expect(try distance(matrix.unpacked(), tensor("numbers")) == 0)
    #expect(matrix.byteCount == 64 * 52 + 37 * 4)
  }

  @Test("Products are those of float64 arithmetic and of libtorch's own kernel", arguments: ways)
  func productsThoseFloat64(own: Bool) throws {
    let (x, bias) = try (tensor("x"), tensor("bias"))
    let product = try x.linear(Int8Matrix(tensor("weight")), bias: bias, ownProducts: own)
    // 16 bits of a row: half a step of its largest / 32,512 for each of 50 inputs.
    #expect(try distance(product, tensor("product")) < (own ? 0.02 : 1e-4))
    #expect(try distance(product, tensor("libtorch")) < (own ? 0.02 : 1e-4))
    // Half a step of 3 / 32,512 times the outlier of 40.
    let usual = try x.narrowed(0, 3..<9).linear(Int8Matrix(tensor("weight")), bias: bias, ownProducts: own)
    #expect(try distance(usual, tensor("product").narrowed(0, 3..<9)) < 3e-3)
  }

  @Test("Coarse rows are rounded to 8 bits, and the others are not touched", .enabled(if: Int8Matrix.hasOwnProducts))
  func coarseRowsRounded() throws {
    let (x, bias) = try (tensor("x"), tensor("bias"))
    let matrix = try Int8Matrix(tensor("weight"))
    let fine = try x.linear(matrix, bias: bias)
    let coarse = try x.linear(matrix, bias: bias, coarse: Array(repeating: true, count: 9))
    #expect(try distance(coarse, tensor("coarse")) < 1e-4)
    let mixed = try x.linear(matrix, bias: bias, coarse: (0..<9).map { $0 % 3 == 1 })
    for row in 0..<9 {
      #expect(try distance(mixed[row], row % 3 == 1 ? coarse[row] : fine[row]) == 0, "row \(row)")
    }
  }

  @Test(
    "A row has the same bits with any other rows in the batch, for blocks and tiles of every size",
    .enabled(if: Int8Matrix.hasOwnProducts), arguments: [DType.float32, .bfloat16])
  func rowSameBit(
    dtype: DType
  ) throws {
    let matrix = try Int8Matrix(Tensor.randomNormal([70, 133], seed: 3))
    let x = try Tensor.randomNormal([500, 133], seed: 4).converted(to: dtype)
    let all = try x.linear(matrix)
    for range in [0..<1, 3..<5, 7..<20, 470..<500, 100..<147] {
      #expect(try distance(x.narrowed(0, range).linear(matrix), all.narrowed(0, range)) == 0, "rows \(range)")
    }
    let product = try x.converted(to: .float64).linear(matrix.unpacked().converted(to: .float64))
    #expect(try distance(all, product) < (dtype == .float32 ? 0.01 : 0.2))
  }

  @Test("Zeros give the bias, and what is not a number stays in its row", arguments: ways)
  func zerosGiveBias(own: Bool) throws {
    let matrix = try Int8Matrix(Tensor.ones([3, 5]))
    let rows: [Float] = [0, 0, 0, 0, 0, 1, 2, .nan, 0, 1, 1, 1, 1, 1, 1, .infinity, 0, 0, 0, 1]
    let product = try Tensor(rows, shape: [4, 5]).linear(matrix, bias: Tensor([1 as Float, 2, 3]), ownProducts: own)
    let values = try product.floats()
    #expect(values[0..<3].elementsEqual([1, 2, 3]))
    #expect(values[3..<6].allSatisfy { $0.isNaN })
    #expect(zip(values[6..<9], [6, 7, 8] as [Float]).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(values[9..<12].allSatisfy { !$0.isFinite })
  }

  @Test("An output whose weights are not finite has a scale that is not, and other inputs are refused")
  func outputWhoseWeights() throws {
    let matrix = try Int8Matrix(Tensor([1 as Float, .nan, .infinity, 1, 2, 3], shape: [3, 2]))
    #expect(try matrix.scales.floats().map(\.isFinite) == [false, false, true])
    expectError(.invalidArgument) { try Tensor.ones([2, 3]).linear(matrix) }
    expectError(.invalidArgument) { try Tensor.ones([2, 2]).linear(matrix, coarse: [true]) }
    expectError(.invalidArgument) { try Int8Matrix(Tensor([1, 2, 3])) }
  }
}
