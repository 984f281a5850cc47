import Foundations
import Torch

/// The residual stream before the first block: what tokens, and in some families positions, are embedded as.
struct TokenEmbedding: Sendable {
  let tokens: WeightMatrix  // [vocabulary, hidden]
  private let dtype: DType
  private let device: Device
  private let positions: Tensor?  // [positions, hidden]
  private let multiplier: Double?

  init(
    _ configuration: ModelConfiguration, _ table: WeightTable, dtype: DType, device: Device
  ) throws(TelltaleError) {
    (self.dtype, self.device) = (dtype, device)
    tokens = try table.matrix(.embedding)
    positions = try configuration.learnedPositions == nil ? nil : table(.positions)
    guard let factor = configuration.embeddingMultiplier, configuration.roundsEmbeddingMultiplier else {
      multiplier = configuration.embeddingMultiplier
      return
    }
    multiplier = try Tensor([factor]).converted(to: dtype).scalar()
  }

  /// [tokens, hidden]
  func callAsFunction(_ ids: [Int], positions places: [Int]) throws -> Tensor {
    let own = try tokens.rows(ids, dtype, device)  // [tokens, hidden]
    let scaled = try multiplier.map { factor throws(TelltaleError) in try own * factor } ?? own
    guard let positions else { return scaled }
    if let beyond = places.first(where: { $0 >= positions.size(0) }) {
      throw TelltaleError(
        .badInput,
        "a sequence has a token at position \(beyond) and the model knows positions 0 to \(positions.size(0) - 1); "
          + "give shorter texts")
    }
    return try scaled + positions.embedding(Tensor(places).moved(to: positions.device))
  }
}

extension ModelConfiguration {
  /// The rotations of the layers, each once.
  var rotations: [RotaryEmbedding.Configuration] {
    layers.compactMap(\.rope).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The output head's products [tokens, vocabulary] as logits: divided, then capped.
  func logits(_ products: Tensor) throws(TelltaleError) -> Tensor {
    let divided = try logitDivisor.map { divisor throws(TelltaleError) in try products / divisor } ?? products
    guard let logitCap else { return divided }
    return try (divided / logitCap).hyperbolicTangent() * logitCap
  }
}
