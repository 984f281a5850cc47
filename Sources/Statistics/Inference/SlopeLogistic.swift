import RealModule

/// Logistic regression of a 0/1 label on one number, with errors clustered by the sandwich times G/(G - 1), as statsmodels'
/// `cov_type="cluster"` without its (n - 1)/(n - k): for the odds ratio across questions and for the calibration of a probability.
struct SlopeLogistic: Sendable {
  let slope: Double
  let intercept: Double
  /// Clustered; `nil` with one cluster.
  let slopeError: Double?
  let interceptError: Double?
  let clusters: Int

  /// `nil` where the number separates the labels or does not vary.
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
    (intercept, slope, self.clusters) = (a, b, clusters.count)
    let count = Double(clusters.count)
    let squares = Self.steps(scores, labels, clusters, sums, (a, b)).reduce((a: 0.0, b: 0.0)) { sum, step in
      (sum.a + step.a * step.a, sum.b + step.b * step.b)
    }
    interceptError = count > 1 ? (count / (count - 1) * squares.a).squareRoot() : nil
    slopeError = count > 1 ? (count / (count - 1) * squares.b).squareRoot() : nil
  }

  /// By cluster, its summed gradient taken through the inverse information.
  private static func steps(
    _ scores: [Double], _ labels: [Int], _ clusters: Partition, _ sums: Sums, _ fit: (a: Double, b: Double)
  ) -> [(a: Double, b: Double)] {
    var gradients = [(a: Double, b: Double)](repeating: (0, 0), count: clusters.count)
    for row in labels.indices {
      let residual = Double(labels[row]) - logistic(fit.a + fit.b * scores[row])
      gradients[clusters.codes[row]].a += residual
      gradients[clusters.codes[row]].b += residual * scores[row]
    }
    return gradients.map { sums.solve($0.a, $0.b) }
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
