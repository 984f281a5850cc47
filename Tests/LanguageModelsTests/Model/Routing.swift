import Torch

@testable import LanguageModels

extension LanguageModel {
  /// The same model with the experts that each token of a pack goes through in `exact`.
  ///
  /// Where two experts are nearly as good, the rounding of a narrow type turns the choice, in any implementation, which moves
  /// the logits of that token by units and those of later ones after it. With the choices held, what is left is arithmetic.
  func holdingExperts(of exact: LanguageModel, _ batch: PackedBatch) throws -> LanguageModel {
    guard let perToken = configuration.experts?.perToken else { return self }
    var model = self
    let plan = try PackedAttention(batch, for: exact)
    let tables = try exact.rotaryTables(positions: batch.positions, lengths: batch.sequenceLengths)
    var x = try exact.embedding(batch.tokens, positions: batch.positions)  // [tokens, hidden]
    for layer in exact.layers {
      let middle = try layer.attention(x, tables, .packed(plan, cache: nil, slots: 0..<0))
      if let router = layer.network.experts?.router {
        let chosen = try router(layer.networkInput(middle)).top(perToken, -1).indices
        model.layers[layer.index].network.experts?.held = chosen
      }
      x = try layer.feedForward(middle)
    }
    return model
  }
}
