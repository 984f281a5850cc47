import TestSupport
import Testing

@testable import Torch

@Suite("Selecting, gathering and replacing by index")
struct IndexingTests {
  let matrix: Tensor

  init() throws { matrix = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]) }

  @Test("Slices are selected in the order of the indices, which may repeat")
  func selection() throws {
    try expectClose(matrix.selected(1, [2, 0, 2]), [3, 1, 3, 6, 4, 6], shape: [2, 3])
    try expectClose(matrix.selected(-2, Tensor([1])), [4, 5, 6], shape: [1, 3])
    #expect(try matrix.selected(0, []).shape == [0, 3])
    try expectClose(matrix.transposed(0, 1).selected(0, [1]), [2, 5], shape: [1, 2])
  }

  @Test("Gathering picks an element for each index")
  func gathering() throws {
    try expectClose(matrix.gathered(1, Tensor([2, 0], shape: [2, 1])), [3, 4], shape: [2, 1])
    try expectClose(matrix.gathered(0, Tensor([1, 0, 1], shape: [1, 3])), [4, 2, 6], shape: [1, 3])
  }

  @Test("Replacing and adding give new tensors and leave the old one")
  func replacing() throws {
    let columns = try Tensor([10, 20, 30, 40] as [Float], shape: [2, 2])
    let indices = try Tensor([2, 0])
    try expectClose(matrix.replacing(1, indices, with: columns), [20, 2, 10, 40, 5, 30], shape: [2, 3])
    try expectClose(matrix.adding(1, indices, columns), [21, 2, 13, 44, 5, 36], shape: [2, 3])
    try expectClose(matrix.adding(1, Tensor([1, 1]), columns), [1, 32, 3, 4, 75, 6], shape: [2, 3])
    try expectClose(matrix, [1, 2, 3, 4, 5, 6], shape: [2, 3])
  }

  @Test("An index out of range is an error in every operation that takes one", arguments: [3, -4, Int.max, Int.min])
  func outOfRange(_ index: Int) throws {
    let indices = try Tensor([index])
    let column = try Tensor([0, 0] as [Float], shape: [2, 1])
    expectError(.invalidArgument, containing: "out of") { try matrix.selected(1, indices) }
    expectError(.invalidArgument, containing: "out of") { try matrix.gathered(1, Tensor([index, 0], shape: [2, 1])) }
    expectError(.invalidArgument, containing: "out of") { try matrix.replacing(1, indices, with: column) }
    expectError(.invalidArgument, containing: "out of") { try matrix.adding(1, indices, column) }
    expectError(.invalidArgument, containing: "out of") { try matrix.embedding(indices) }
    expectError(.invalidArgument, containing: "out of") {
      try matrix.copy().writeInPlace(rows: Tensor([0]), columns: indices, Tensor([0] as [Float]))
    }
  }

  @Test("Indices of another type or shape, and sources that do not fit, are refused")
  func wrongArguments() throws {
    let fractions = try Tensor([0.5] as [Float])
    expectError(.invalidArgument) { try matrix.selected(1, fractions) }
    expectError(.invalidArgument) { try matrix.selected(1, Tensor([0, 1], shape: [1, 2])) }
    expectError(.invalidArgument) { try matrix.selected(2, [0]) }
    expectError(.invalidArgument) { try matrix.gathered(1, fractions) }
    expectError(.invalidArgument) { try matrix.gathered(1, Tensor([0])) }
    expectError(.invalidArgument) { try matrix.replacing(1, Tensor([0]), with: Tensor.zeros([2, 2])) }
    expectError(.invalidArgument) { try matrix.adding(1, Tensor([0]), Tensor.zeros([3, 1])) }
    expectError(.invalidArgument) { try matrix.adding(1, Tensor([0]), Tensor.zeros([2, 1], dtype: .float64)) }
  }

  @Test("A cache is written in place where it is told to, and nowhere else")
  func writingInPlace() throws {
    let cache = try Tensor.zeros([2, 3, 2])
    try cache.writeInPlace(1, start: 1, Tensor([1, 2, 3, 4] as [Float], shape: [2, 1, 2]))
    #expect(try cache.floats() == [0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0])
    let rows = try Tensor([1, 0])
    let columns = try Tensor([2, 0])
    try cache.writeInPlace(rows: rows, columns: columns, Tensor([5, 6, 7, 8] as [Float], shape: [2, 2]))
    #expect(try cache.floats() == [7, 8, 1, 2, 0, 0, 0, 0, 3, 4, 5, 6])
  }

  @Test("A cache refuses what does not fit into it")
  func writingPastTheEnd() throws {
    let cache = try Tensor.zeros([2, 3])
    let column = try Tensor.ones([2, 1])
    for start in [3, -4, Int.max, Int.min] {
      expectError(.invalidArgument) { try cache.writeInPlace(1, start: start, column) }
    }
    expectError(.invalidArgument) { try cache.writeInPlace(0, start: 0, Tensor.ones([2, 2])) }
    expectError(.invalidArgument) { try cache.writeInPlace(2, start: 0, column) }
    expectError(.invalidArgument) {
      try cache.writeInPlace(rows: Tensor([0, 1]), columns: Tensor([0, 1, 2]), Tensor.ones([2]))
    }
    expectError(.invalidArgument) {
      try cache.writeInPlace(rows: Tensor([0, 1]), columns: Tensor([0, 1]), Tensor.ones([3]))
    }
    #expect(try cache.floats() == [0, 0, 0, 0, 0, 0])
  }
}
