import RealModule

/// Newton's method with step halving on the penalised log loss.
struct LogisticNewton {
  let design: LogisticDesign
  /// Weight of 1/2 |w|^2 against the summed log loss, which is 1/C.
  let penalty: Double

  struct Solution {
    let parameters: [Double]
    /// Summed log loss in nats, without the penalty.
    let loss: Double
    let standardErrors: [Double]
  }

  init(_ design: LogisticDesign, penalty: Double) {
    self.design = design
    self.penalty = penalty
  }

  func solve() throws(StatisticsError) -> Solution {
    var parameters = [Double](repeating: 0, count: design.width)
    for _ in 0..<200 {
      let (gradient, information) = derivatives(parameters)
      guard let factor = CholeskyFactor(information, size: design.width) else { throw singular(parameters) }
      let step = factor.solve(gradient)
      let next = shortened(step, from: parameters)
      let change = zip(next, parameters).map { abs($0 - $1) / max(1, abs($0)) }.max() ?? 0
      parameters = next
      if change < 1e-13 || change == 0 { return try finished(parameters) }
    }
    if largestMargin(parameters) > 20, penalty == 0 { throw separated() }
    return try finished(parameters)
  }

  private func finished(_ parameters: [Double]) throws(StatisticsError) -> Solution {
    let (gradient, information) = derivatives(parameters)
    guard let factor = CholeskyFactor(information, size: design.width) else { throw singular(parameters) }
    // The distance still to go, in standard errors: tells a rounding-limited end from a failure.
    let decrement = zip(gradient, factor.solve(gradient)).reduce(0) { $0 + $1.0 * $1.1 }
    guard decrement < 1e-12 * Double(design.rows.count) else {
      throw StatisticsError(.notConverged, "The logistic regression did not converge; standardise its features.")
    }
    let errors = factor.inverse().enumerated().map { $1[$0].squareRoot() }
    return Solution(parameters: parameters, loss: loss(parameters), standardErrors: errors)
  }

  private func margin(_ row: Int, _ parameters: [Double]) -> Double {
    var sum = 0.0
    for k in 0..<design.width { sum += design.rows[row][k] * parameters[k] }
    return sum
  }

  private func loss(_ parameters: [Double]) -> Double {
    design.rows.indices.reduce(0) { sum, row in
      let margin = margin(row, parameters)
      return sum + softplus(design.labels[row] == 1 ? -margin : margin)
    }
  }

  private func objective(_ parameters: [Double]) -> Double {
    loss(parameters) + penalty / 2 * parameters.dropLast().reduce(0) { $0 + $1 * $1 }
  }

  /// The downhill gradient and the matrix of second derivatives of the objective.
  private func derivatives(_ parameters: [Double]) -> (gradient: [Double], information: [Double]) {
    let width = design.width
    var gradient = [Double](repeating: 0, count: width)
    var information = [Double](repeating: 0, count: width * width)
    for (row, x) in design.rows.enumerated() {
      let p = logistic(margin(row, parameters))
      let residual = Double(design.labels[row]) - p
      for a in 0..<width {
        gradient[a] += residual * x[a]
        let weighted = p * (1 - p) * x[a]
        for b in 0...a { information[a * width + b] += weighted * x[b] }
      }
    }
    for a in 0..<width {
      for b in 0..<a { information[b * width + a] = information[a * width + b] }
    }
    for a in 0..<width - 1 {
      gradient[a] -= penalty * parameters[a]
      information[a * width + a] += penalty
    }
    return (gradient, information)
  }

  /// The step, halved until it does not worsen the objective.
  private func shortened(_ step: [Double], from parameters: [Double]) -> [Double] {
    let start = objective(parameters)
    var scale = 1.0
    for _ in 0..<40 {
      let next = zip(parameters, step).map { $0 + scale * $1 }
      // A little slack: near the minimum the objective is flat to rounding.
      if objective(next) <= start + 1e-12 * abs(start) { return next }
      scale /= 2
    }
    return parameters
  }

  private func largestMargin(_ parameters: [Double]) -> Double {
    design.rows.indices.map { abs(margin($0, parameters)) }.max() ?? 0
  }

  /// A singular information matrix means separation once every row is fitted exactly, collinearity before.
  private func singular(_ parameters: [Double]) -> StatisticsError {
    if penalty == 0, largestMargin(parameters) > 20 { return separated() }
    return StatisticsError(
      .collinear, "A feature is a combination of the others (or constant); remove it or use a penalty.")
  }

  private func separated() -> StatisticsError {
    StatisticsError(
      .separated, "The features separate the two labels, so an unpenalised fit does not exist; use a penalty.")
  }
}

/// ln(1 + exp(x)) without overflow.
func softplus(_ x: Double) -> Double {
  max(x, 0) + Double.log(onePlus: Double.exp(-abs(x)))
}
