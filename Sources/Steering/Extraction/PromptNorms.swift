import Foundations
import LanguageModels
import Torch

extension PromptEncoder {
  /// The mean Euclidean norm of the unsteered residual stream at the last token of the items' prompts, by layer: a length
  /// that steering of different vectors can be measured in alike.
  package func promptNorms(
    _ loaded: LoadedModel, _ items: [Item], layers: [Int], tokenBudget: Int = 4096
  ) throws -> [Int: Double] {
    guard !items.isEmpty else { throw TelltaleError(.badInput, "there are no prompts to measure; give at least one") }
    let reader = try ActivationReader(loaded.model, layers: layers)
    let prompts = try items.map { encode(try prompt($0)).ids }
    var sums = [Double](repeating: 0, count: layers.count)
    for chunk in prompts.piecesByLength(within: tokenBudget) {
      let own = chunk.map { prompts[$0] }
      let streams = try reader.read(PackedBatch(own), own.map { $0.count - 1..<$0.count })  // [prompts, layers, hidden]
      for (layer, sum) in try streams.norm(-1).sum(0).doubles().enumerated() { sums[layer] += sum }
    }
    return Dictionary(uniqueKeysWithValues: zip(layers, sums.map { $0 / Double(items.count) }))
  }
}
