import Foundations
import LanguageModels
import Torch

/// A text that is read, and the group it belongs to.
public struct GroupedText: Sendable {
  public var text: ReadableText
  /// The distinct question: halves for the reliability are drawn over these.
  public var group: String

  public init(_ text: ReadableText, group: String) { (self.text, self.group) = (text, group) }
}

/// What one model's activations have that another's have not: the difference of two checkpoints, or of a model with an
/// adapter and without, on the same tokens.
extension VectorExtraction {
  /// Vectors of `loaded` minus `other` on items: at `prompt` read at the prompt's last token, elsewhere in the matching
  /// answer after it.
  ///
  /// Throws `badInput` where tokenizers, widths or layers differ, or both models do the same on every text.
  public func run(
    _ loaded: LoadedModel, minus other: LoadedModel, _ encoder: PromptEncoder, _ items: [Item],
    onProgress: (Int) -> Void = { _ in }
  ) throws -> SteeringVectors {
    let texts = try items.map { GroupedText(try readable($0, encoder), group: $0.group.id) }
    var vectors = try run(loaded, minus: other, texts, onProgress: onProgress)
    vectors.provenance.state(items, encoder)
    return vectors
  }

  private func readable(_ item: Item, _ encoder: PromptEncoder) throws -> ReadableText {
    if read == .prompt {
      let ids = encoder.encode(try encoder.prompt(item)).ids
      return ReadableText(ids: ids, read: ids.count - 1..<ids.count)
    }
    return try Self.readable(encoder.builder.pair(for: item), encoder, at: read).positive
  }

  /// Vectors of `loaded` minus `other` on texts, already tokens.
  public func run(
    _ loaded: LoadedModel, minus other: LoadedModel, _ texts: [GroupedText], onProgress: (Int) -> Void = { _ in }
  ) throws -> SteeringVectors {
    try Self.checkComparable(loaded, other)
    guard !texts.isEmpty else { throw TelltaleError(.badInput, "there are no texts to read; give at least one") }
    let readers = try [loaded, other].map { try ActivationReader($0.model, layers: layers) }
    var estimation = try PairEstimation(
      groups: texts.map(\.group), layers: layers, hidden: readers[0].hidden, estimator: estimator, seed: seed,
      splits: 20, keepsDifferences: onDifferences != nil)
    let order = texts.indices.sorted { (texts[$0].text.ids.count, $0) < (texts[$1].text.ids.count, $1) }
    for chunk in ContrastExtraction.chunks(order, budget: tokenBudget, cost: { texts[$0].text.ids.count }) {
      let batch = PackedBatch(chunk.map { texts[$0].text.ids })
      let sides = try readers.map { try $0.read(batch, chunk.map { texts[$0].text.read }) }  // [texts, layers, hidden]
      let streams = try Tensor.stacked(sides, 1).reshaped([2 * chunk.count, layers.count, readers[0].hidden])
      try estimation.add(streams, of: chunk)
      estimation.tokensComputed += 2 * batch.tokens.count
      onProgress(estimation.pairs)
    }
    let result = try estimation.result(
      ifZero: "\(loaded.name) and \(other.name) have the same activations on every text, so the vector would be zero; "
        + "name two models that differ")
    var vectors = try vectors(result, loaded, texts.map(\.group))
    vectors.provenance.method = "model-difference"
    vectors.provenance.against = other.name
    return vectors
  }

  private static func checkComparable(_ loaded: LoadedModel, _ other: LoadedModel) throws(TelltaleError) {
    guard loaded.tokenizer.contentHash == other.tokenizer.contentHash else {
      throw TelltaleError(
        .badInput,
        "\(loaded.name) and \(other.name) have different tokenizers, so that their activations are of different tokens; "
          + "compare two checkpoints of one model")
    }
    let (a, b) = (loaded.model.configuration, other.model.configuration)
    guard a.hiddenSize == b.hiddenSize, a.layerCount == b.layerCount else {
      throw TelltaleError(
        .badInput,
        "\(loaded.name) has \(a.layerCount) layers of width \(a.hiddenSize) and \(other.name) \(b.layerCount) of "
          + "\(b.hiddenSize); compare two checkpoints of one model")
    }
  }
}

extension VectorProvenance {
  /// The data and the prompts that vectors were made from.
  mutating func state(_ items: [Item], _ encoder: PromptEncoder) {
    promptStyle = encoder.builder.style.rawValue
    template = encoder.template?.identity
    letterBalance = VectorExtraction.letterBalance(items)
    data = Set(items.map(\.source)).sorted().joined(separator: " ")
  }
}
