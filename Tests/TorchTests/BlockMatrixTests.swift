import Foundation
import Foundations
import TestSupport
import Testing

@testable import Torch

/// Fixtures/weights: what the gguf package rounds to 4 bits, and what it makes of random blocks of each type.
struct BlockMatrixTests {
  private let int4, blocks: SafetensorsFile

  init() throws {
    int4 = try SafetensorsFile(Fixtures.file("weights/int4.safetensors"))
    blocks = try SafetensorsFile(Fixtures.file("weights/blocks.safetensors"))
  }

  private static let types = GGMLType.allCases.filter { $0.dtype == nil }

  private func distance(_ a: Tensor, _ b: Tensor) throws -> Double {
    try (a.converted(to: .float64) - b.converted(to: .float64)).absolute().max().scalar()
  }

  /// 70 outputs of random blocks of a type, their scales made alike, and the numbers that they stand for.
  private func matrix(_ type: GGMLType) throws -> (matrix: BlockMatrix, numbers: Tensor) {
    let rows = try blocks.tensor("\(type.name).blocks")
    let many = try Tensor.concatenated(Array(repeating: rows, count: 35))
    let values = try Tensor.concatenated(Array(repeating: blocks.tensor("\(type.name).values"), count: 35))
    return (try BlockMatrix(bytes: many, type), values)
  }

  /// The largest difference of two products, in units of what the products' terms are.
  private func relative(_ found: Tensor, _ x: Tensor, _ numbers: Tensor) throws -> Double {
    let (wide, weights) = try (x.converted(to: .float64), numbers.converted(to: .float64))
    let (expected, size) = try (wide.linear(weights), wide.absolute().linear(weights.absolute()))
    return try ((found.converted(to: .float64) - expected).absolute() / (size + 1e-30)).max().scalar()
  }

  @Test("Weights become the blocks that the gguf package rounds them to, bit by bit")
  func weightsBecomeBlocks() throws {
    let weight = try int4.tensor("weight")
    let matrix = try BlockMatrix(rounding: weight)
    #expect(matrix.isFinite && matrix.shape == [37, 96] && matrix.byteCount == 37 * 3 * 18)
    #expect(try matrix.bytes.integers() == int4.tensor("blocks").integers())
    #expect(try distance(matrix.unpacked(), int4.tensor("numbers")) == 0)
  }

  @Test("What is not finite is told, and widths that are no groups are refused")
  func whatFiniteTold() throws {
    for wrong in [Float.nan, .infinity, -.infinity] {
      var numbers = [Float](repeating: 1, count: 64)
      numbers[40] = wrong
      #expect(try !BlockMatrix(rounding: Tensor(numbers, shape: [1, 64])).isFinite)
    }
    #expect(try !BlockMatrix(rounding: Tensor([Float](repeating: 3e38, count: 32), shape: [1, 32])).isFinite)
    expectError(.invalidArgument) { try BlockMatrix(rounding: Tensor.ones([2, 33])) }
    expectError(.invalidArgument) { try BlockMatrix(bytes: Tensor.ones([2, 17]).converted(to: .uint8), .q40) }
    expectError(.invalidArgument) { try Tensor.ones([2, 64]).linear(BlockMatrix(rounding: Tensor.ones([3, 32]))) }
  }

  @Test("Numbers and chosen rows are those of the gguf package", arguments: types)
  func numbersChosenRows(_ type: GGMLType) throws {
    let (matrix, numbers) = try matrix(type)
    #expect(matrix.shape == [70, 768])
    #expect(try distance(matrix.unpacked(), numbers) == 0)
    let ids = try Tensor([69, 0, 33])
    #expect(try distance(matrix.rows(ids, .float32), numbers.selected(0, [69, 0, 33])) == 0)
    #expect(try distance(matrix.rows(ids, .bfloat16), numbers.selected(0, [69, 0, 33]).converted(to: .bfloat16)) == 0)
  }

  @Test("Products are those of float64 arithmetic, for every number of rows", arguments: types, [1, 2, 7, 95, 130])
  func productsThoseFloat64(_ type: GGMLType, _ rows: Int) throws {
    let (matrix, numbers) = try matrix(type)
    let x = try Tensor.randomNormal([rows, 768], seed: 5)
    #expect(try relative(x.linear(matrix), x, numbers) < 2e-6)
    let narrow = try x.converted(to: .bfloat16)
    let product = try narrow.linear(matrix)
    // Weights rounded to bfloat16 for many rows, the result rounded to it for all.
    #expect(product.dtype == .bfloat16 && product.shape == [rows, 70])
    #expect(try relative(product, narrow, numbers) < 8e-3)
  }

  @Test("A bias is added, and inputs of more dimensions keep theirs")
  func biasAddedInputs() throws {
    let matrix = try BlockMatrix(rounding: Tensor.ones([3, 32]))
    let x = try Tensor.ones([2, 5, 32])
    let product = try x.linear(matrix, bias: Tensor([1 as Float, 2, 3]))
    #expect(product.shape == [2, 5, 3])
    #expect(try product.floats() == Array(repeating: [33, 34, 35], count: 10).flatMap { $0 })
  }

  @Test(
    "A row has the same bits with any other rows in the batch, where batch invariance is asked for",
    .enabled(if: Kernel.blockProducts.isOwn), arguments: [DType.float32, .bfloat16])
  func rowSameBit(_ dtype: DType) throws {
    let (matrix, _) = try matrix(.q4K)
    let x = try Tensor.randomNormal([300, 768], seed: 4).converted(to: dtype)
    let all = try x.linear(matrix, alike: true)
    for range in [0..<1, 3..<5, 7..<20, 100..<297, 270..<300] {
      let own = try x.narrowed(0, range).linear(matrix, alike: true)
      #expect(try distance(own, all.narrowed(0, range)) == 0, "rows \(range)")
    }
  }

  @Test("Gradients go through to the input")
  func gradientsGoThrough() throws {
    let matrix = try BlockMatrix(rounding: int4.tensor("weight"))
    let x = try Tensor.randomNormal([4, 96], seed: 6)
    let gradient = try recordingGradients {
      let leaf = try x.requiringGradient()
      return try leaf.linear(matrix).sum().gradients(by: [leaf])[0]
    }
    let expected = try Tensor.ones([4, 37]).matmul(matrix.unpacked())
    #expect(try distance(gradient, expected) < 1e-3 * expected.absolute().max().scalar())
  }
}
