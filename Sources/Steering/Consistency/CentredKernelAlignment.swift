import Foundations
import LanguageModels
import Torch

/// Linear centred kernel alignment: how alike two models' activations on the same prompts are, regardless of their widths and
/// of any rotation between them (Kornblith et al. 2019, "Similarity of neural network representations revisited").
public struct CentredKernelAlignment: Sendable, Equatable {
  /// |Y'X|^2 / (|X'X| |Y'Y|) of centred activations, Frobenius norms: 0...1, but near 1 for anything where rows are fewer than
  /// widths. `nil` where a side does not vary.
  public let biased: Double?
  /// From the unbiased estimate of HSIC (Song et al. 2012; Nguyen et al. 2021): 0 in expectation for unrelated activations; may
  /// fall below 0. `nil` for fewer than 4 rows and where an estimate of a side with itself is not above 0.
  public let debiased: Double?

  /// - Parameters: [rows, width] each, row by row of the same prompt.
  public init(_ x: Tensor, _ y: Tensor) throws {
    guard x.rank == 2, y.rank == 2, x.size(0) == y.size(0), x.size(0) > 1 else {
      throw TelltaleError(.failed, "activations of \(x.shape) and \(y.shape) are not of the same rows")
    }
    let (k, l) = (try Self.gram(x), try Self.gram(y))
    let n = Double(x.size(0))
    let product = try Self.aligned((k * l).sum().scalar(), (k * k).sum().scalar(), (l * l).sum().scalar())
    biased = product
    guard n > 3 else {
      debiased = nil
      return
    }
    let (open, other) = (try Self.hollow(k), try Self.hollow(l))
    debiased = Self.aligned(
      try Self.unbiased(open, other, n), try Self.unbiased(open, open, n), try Self.unbiased(other, other, n))
  }

  /// Float64 [rows, rows]: products of centred rows.
  private static func gram(_ x: Tensor) throws(TelltaleError) -> Tensor {
    let wide = try x.converted(to: .float64)
    let centred = try wide - wide.mean(0, keep: true)
    return try centred.matmul(centred.transposed(0, 1))
  }

  private static func aligned(_ xy: Double, _ xx: Double, _ yy: Double) -> Double? {
    xx > 0 && yy > 0 && (xx * yy).isFinite ? xy / (xx.squareRoot() * yy.squareRoot()) : nil
  }

  /// Without its diagonal.
  private static func hollow(_ k: Tensor) throws(TelltaleError) -> Tensor {
    let lower = try k.lowerTriangle(diagonal: -1)
    return try lower + lower.transposed(0, 1)
  }

  /// HSIC_1 of Song et al., up to the factor n (n - 3) that all three share; the diagonals are zero.
  private static func unbiased(_ k: Tensor, _ l: Tensor, _ n: Double) throws(TelltaleError) -> Double {
    let trace = try (k * l).sum().scalar()
    let sums = try k.sum().scalar() * l.sum().scalar() / ((n - 1) * (n - 2))
    let cross = try (k.sum(0) * l.sum(0)).sum().scalar() * 2 / (n - 2)
    return trace + sums - cross
  }
}
