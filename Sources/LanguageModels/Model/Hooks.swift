import Torch

/// Which tokens of a pack an operation concerns.
public enum TokenChoice: Sendable, Equatable {
  case all
  /// Indices into the pack.
  case tokens([Int])
}

/// What to record of the residual stream: the output of decoder blocks, counted from 0.
public struct Taps: Sendable {
  public var layers: [Int]
  public var tokens: TokenChoice

  public init(layers: [Int], tokens: TokenChoice = .all) {
    self.layers = layers
    self.tokens = tokens
  }
}

/// A change of the residual stream at the output of one decoder block. Edits of a layer are applied in the order given,
/// before anything is recorded there.
public struct Edit: Sendable {
  public enum Operation: Sendable {
    /// h + v, for v [hidden].
    case add(Tensor)
    /// h - (h . r) r for the unit vector r [hidden]: directional ablation (Arditi et al. 2024).
    case ablate(Tensor)
    /// h + (value - h . r) r: the component along the unit vector r [hidden] becomes `value`.
    case setProjection(Tensor, Double)
  }

  public var layer: Int
  public var operation: Operation
  public var tokens: TokenChoice

  public init(layer: Int, _ operation: Operation, tokens: TokenChoice = .all) {
    self.layer = layer
    self.operation = operation
    self.tokens = tokens
  }

  /// `hidden` [tokens, hidden] after the edit. Arithmetic in float32, rounded once to the stream's dtype.
  func apply(to hidden: Tensor) throws(TorchError) -> Tensor {
    switch tokens {
    case .all: return try changed(hidden)
    case .tokens(let indices):
      if indices.isEmpty { return hidden }
      let places = try Tensor(indices).moved(to: hidden.device)
      return try hidden.replacing(0, places, with: changed(hidden.selected(0, places)))
    }
  }

  private func changed(_ stream: Tensor) throws(TorchError) -> Tensor {
    let wide = try stream.converted(to: .float32)  // [n, hidden]
    return try moved(wide).converted(to: stream.dtype)
  }

  private func moved(_ wide: Tensor) throws(TorchError) -> Tensor {
    switch operation {
    case .add(let vector): return try wide + Self.like(wide, vector)
    case .ablate(let direction):
      let unit = try Self.like(wide, direction)
      return try wide - wide.matmul(unit).unsqueezed(1) * unit
    case .setProjection(let direction, let value):
      let unit = try Self.like(wide, direction)
      return try wide + (-(wide.matmul(unit)) + value).unsqueezed(1) * unit
    }
  }

  private static func like(_ stream: Tensor, _ vector: Tensor) throws(TorchError) -> Tensor {
    try vector.converted(to: .float32, device: stream.device)
  }
}
