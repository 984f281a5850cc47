import Foundations
import Torch

/// The non-linear function of a feed-forward network.
public enum Activation: String, Sendable, Equatable, CaseIterable {
  case silu
  case gelu
  case geluTanh = "gelu-tanh"
  case relu
  /// gpt-oss: x sigmoid(1.702 x) times (up + 1), both kept within 7.
  case clampedSwiGLU = "clamped-swiglu"

  private static let byName: [String: Activation] = [
    "silu": .silu, "swish": .silu, "gelu": .gelu, "gelu_python": .gelu, "gelu_new": .geluTanh, "gelu_fast": .geluTanh,
    "gelu_pytorch_tanh": .geluTanh, "gelu_python_tanh": .geluTanh, "gelu_accurate": .geluTanh, "relu": .relu,
  ]

  /// Names that configurations may use.
  static var names: [String] { byName.keys.sorted() }

  /// The function that transformers calls `name`; nil for one that is not computed here.
  init?(transformersName name: String) {
    guard let known = Self.byName[name] else { return nil }
    self = known
  }

  /// f(x), for networks without a gate.
  func callAsFunction(_ x: Tensor) throws(TelltaleError) -> Tensor {
    switch self {
    case .silu: try x.silu()
    case .gelu: try x.gelu()
    case .geluTanh: try x.geluTanh()
    case .relu: try x.clamped(atLeast: 0)
    case .clampedSwiGLU: try x * (x * 1.702).sigmoid()
    }
  }

  /// f(gate) * up.
  func gating(_ gate: Tensor, _ up: Tensor) throws(TelltaleError) -> Tensor {
    switch self {
    case .silu: return try gate.gatedSilu(up)
    case .clampedSwiGLU:
      let open = try self(gate.clamped(atMost: 7))
      return try (up.clamped(atLeast: -7).clamped(atMost: 7) + 1) * open
    case .gelu, .geluTanh, .relu: return try self(gate) * up
    }
  }
}
