import Torch

/// The first principal components of centred activations (or, of rows that are not centred, of what they hold about zero).
///
/// Exact (eigenvectors of the Gram matrix or the covariance) where rows or width are at most 512; else by subspace
/// iteration from a random start (Halko, Martinsson and Tropp 2011, "Finding structure with randomness", algorithm 4.4,
/// four iterations with eight directions to spare), which for components that matter agrees to float32.
struct PrincipalComponents {
  /// Float32 [rows, k]: the centred rows in terms of the components.
  let scores: Tensor
  /// Float32 [hidden, k], orthonormal columns.
  let directions: Tensor
  /// The sum of squares of all centred activations, of which `scores` holds a part.
  let totalSquares: Double

  private static let exactUpTo = 512

  /// - Parameters:
  ///   - centred: float32 [rows, hidden], the mean over rows subtracted.
  ///   - gram: float32 [rows, rows], centred times its transpose.
  init(centred: Tensor, gram: Tensor, count: Int, seed: UInt64) throws {
    let (rows, hidden) = (centred.size(0), centred.size(1))
    totalSquares = try (centred * centred).sum().scalar()
    let wanted = min(count, rows, hidden)
    if hidden <= min(rows, Self.exactUpTo) {
      let wide = try centred.converted(to: .float64)
      directions = try Self.leading(wide.transposed(0, 1).matmul(wide), wanted)
    } else {
      let left =
        rows <= Self.exactUpTo
        ? try Self.leading(gram.converted(to: .float64), wanted) : try Self.subspace(gram, wanted, seed: seed)
      directions = try centred.transposed(0, 1).matmul(left).orthonormalised()
    }
    scores = try centred.matmul(directions)
  }

  /// Float32 [n, k], the eigenvectors of the largest eigenvalues of a symmetric matrix, largest first.
  private static func leading(_ matrix: Tensor, _ count: Int) throws -> Tensor {
    let vectors = try matrix.eigenSymmetric().vectors
    let size = vectors.size(1)
    return try vectors.selected(1, (size - count..<size).reversed().map { $0 }).converted(to: .float32)
  }

  private static func subspace(_ gram: Tensor, _ count: Int, seed: UInt64) throws -> Tensor {
    let rows = gram.size(0)
    var basis = try gram.matmul(Tensor.randomNormal([rows, min(rows, count + 8)], seed: seed)).orthonormalised()
    for _ in 0..<4 { basis = try gram.matmul(basis).orthonormalised() }
    let small = try basis.transposed(0, 1).matmul(gram.matmul(basis)).converted(to: .float64)
    return try basis.matmul(leading(small, count))
  }
}
