import LanguageModels

/// Contrasting instructions (as in persona vectors, Chen et al. 2025): the same prompt under an instruction to show the
/// behaviour and under one not to, read at the prompt's last token.
public struct InstructionPairs: Sendable {
  public var positive: [String]
  public var negative: [String]

  public init(positive: [String], negative: [String]) throws(SteeringError) {
    guard !positive.isEmpty, !negative.isEmpty else {
      throw SteeringError(.badInput, "contrasting instructions need at least one positive and one negative instruction")
    }
    self.positive = positive
    self.negative = negative
  }

  /// One pair an item: the instruction stands before the item's text; with several, items take them in turn.
  public func readable(_ items: [Item], _ encoder: PromptEncoder) throws -> [ReadablePair] {
    try items.enumerated().map { index, item in
      ReadablePair(
        positive: try prompt(item, positive[index % positive.count], encoder),
        negative: try prompt(item, negative[index % negative.count], encoder), group: item.group.id)
    }
  }

  private func prompt(_ item: Item, _ instruction: String, _ encoder: PromptEncoder) throws -> ReadableText {
    let ids = encoder.encode(try encoder.prompt(item.prefixed(by: instruction))).ids
    return ReadableText(ids: ids, read: ids.count - 1..<ids.count)
  }
}
