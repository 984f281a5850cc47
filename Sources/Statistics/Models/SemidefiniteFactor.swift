import Foundations

/// The Cholesky factor L of a symmetric positive semidefinite matrix, L L' = A; where nothing is left of a row it is passed over,
/// so that the matrix may be singular.
struct SemidefiniteFactor {
  private let size: Int
  /// Row-major.
  private let lower: [Double]

  /// - Parameters:
  ///   - matrix: row-major.
  ///   - smallest: a pivot up to this is nothing, and so is one of 1e-12 of its diagonal element.
  init(_ matrix: [Double], size: Int, smallest: Double = 0) {
    var lower = matrix
    for column in 0..<size {
      let pivot = lower[column * size + column]
      let root = pivot > max(smallest, 1e-12 * matrix[column * size + column]) ? pivot.squareRoot() : 0
      for row in column..<size {
        lower[row * size + column] = root > 0 ? lower[row * size + column] / root : 0
      }
      guard root > 0 else { continue }
      for row in column + 1..<max(size, column + 1) {
        let factor = lower[row * size + column]
        if factor == 0 { continue }
        for other in column + 1...row { lower[row * size + other] -= factor * lower[other * size + column] }
      }
    }
    (self.lower, self.size) = (lower, size)
  }

  /// Whether a row is not a combination of those before it.
  func isKept(_ row: Int) -> Bool { lower[row * size + row] > 0 }

  /// A solution of A x = b, 0 where a row was passed over; `nil` if there is none.
  func solve(_ b: [Double]) -> [Double]? {
    var x = b
    let largest = b.reduce(0) { max($0, abs($1)) }
    for row in 0..<size {
      for column in 0..<row { x[row] -= lower[row * size + column] * x[column] }
      if isKept(row) {
        x[row] /= lower[row * size + row]
      } else {
        guard abs(x[row]) <= max(1e-6 * largest, 1e-12) else { return nil }
        x[row] = 0
      }
    }
    for row in (0..<size).reversed() {
      for later in row + 1..<max(size, row + 1) { x[row] -= lower[later * size + row] * x[later] }
      x[row] = isKept(row) ? x[row] / lower[row * size + row] : 0
    }
    return x
  }

  /// A draw from the normal distribution with mean 0 and this covariance.
  func draw(_ generator: inout SeededGenerator) -> [Double] {
    let normals = (0..<size).map { _ in generator.normal() }
    return (0..<size).map { row in
      (0...row).reduce(0) { $0 + lower[row * size + $1] * normals[$1] }
    }
  }
}
