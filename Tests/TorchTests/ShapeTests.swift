import TestSupport
import Testing

@testable import Torch

@Suite("Views, joins and triangles")
struct ShapeTests {
  let matrix: Tensor

  init() throws { matrix = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]) }

  @Test("Reshaping keeps row-major order and infers one size")
  func reshaping() throws {
    #expect(try matrix.reshaped([3, 2]).integers() == [1, 2, 3, 4, 5, 6])
    #expect(try matrix.reshaped([-1]).shape == [6])
    #expect(try matrix.reshaped([1, -1, 2]).shape == [1, 3, 2])
    #expect(try Tensor([7]).reshaped([]).shape == [])
    for shape in [[4], [-1, -1], [-2, 3], [-1, 4], [Int.max, Int.max]] {
      expectError(.invalidArgument) { try matrix.reshaped(shape) }
    }
  }

  @Test("Permuting and transposing reorder dimensions without moving numbers")
  func permuting() throws {
    let cube = try Tensor.range(0..<24).reshaped([2, 3, 4])
    let permuted = try cube.permuted([2, 0, 1])
    #expect(permuted.shape == [4, 2, 3])
    #expect(try permuted.integers().prefix(6) == [0, 4, 8, 12, 16, 20])
    #expect(try cube.transposed(0, -1).shape == [4, 3, 2])
    #expect(try matrix.transposed(0, 1).integers() == [1, 4, 2, 5, 3, 6])
    expectError(.invalidArgument) { try cube.permuted([0, 1]) }
    expectError(.invalidArgument) { try cube.permuted([0, 0, 1]) }
    expectError(.invalidArgument) { try cube.transposed(0, 3) }
  }

  @Test("A narrowed tensor is the part asked for, and a view")
  func narrowing() throws {
    let part = try matrix.narrowed(1, 1..<3)
    #expect(try part.shape == [2, 2] && part.integers() == [2, 3, 5, 6])
    #expect(try matrix.narrowed(-1, 0..<0).shape == [2, 0])
    #expect(try matrix.narrowed(1, -1..<0).integers() == [3, 6])
    let copy = try matrix.copy()
    let view = try copy.narrowed(0, 1..<2)
    try copy.writeInPlace(0, start: 1, Tensor([7, 8, 9], shape: [1, 3]))
    #expect(try view.integers() == [7, 8, 9])
  }

  @Test("A part that does not exist is refused for any numbers")
  func narrowingTooFar() {
    for range in [0..<4, 3..<4, -1..<1, -5 ..< -4, 0..<Int.max, Int.min..<Int.max, Int.max..<Int.max] {
      expectError(.invalidArgument) { try matrix.narrowed(1, range) }
    }
    expectError(.invalidArgument) { try matrix.narrowed(2, 0..<1) }
  }

  @Test("A subscript takes one slice of the first dimension, from either end")
  func subscripts() throws {
    #expect(try matrix[1].shape == [3] && matrix[1].integers() == [4, 5, 6])
    #expect(try matrix[-1].integers() == [4, 5, 6])
    #expect(try matrix[0][2].scalar() == 3)
    for index in [2, -3, Int.max, Int.min] { expectError(.invalidArgument) { try matrix[index] } }
    expectError(.invalidArgument) { try Tensor.full([], 1)[0] }
  }

  @Test("Expanding repeats dimensions of size 1 without memory")
  func expanding() throws {
    let row = try Tensor([1, 2], shape: [1, 2])
    #expect(try row.expanded([3, 2]).integers() == [1, 2, 1, 2, 1, 2])
    #expect(try row.expanded([2, -1, 2]).shape == [2, 1, 2])
    expectError(.invalidArgument) { try row.expanded([3, 3]) }
    expectError(.invalidArgument) { try row.expanded([2]) }
  }

  @Test("A new dimension goes where it is asked for")
  func unsqueezing() throws {
    #expect(try matrix.unsqueezed(0).shape == [1, 2, 3])
    #expect(try matrix.unsqueezed(2).shape == [2, 3, 1])
    #expect(try matrix.unsqueezed(-1).shape == [2, 3, 1])
    #expect(try matrix.unsqueezed(-3).shape == [1, 2, 3])
    #expect(try Tensor.full([], 1).unsqueezed(0).shape == [1])
    #expect(try matrix.transposed(0, 1).unsqueezed(1).integers() == [1, 4, 2, 5, 3, 6])
    for dimension in [3, -4, Int.max, Int.min] { expectError(.invalidArgument) { try matrix.unsqueezed(dimension) } }
  }

  @Test("Concatenation joins along a dimension, stacking along a new one")
  func joining() throws {
    let other = try Tensor([7, 8, 9], shape: [1, 3])
    #expect(try Tensor.concatenated([matrix, other]).integers() == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(try Tensor.concatenated([matrix, matrix], -1).integers() == [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    #expect(try Tensor.concatenated([matrix]).integers() == matrix.integers())
    #expect(try Tensor.concatenated([Tensor.zeros([0, 3], dtype: .int64), matrix]).shape == [2, 3])
    #expect(try Tensor.stacked([matrix, matrix]).shape == [2, 2, 3])
    #expect(try Tensor.stacked([Tensor([1, 2]), Tensor([3, 4])], 1).integers() == [1, 3, 2, 4])
  }

  @Test("Nothing, or what does not fit, cannot be joined")
  func joiningFails() throws {
    let narrow = try Tensor([1, 2], shape: [1, 2])
    expectError(.invalidArgument) { try Tensor.concatenated([]) }
    expectError(.invalidArgument) { try Tensor.stacked([]) }
    expectError(.invalidArgument) { try Tensor.concatenated([matrix, narrow]) }
    expectError(.invalidArgument) { try Tensor.concatenated([matrix, matrix], 2) }
    expectError(.invalidArgument) { try Tensor.stacked([matrix, narrow]) }
  }

  @Test("A lower triangle is zero above its diagonal")
  func triangles() throws {
    let ones = try Tensor.ones([3, 3])
    #expect(try ones.lowerTriangle().floats() == [1, 0, 0, 1, 1, 0, 1, 1, 1])
    #expect(try ones.lowerTriangle(diagonal: -1).floats() == [0, 0, 0, 1, 0, 0, 1, 1, 0])
    #expect(try ones.lowerTriangle(diagonal: 1).floats() == [1, 1, 0, 1, 1, 1, 1, 1, 1])
    expectError(.invalidArgument) { try Tensor.ones([3]).lowerTriangle() }
  }

  @Test("An empty tensor of a shape whose sizes multiply past every integer still has no elements")
  func emptyButWide() throws {
    let empty = try Tensor.zeros([1, 0]).expanded([1 << 40, 0])
    #expect(try empty.count == 0 && empty.floats() == [])
  }
}
