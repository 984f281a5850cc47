import Torch

/// An L2-penalised logistic regression on tensors, by Newton's method with halved steps in float64.
///
/// Minimises sum log(1 + exp(-s (w.x + b))) + 1/(2C) |w|^2; the intercept b is not penalised.
struct LogisticProbe {
  /// Float64 [k], or with an intercept [k + 1], the intercept last.
  let weights: Tensor

  /// - Parameters:
  ///   - inputs: float64 [rows, k], or with an intercept [rows, k + 1], the last column 1.
  ///   - c: inverse regularisation.
  ///   - start: weights to start from.
  init(
    _ inputs: Tensor, _ labels: [Int], _ c: Double, hasIntercept: Bool = true, from start: Tensor? = nil
  ) throws {
    let width = inputs.size(1)
    let target = try Tensor(labels.map(Double.init))
    let penalty = try Tensor([Double](repeating: 1 / c, count: width - 1) + [hasIntercept ? 0 : 1 / c])
    let transposed = try inputs.transposed(0, 1)
    var weights = try start ?? Tensor.zeros([width], dtype: .float64)
    var objective = try Self.objective(inputs, labels, weights, penalty)
    for _ in 0..<50 {
      let p = try inputs.matmul(weights).sigmoid()
      let gradient = try transposed.matmul(target - p) - penalty * weights
      let variance = try (p * (-p + 1)).unsqueezed(1)
      // A little on the diagonal keeps the intercept's row solvable when every row is fitted perfectly.
      let curvature = try transposed.matmul(inputs * variance) + Self.diagonal(penalty + 1e-10)
      let step = try curvature.solve(gradient.unsqueezed(1)).reshaped([width])
      var scale = 1.0
      var next = try weights + step
      var reached = try Self.objective(inputs, labels, next, penalty)
      while reached > objective + 1e-12 * abs(objective), scale > 1e-6 {
        scale /= 2
        next = try weights + step * scale
        reached = try Self.objective(inputs, labels, next, penalty)
      }
      let done = abs(objective - reached) <= 1e-11 * max(1, abs(reached))
      if reached <= objective { (weights, objective) = (next, reached) }
      if done { break }
    }
    self.weights = weights
  }

  /// The summed log loss of log-odds, in nats.
  static func loss(_ logits: Tensor, _ labels: [Int]) throws -> Double {
    let signs = try Tensor(labels.map { $0 == 1 ? 1.0 : -1 })
    return try -(logits * signs).logSigmoid().sum().scalar()
  }

  private static func objective(_ inputs: Tensor, _ labels: [Int], _ weights: Tensor, _ penalty: Tensor) throws
    -> Double
  {
    try loss(inputs.matmul(weights), labels) + (penalty * weights * weights).sum().scalar() / 2
  }

  private static func diagonal(_ values: Tensor) throws -> Tensor {
    let places = try Tensor.range(0..<values.size(0))
    return try places.unsqueezed(0).equal(places.unsqueezed(1)).converted(to: .float64) * values
  }
}
