import Foundations
import Torch

/// Fisher's linear discriminant with shrinkage, as scikit-learn's LinearDiscriminantAnalysis(solver="lsqr"): a unit vector
/// along S^-1 (mean of the positives - mean of the negatives).
///
/// S is the covariance within the classes, each class's weighted by its share of the rows and shrunk: for `nil`, on
/// standardised coordinates, towards their mean variance by what Ledoit and Wolf (2004, "A well-conditioned estimator for
/// large-dimensional covariance matrices") propose; else (1 - a) S + a tr(S)/hidden I. Zero where the rows of each class
/// are all alike, or both means.
///
/// With fewer rows than dimensions S is never written out: it is solved in the rows' span (Woodbury).
struct LinearDiscriminant: DirectionEstimator {
  /// From 0 to 1; nil lets the data say.
  var shrinkage: Double?
  /// Standardising treats every coordinate by itself, so that a rotation changes the result.
  var usesSpan: Bool { shrinkage != nil }

  /// Float64 [hidden]: the discriminant's slope of the log-odds.
  func coefficients(of activations: LabelledActivations) throws -> Tensor {
    let total = Double(activations.positives + activations.negatives)
    var covariance = StructuredCovariance(width: activations.positive.size(1))
    for rows in [activations.positive, activations.negative] {
      let share = Double(rows.size(0)) / total
      try covariance.add(ShrunkCovariance(rows, shrinkage: shrinkage), times: share)
    }
    return try covariance.solve(activations.meanDifference())
  }

  func direction(of activations: LabelledActivations) throws -> Tensor {
    try coefficients(of: activations).unitOrZero()
  }
}

/// The shrunk covariance of one class: (1 - a) X^T X / n + diag(d), X the centred rows.
struct ShrunkCovariance {
  /// Float64 [rows, hidden].
  let centred: Tensor
  /// a, from 0 to 1.
  let shrinkage: Double
  /// Float64 [hidden]
  let diagonal: Tensor

  init(_ rows: Tensor, shrinkage fixed: Double?) throws {
    let mean = try rows.mean(0)
    centred = try rows - mean
    let variance = try (centred * centred).mean(0)
    if let fixed {
      shrinkage = fixed
      diagonal = try Tensor.full([rows.size(1)], fixed * variance.mean().scalar(), dtype: .float64)
      return
    }
    let scale = try Self.scale(variance, mean, rows: rows.size(0))
    let chosen = try LedoitWolf(centred: try centred / scale)
    shrinkage = chosen.shrinkage
    diagonal = try scale * scale * (chosen.shrinkage * chosen.meanVariance)
  }

  /// Standard deviations; 1 for a coordinate that varies by rounding only (the bound is scikit-learn's StandardScaler's).
  private static func scale(_ variance: Tensor, _ mean: Tensor, rows: Int) throws(TelltaleError) -> Tensor {
    let n = Double(rows)
    let rounding = try mean * (n * Double.ulpOfOne)
    let bound = try variance * (n * Double.ulpOfOne) + rounding * rounding
    let ones = try Tensor.ones([variance.size(0)], dtype: .float64)
    return try ones.selected(where: variance.lessOrEqual(to: bound), otherwise: variance.squareRoot())
  }
}

/// How far to shrink a covariance towards the mean variance times the identity (Ledoit and Wolf 2004): the share that
/// minimises the expected squared error, estimated from the rows. 0 for a single row or coordinate.
struct LedoitWolf {
  let shrinkage: Double
  /// The trace of the covariance by the number of coordinates.
  let meanVariance: Double

  /// - Parameter centred: float64 [rows, hidden], the mean over rows subtracted.
  init(centred: Tensor) throws {
    let (n, p) = (Double(centred.size(0)), Double(centred.size(1)))
    let squares = try (centred * centred).sum(1)
    meanVariance = try squares.sum().scalar() / n / p
    let product =
      centred.size(0) <= centred.size(1)
      ? try centred.matmul(centred.transposed(0, 1)) : try centred.transposed(0, 1).matmul(centred)
    let covarianceSquares = try (product * product).sum().scalar() / (n * n)
    let noise = try ((squares * squares).sum().scalar() / n - covarianceSquares) / (p * n)
    let distance = covarianceSquares / p - meanVariance * meanVariance
    shrinkage = p > 1 && distance > 0 ? min(max(noise, 0), distance) / distance : 0
  }
}

/// A covariance as U^T U + diag(d), U of as many rows as there are data.
struct StructuredCovariance {
  private var factors: [Tensor] = []
  private var diagonal: [Tensor] = []
  private let width: Int
  /// Below this share of the largest, an eigenvalue is rounding.
  private static let rounding = 1e-12

  init(width: Int) { self.width = width }

  mutating func add(_ part: ShrunkCovariance, times share: Double) throws(TelltaleError) {
    let weight = share * (1 - part.shrinkage) / Double(part.centred.size(0))
    factors.append(try part.centred * max(weight, 0).squareRoot())
    diagonal.append(try part.diagonal * share)
  }

  /// x with (U^T U + diag(d)) x = right; of all solutions, where there are several, the shortest (least squares).
  func solve(_ right: Tensor) throws -> Tensor {
    let u = try Tensor.concatenated(factors)
    let d = try diagonal.dropFirst().reduce(diagonal[0]) { try $0 + $1 }
    let spread = try (u * u).sum().scalar() / Double(width)
    // The diagonal is zero everywhere or nowhere.
    if try d.max().scalar() <= Self.rounding * spread { return try Self.leastSquares(u, right) }
    if u.size(0) < width { return try Self.woodbury(u, d, right) }
    let whole = try u.transposed(0, 1).matmul(u) + Self.identity(width) * d
    return try whole.solve(right.unsqueezed(1)).reshaped([-1])
  }

  /// D^-1 b - D^-1 U^T (I + U D^-1 U^T)^-1 U D^-1 b.
  private static func woodbury(_ u: Tensor, _ d: Tensor, _ right: Tensor) throws(TelltaleError) -> Tensor {
    let scaled = try u / d  // [rows, hidden]
    let inner = try scaled.matmul(u.transposed(0, 1)) + identity(u.size(0))
    let middle = try inner.solve(scaled.matmul(right.unsqueezed(1)))
    return try right / d - scaled.transposed(0, 1).matmul(middle).reshaped([-1])
  }

  /// Without shrinkage, by the singular values of U.
  private static func leastSquares(_ u: Tensor, _ right: Tensor) throws(TelltaleError) -> Tensor {
    let decomposition = try u.singularValues()
    let squares = try (decomposition.values * decomposition.values).doubles()
    let largest = squares.first ?? 0
    let inverse = try Tensor(squares.map { $0 > rounding * largest ? 1 / $0 : 0 })
    let inside = try decomposition.vt.matmul(right.unsqueezed(1)).reshaped([-1]) * inverse
    return try decomposition.vt.transposed(0, 1).matmul(inside.unsqueezed(1)).reshaped([-1])
  }

  private static func identity(_ size: Int) throws(TelltaleError) -> Tensor {
    let places = try Tensor.range(0..<size)
    return try places.unsqueezed(0).equal(places.unsqueezed(1)).converted(to: .float64)
  }
}
