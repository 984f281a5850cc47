/// The Cholesky factor of a symmetric positive definite matrix, for the few unknowns of a regression.
struct CholeskyFactor {
  private let size: Int
  /// Lower triangle, row by row.
  private var lower: [Double]

  /// `nil` if the matrix (row-major, `size` x `size`) is singular to working precision, or a pivot is not above `leastPivot`
  /// times its diagonal element.
  init?(_ matrix: [Double], size: Int, leastPivot: Double = 1e-14) {
    self.size = size
    lower = matrix
    for column in 0..<size {
      let diagonal = matrix[column * size + column]
      let pivot = diagonal - dot(column, column, upTo: column)
      guard pivot > diagonal * leastPivot, pivot.isFinite else { return nil }
      lower[column * size + column] = pivot.squareRoot()
      for row in column + 1..<max(size, column + 1) {
        let rest = matrix[row * size + column] - dot(row, column, upTo: column)
        lower[row * size + column] = rest / lower[column * size + column]
      }
    }
  }

  private func dot(_ a: Int, _ b: Int, upTo count: Int) -> Double {
    var sum = 0.0
    for k in 0..<count { sum += lower[a * size + k] * lower[b * size + k] }
    return sum
  }

  /// The x with matrix * x = `right`.
  func solve(_ right: [Double]) -> [Double] {
    var x = right
    for row in 0..<size {
      for k in 0..<row { x[row] -= lower[row * size + k] * x[k] }
      x[row] /= lower[row * size + row]
    }
    for row in stride(from: size - 1, through: 0, by: -1) {
      for k in row + 1..<max(size, row + 1) { x[row] -= lower[k * size + row] * x[k] }
      x[row] /= lower[row * size + row]
    }
    return x
  }

  /// The inverse matrix, row by row.
  func inverse() -> [[Double]] {
    (0..<size).map { column in solve((0..<size).map { $0 == column ? 1 : 0 }) }
  }
}
