import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite("Linear algebra")
struct LinearAlgebraTests {
  let symmetric: Tensor

  init() throws { symmetric = try Tensor([2, 1, 1, 2] as [Double], shape: [2, 2]) }

  @Test("Eigenvalues of [[2, 1], [1, 2]] are 1 and 3, and the vectors rebuild it")
  func eigen() throws {
    let (values, vectors) = try symmetric.eigenSymmetric()
    try expectClose(values, [1, 3], tolerance: 1e-14)
    let rebuilt = try (vectors * values).matmul(vectors.transposed(0, 1))
    try expectClose(rebuilt, [2, 1, 1, 2], shape: [2, 2], tolerance: 1e-14)
  }

  @Test("Singular values descend, and the thin factors rebuild the matrix", arguments: [[4, 3], [3, 4], [1, 5]])
  func singularValues(_ shape: [Int]) throws {
    let matrix = try Tensor.randomNormal(shape, dtype: .float64, seed: 1)
    let (u, values, vt) = try matrix.singularValues()
    let k = shape.min() ?? 0
    #expect(u.shape == [shape[0], k] && values.shape == [k] && vt.shape == [k, shape[1]])
    #expect(try values.doubles() == values.doubles().sorted(by: >))
    try expectClose((u * values).matmul(vt), matrix.doubles(), shape: shape, tolerance: 1e-13)
  }

  @Test("Singular values of diag(3, -4) are 4 and 3")
  func singularValuesByHand() throws {
    let values = try Tensor([3, 0, 0, -4] as [Double], shape: [2, 2]).singularValues().values
    try expectClose(values, [4, 3], tolerance: 1e-14)
  }

  @Test("A linear system is solved, a singular one refused")
  func solve() throws {
    let right = try Tensor([3, 3] as [Double], shape: [2, 1])
    try expectClose(symmetric.solve(right), [1, 1], shape: [2, 1], tolerance: 1e-15)
    let singular = try Tensor([1, 2, 2, 4] as [Double], shape: [2, 2])
    expectError(.invalidArgument, containing: "singular") { try singular.solve(right) }
    expectError(.invalidArgument) { try symmetric.solve(Tensor.zeros([3, 1], dtype: .float64)) }
  }

  @Test("A Cholesky factor is lower triangular and squares to its matrix")
  func cholesky() throws {
    let factor = try symmetric.cholesky()
    try expectClose(factor, [sqrt(2), 0, 1 / sqrt(2), sqrt(1.5)], shape: [2, 2], tolerance: 1e-15)
    let indefinite = try Tensor([1, 2, 2, 1] as [Double], shape: [2, 2])
    expectError(.invalidArgument, containing: "positive-definite") { try indefinite.cholesky() }
  }

  @Test("Orthonormal columns span the same space")
  func orthonormal() throws {
    let matrix = try Tensor.randomNormal([5, 2], dtype: .float64, seed: 2)
    let q = try matrix.orthonormalised()
    try expectClose(q.transposed(0, 1).matmul(q), [1, 0, 0, 1], shape: [2, 2], tolerance: 1e-14)
    let projected = try q.matmul(q.transposed(0, 1)).matmul(matrix)
    try expectClose(projected, matrix.doubles(), shape: [5, 2], tolerance: 1e-14)
  }

  @Test("Shapes without a meaning, half precision and not-a-number are errors")
  func errors() throws {
    let rectangle = try Tensor.zeros([2, 3])
    expectError(.invalidArgument) { try rectangle.eigenSymmetric() }
    expectError(.invalidArgument) { try rectangle.cholesky() }
    expectError(.invalidArgument) { try rectangle.solve(rectangle) }
    expectError(.invalidArgument) { try Tensor.zeros([3]).singularValues() }
    expectError(.invalidArgument) { try Tensor.zeros([3]).orthonormalised() }
    expectError(.invalidArgument) { try symmetric.converted(to: .bfloat16).eigenSymmetric() }
    let nan = try Tensor.full([2, 2], .nan)
    expectError(.invalidArgument) { try nan.singularValues() }
    expectError(.invalidArgument) { try nan.cholesky() }
  }

  @Test("Matrices without rows have factors without rows")
  func empty() throws {
    #expect(try Tensor.zeros([0, 0]).eigenSymmetric().values.shape == [0])
    #expect(try Tensor.zeros([0, 3]).singularValues().vt.shape == [0, 3])
  }
}
