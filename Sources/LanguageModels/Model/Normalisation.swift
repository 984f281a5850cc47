import Foundations
import Torch

/// A normalisation with its weight, ready to be used.
struct Normalisation: Sendable {
  /// [width]; float32 where it is multiplied before rounding.
  private let weight: Tensor
  /// [width], of a layer norm.
  private let bias: Tensor?
  private let epsilon: Double

  /// - Parameter weight: as the checkpoint has it.
  init(_ kind: NormKind, weight: Tensor, bias: Tensor?, epsilon: Double) throws(TelltaleError) {
    self.epsilon = epsilon
    self.bias = bias
    switch kind {
    case .rms, .layer: self.weight = weight
    case .rmsRoundedOnce: self.weight = try weight.converted(to: .float32)
    case .rmsOffset: self.weight = try weight.converted(to: .float32) + 1
    }
  }

  /// x [..., width] normalised over its last dimension.
  func callAsFunction(_ x: Tensor) throws(TelltaleError) -> Tensor {
    guard let bias else { return try x.rmsNorm(weight, epsilon: epsilon) }
    return try x.layerNorm(weight, bias: bias, epsilon: epsilon)
  }

  /// Whether the mean is taken away first.
  var isCentred: Bool { bias != nil }

  /// What each normalised number is multiplied by.
  var gain: Tensor { weight }
}
