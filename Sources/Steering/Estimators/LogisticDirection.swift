import Torch

/// A logistic regression on differences, as the steering-vectors library's logistic aggregator: a unit vector.
///
/// w minimises C sum log(1 + exp(-y w.x)) + |w|^2 / 2 over x = d/2 with y = 1 and x = -d/2 with y = -1 for every pair's
/// difference d, without intercept. Both halves of that sum are equal, so it is fitted on d/2 alone with 2 C. Zero where
/// all differences are.
struct DifferenceLogistic: DirectionEstimator {
  /// Inverse regularisation, in units of the stream to the power of -2; 1 as in the library.
  var c = 1.0

  func coefficients(of activations: LabelledActivations) throws -> Tensor {
    let halves = try activations.differences() / 2
    return try LogisticProbe(halves, Array(repeating: 1, count: halves.size(0)), 2 * c, hasIntercept: false).weights
  }

  func direction(of activations: LabelledActivations) throws -> Tensor {
    try coefficients(of: activations).unitOrZero()
  }
}

/// A logistic probe on the activations of both classes, as scikit-learn's LogisticRegression: a unit vector.
///
/// (w, b) minimise C sum log(1 + exp(-y (w.x + b))) + |w|^2 / 2, the intercept b not penalised. Zero where both classes'
/// activations are alike.
struct ClassLogistic: DirectionEstimator {
  /// Inverse regularisation, in units of the stream to the power of -2; 1 as in scikit-learn.
  var c = 1.0

  /// Float64 [hidden].
  func coefficients(of activations: LabelledActivations) throws -> Tensor {
    let rows = try activations.rows()
    // Centring changes the intercept only, and keeps the curvature matrix well conditioned.
    let centred = try rows - rows.mean(0)
    let design = try Tensor.concatenated([centred, Tensor.ones([rows.size(0), 1], dtype: .float64)], 1)
    let labels =
      Array(repeating: 1, count: activations.positives) + Array(repeating: 0, count: activations.negatives)
    return try LogisticProbe(design, labels, c).weights.narrowed(0, 0..<rows.size(1))
  }

  func direction(of activations: LabelledActivations) throws -> Tensor {
    try coefficients(of: activations).unitOrZero()
  }
}
