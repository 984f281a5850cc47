import RealModule

/// Logistic regression of a 0/1 label on one score, with errors clustered by the sandwich times G/(G - 1), as statsmodels'
/// `cov_type="cluster"` without its (n - 1)/(n - k): for the odds ratio across questions.
struct SlopeLogistic: Sendable {
  let slope: Double
  let standardError: Double?
  let clusters: Int

  /// `nil` where the score separates the labels or does not vary.
  init?(_ scores: [Double], _ labels: [Int], _ clusters: Partition) {
    var (a, b) = (0.0, 0.0)
    var sums = Sums()
    for _ in 0..<50 {
      sums = Sums()
      for row in labels.indices { sums.add(scores[row], labels[row], logistic(a + b * scores[row])) }
      guard let step = sums.step else { return nil }
      let scale = min(1, 4 / max(abs(step.a), abs(step.b), 1e-300))
      (a, b) = (a + scale * step.a, b + scale * step.b)
      guard abs(b) < 40 else { return nil }
      if max(abs(step.a), abs(step.b)) < 1e-10 { break }
    }
    var gradients = [(Double, Double)](repeating: (0, 0), count: clusters.count)
    for row in labels.indices {
      let residual = Double(labels[row]) - logistic(a + b * scores[row])
      gradients[clusters.codes[row]].0 += residual
      gradients[clusters.codes[row]].1 += residual * scores[row]
    }
    slope = b
    self.clusters = clusters.count
    let count = Double(clusters.count)
    let squares = gradients.reduce(0.0) { sum, gradient in
      let step = sums.solve(gradient.0, gradient.1).b
      return sum + step * step
    }
    standardError = count > 1 ? (count / (count - 1) * squares).squareRoot() : nil
  }

  private struct Sums {
    var gradient = (a: 0.0, b: 0.0)
    var (aa, ab, bb) = (0.0, 0.0, 0.0)

    mutating func add(_ x: Double, _ label: Int, _ p: Double) {
      let residual = Double(label) - p
      let weight = p * (1 - p)
      gradient.a += residual
      gradient.b += residual * x
      aa += weight
      ab += weight * x
      bb += weight * x * x
    }

    private var determinant: Double { aa * bb - ab * ab }

    var step: (a: Double, b: Double)? {
      determinant > 1e-12 * aa * bb && aa > 1e-9 ? solve(gradient.a, gradient.b) : nil
    }

    func solve(_ a: Double, _ b: Double) -> (a: Double, b: Double) {
      ((bb * a - ab * b) / determinant, (aa * b - ab * a) / determinant)
    }
  }
}
