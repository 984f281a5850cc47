import Foundation
import Foundations
import Torch

/// AdamW with weight decay on the matrices only (neither norms nor embeddings), and the gradient's norm cut.
struct OrganismOptimizer {
  private let decayed, plain: AdamW
  private let largestGradient: Double

  /// - Parameter weights: what is trained, by checkpoint name.
  init(_ weights: [String: Tensor], weightDecay: Double, largestGradient: Double) throws(TelltaleError) {
    let ordered = weights.sorted { $0.key < $1.key }
    func isDecayed(_ name: String) -> Bool { name.hasSuffix("_proj.weight") || name == "lm_head.weight" }
    decayed = try AdamW(
      ordered.filter { isDecayed($0.key) }.map(\.value), beta2: 0.98, weightDecay: weightDecay)
    plain = try AdamW(ordered.filter { !isDecayed($0.key) }.map(\.value), beta2: 0.98, weightDecay: 0)
    self.largestGradient = largestGradient
  }

  func step(_ loss: Tensor, learningRate: Double) throws(TelltaleError) {
    var gradients = try loss.gradients(by: decayed.parameters + plain.parameters)
    var squares = 0.0
    for gradient in gradients { squares += try gradient.power(2).sum().scalar() }
    let norm = squares.squareRoot()
    if norm > largestGradient {
      for index in gradients.indices { gradients[index] = try gradients[index] * (largestGradient / norm) }
    }
    try decayed.step(Array(gradients.prefix(decayed.parameters.count)), learningRate: learningRate)
    try plain.step(Array(gradients.dropFirst(decayed.parameters.count)), learningRate: learningRate)
  }

  /// Warm-up, then a cosine down to a fiftieth.
  static func learningRate(_ highest: Double, step: Int, of steps: Int, warmUp: Int) -> Double {
    let warmth = min(1, Double(step + 1) / Double(max(1, warmUp)))
    let cosine = 0.5 * (1 + cos(Double.pi * Double(step) / Double(max(1, steps))))
    return highest * warmth * (0.02 + 0.98 * cosine)
  }
}
