import Foundation
import Foundations
import Torch

/// The angles between two subspaces (Björck and Golub 1973, "Numerical methods for computing angles between linear subspaces").
public struct PrincipalAngles: Sendable, Equatable {
  /// In radians, ascending, as many as the smaller subspace has dimensions: 0 a common direction, pi/2 none.
  public let angles: [Double]

  /// The mean squared cosine of the angles: 1 where the smaller subspace lies in the larger one.
  public var overlap: Double { angles.reduce(0) { $0 + cos($1) * cos($1) } / Double(angles.count) }

  /// - Parameters: [hidden, k] and [hidden, l] of the same hidden size, whose columns are independent and span the subspaces.
  public init(_ a: Tensor, _ b: Tensor) throws {
    guard a.rank == 2, b.rank == 2, a.size(0) == b.size(0), a.size(1) > 0, b.size(1) > 0,
      max(a.size(1), b.size(1)) <= a.size(0)
    else {
      throw TelltaleError(.failed, "subspaces of \(a.shape) and \(b.shape) have no angles; give the same hidden size")
    }
    let wide = a.size(1) >= b.size(1)
    let larger = try (wide ? a : b).converted(to: .float64).orthonormalised()
    let smaller = try (wide ? b : a).converted(to: .float64).orthonormalised()
    let product = try larger.transposed(0, 1).matmul(smaller)  // [k, l], k >= l
    let cosines = try product.singularValues().values.doubles()
    // Small angles from their sines: near 1 a cosine has lost half of their digits.
    let sines = try (smaller - larger.matmul(product)).singularValues().values.doubles()
    angles = zip(cosines, sines.reversed()).map { cosine, sine in
      cosine * cosine >= 0.5 ? asin(min(1, sine)) : acos(min(1, cosine))
    }
  }

  private static let mostRows = 2_000

  /// The subspace of a vector's first 2,000 pairs at a layer: the leading right singular vectors of their differences, not centred, so
  /// that the mean counts. Float64 [hidden, count]; nil where the layer is not held or there are fewer pairs than `count`.
  public static func subspace(_ pairs: PairDifferences, layer: Int, count: Int) throws -> Tensor? {
    guard let all = try pairs.rows(layer: layer), count > 0, count <= min(all.size(0), all.size(1)) else { return nil }
    let rows = try all.narrowed(0, 0..<min(all.size(0), Self.mostRows))
    return try rows.singularValues().vt.narrowed(0, 0..<count).transposed(0, 1)
  }
}
