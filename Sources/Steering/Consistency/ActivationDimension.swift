import Statistics
import Torch

/// The effective dimension of rows of activations: the participation ratio of their covariance, corrected for their number.
enum ActivationDimension {
  /// More rows than this add nothing but time.
  private static let mostRows = 2_000

  /// - Parameter rows: [n, hidden], the first 2,000 of which are used, centred by their mean.
  /// `nil` for fewer than 4 rows and where they do not vary or are not all finite.
  static func of(_ rows: Tensor) throws -> Double? {
    let used = min(rows.size(0), mostRows)
    guard used > 3 else { return nil }
    let wide = try rows.narrowed(0, 0..<used).converted(to: .float64)
    let centred = try wide - wide.mean(0, keep: true)
    guard try centred.isFinite().all() else { return nil }
    // The smaller of the two products has the eigenvalues that are not zero.
    let small = used <= rows.size(1)
    let product = try small ? centred.matmul(centred.transposed(0, 1)) : centred.transposed(0, 1).matmul(centred)
    let eigenvalues = try (product / Double(used - 1)).eigenSymmetric().values.doubles()
    return EffectiveDimension.participationRatio(eigenvalues: eigenvalues, rows: used, width: rows.size(1))
  }
}
