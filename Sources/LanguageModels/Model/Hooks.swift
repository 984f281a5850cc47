import Foundations
import Torch

/// Which tokens of a pack an operation concerns.
public enum TokenChoice: Sendable, Equatable {
  case all
  /// Indices into the pack.
  case tokens([Int])
}

/// Chosen tokens of a pack as the device wants them: made once, used at every layer.
struct Rows {
  private let indices: Tensor?  // int64 [chosen]; nil for all

  init(_ choice: TokenChoice, _ device: Device) throws(TelltaleError) {
    switch choice {
    case .all: indices = nil
    case .tokens(let chosen): indices = try Tensor(chosen).moved(to: device)
    }
  }

  /// The chosen rows of x [tokens, ...].
  func of(_ x: Tensor) throws(TelltaleError) -> Tensor {
    guard let indices else { return x }
    return try x.selected(0, indices)
  }
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

/// A change of the residual stream at one place of one decoder block. Edits of a place are applied in the order given,
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

  /// Where in a block the stream is changed.
  public enum Site: String, Sendable, CaseIterable {
    /// Before the block: for layer 0, the token embeddings.
    case blockInput = "block-input"
    /// After attention was added, before the feed-forward network reads the stream.
    case afterAttention = "after-attention"
    /// After the block, where residual streams are recorded.
    case blockOutput = "block-output"
  }

  public var layer: Int
  public var operation: Operation
  public var tokens: TokenChoice
  public var site = Site.blockOutput
  /// The unit vector [hidden] that shifts are measured along (default: the edit's own direction).
  public var measured: Tensor?
  /// Where there is one, only the tokens of sequences that pass are changed; `tokens` are then indices.
  package var gate: EditGate?

  public init(layer: Int, _ operation: Operation, tokens: TokenChoice = .all, site: Site = .blockOutput) {
    self.layer = layer
    self.operation = operation
    self.tokens = tokens
    self.site = site
  }

  /// `stream` [n, hidden], already narrowed to the edited tokens, after the edit, and by how much each token really
  /// moved along the measured direction (float32 [n]): measured after the one rounding to the stream's dtype.
  func applied(to stream: Tensor) throws(TelltaleError) -> (stream: Tensor, shifts: Tensor) {
    let wide = try stream.converted(to: .float32)  // [n, hidden]
    let moved = try moved(wide).converted(to: stream.dtype)  // [n, hidden]
    let shifts = try (moved.converted(to: .float32) - wide).matmul(direction(like: wide))  // [n]
    return (moved, shifts)
  }

  private func moved(_ wide: Tensor) throws(TelltaleError) -> Tensor {
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

  /// The unit vector [hidden] that shifts are measured along; zero for an added vector of zeros.
  private func direction(like stream: Tensor) throws(TelltaleError) -> Tensor {
    if let measured { return try Self.like(stream, measured) }
    switch operation {
    case .ablate(let unit), .setProjection(let unit, _): return try Self.like(stream, unit)
    case .add(let vector):
      // In float64: the squares of a small vector's elements would vanish in float32.
      let wide = try vector.converted(to: .float64)
      let unit = try wide / wide.norm().clamped(atLeast: .leastNormalMagnitude)
      return try Self.like(stream, unit)
    }
  }

  fileprivate static func like(_ stream: Tensor, _ vector: Tensor) throws(TelltaleError) -> Tensor {
    try vector.converted(to: .float32, device: stream.device)
  }
}

/// When a conditional edit applies: read once a sequence, at the prompt's last token, and kept to from then on.
public struct EditCondition: Sendable {
  public enum Side: String, Sendable { case above, below }

  /// The block whose output is read, before the edits of that place.
  public var layer: Int
  /// Unit vector [hidden].
  public var direction: Tensor
  public var side: Side
  /// In units of the residual stream; a projection equal to it does not pass.
  public var threshold: Double

  public init(layer: Int, direction: Tensor, _ side: Side, _ threshold: Double) {
    self.layer = layer
    self.direction = direction
    self.side = side
    self.threshold = threshold
  }

  /// The dot product of the direction with each row of `stream` [n, hidden].
  func projections(_ stream: Tensor) throws(TelltaleError) -> [Double] {
    try stream.converted(to: .float32).matmul(Edit.like(stream, direction)).doubles()
  }

  func passes(_ projection: Double) -> Bool { side == .above ? projection > threshold : projection < threshold }
}

/// How a condition meets a pack of prompts.
package struct EditGate: Sendable {
  package var condition: EditCondition
  /// The index in the pack of each sequence's last prompt token, whose projection decides.
  package var deciders: [Int]
  /// For each token of the edit, the sequence it belongs to.
  package var owners: [Int]
}
