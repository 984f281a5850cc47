import Torch

/// The first principal component of the pairs' differences, a unit vector (Zou et al. 2023, "Representation Engineering").
///
/// Not centred, it is the direction r that maximises the sum of (d_i . r)^2, which is the mean difference where pairs
/// agree; centred, it is the direction along which pairs differ most from one another. A component has no inherent
/// sign: r points to where most pairs' differences do. Where they divide as coin flips might (n pairs by at most the square
/// root of n, one standard deviation) there is no majority, and r points to where the mean difference does. Zero where the differences
/// (centred: their deviations from the mean) are zero.
struct PrincipalDirection: DirectionEstimator {
  let isCentred: Bool
  /// A spread below this share of the sum of squares is rounding.
  private static let rounding = 1e-20

  func direction(of activations: LabelledActivations) throws -> Tensor {
    let differences = try activations.differences()
    let rows = isCentred ? try differences - differences.mean(0) : differences
    let squares = try (differences * differences).sum().scalar()
    let spread = try (rows * rows).sum().scalar()
    guard spread > Self.rounding * squares else { return try Tensor.zeros([differences.size(1)], dtype: .float64) }
    // One number scales all, so that squares of very small or large streams stay within float32.
    let scaled = try (rows / (spread / Double(rows.size(0))).squareRoot()).converted(to: .float32)
    let gram = try scaled.matmul(scaled.transposed(0, 1))
    let components = try PrincipalComponents(centred: scaled, gram: gram, count: 1, seed: 0)
    let axis = try components.directions.reshaped([-1]).converted(to: .float64).unitOrZero()
    return try axis * Self.sign(differences.matmul(axis).doubles())
  }

  /// The sign of a clear majority of projections, else that of their sum; 1 where that is zero.
  static func sign(_ projections: [Double]) -> Double {
    let balance = Double(projections.count { $0 > 0 } - projections.count { $0 < 0 })
    if abs(balance) > Double(projections.count).squareRoot() { return balance > 0 ? 1 : -1 }
    return projections.reduce(0, +) < 0 ? -1 : 1
  }
}
