import Foundations
import Torch

/// How the activations of two classes become one direction per layer. Every formula stands in docs/vectors.md.
public enum Estimator: String, Sendable, CaseIterable, Codable {
  /// The mean of the positives minus that of the negatives, as long as it is.
  case mean
  /// The first principal component of the pairs' differences, not centred.
  case pca
  /// The first principal component of the pairs' differences, their mean subtracted.
  case pcaCentred = "pca-centred"
  /// A logistic regression without intercept on plus and minus half of every pair's difference.
  case logistic
  /// A logistic regression with intercept on the activations of both classes.
  case probe
  /// The linear discriminant, the covariance shrunk as Ledoit and Wolf propose.
  case discriminant

  /// Whether it is made from differences, so that rows that are no pairs have none.
  public var needsPairs: Bool { [.pca, .pcaCentred, .logistic].contains(self) }

  var implementation: any DirectionEstimator {
    switch self {
    case .mean: MeanDifference()
    case .pca: PrincipalDirection(isCentred: false)
    case .pcaCentred: PrincipalDirection(isCentred: true)
    case .logistic: DifferenceLogistic()
    case .probe: ClassLogistic()
    case .discriminant: LinearDiscriminant()
    }
  }
}

/// A way of turning the activations of one layer into a direction.
protocol DirectionEstimator: Sendable {
  /// Whether it is computed in the activations' span: exact where a rotation of the activations only rotates the result,
  /// and much quicker where the work grows with the square of the width.
  var usesSpan: Bool { get }

  /// Float64 [hidden], pointing from the negatives to the positives; zero where the activations have no direction, as
  /// when all are equal.
  func direction(of activations: LabelledActivations) throws -> Tensor
}

extension DirectionEstimator {
  var usesSpan: Bool { true }
}

/// mean(positives) - mean(negatives): contrastive activation addition (Rimsky et al. 2024), difference of class means.
struct MeanDifference: DirectionEstimator {
  let usesSpan = false

  func direction(of activations: LabelledActivations) throws -> Tensor { try activations.meanDifference() }
}
