import Foundations
import LanguageModels
import Torch

/// Contrasting instructions (as in persona vectors, Chen et al. 2025): the same prompts under an instruction to show the
/// behaviour and under one not to.
public struct InstructionPairs: Sendable {
  public var positive: [String]
  public var negative: [String]

  public init(positive: [String], negative: [String]) throws(TelltaleError) {
    guard !positive.isEmpty, !negative.isEmpty else {
      throw TelltaleError(.badInput, "contrasting instructions need at least one positive and one negative instruction")
    }
    guard positive != negative else {
      throw TelltaleError(
        .badInput, "the positive and the negative instructions are the same; contrast an instruction with its opposite")
    }
    self.positive = positive
    self.negative = negative
  }

  /// The tokens of an item's prompt under both instructions; with several, items take them in turn.
  func prompts(_ item: Item, number index: Int, _ encoder: PromptEncoder) throws -> (positive: [Int], negative: [Int]) {
    (
      try encoder.encode(encoder.prompt(item, under: positive[index % positive.count])).ids,
      try encoder.encode(encoder.prompt(item, under: negative[index % negative.count])).ids
    )
  }

  /// One pair an item, read at the prompt's last token.
  public func readable(_ items: [Item], _ encoder: PromptEncoder) throws -> [ReadablePair] {
    try items.enumerated().map { index, item in
      let (a, b) = try prompts(item, number: index, encoder)
      return ReadablePair(
        positive: ReadableText(ids: a, read: a.count - 1..<a.count),
        negative: ReadableText(ids: b, read: b.count - 1..<b.count), group: item.group.id)
    }
  }
}

extension PromptEncoder {
  /// The prompt of an item under an instruction: a system message where the chat template takes one, else words before
  /// the item's text.
  func prompt(_ item: Item, under instruction: String) throws -> String {
    guard let template, template.takesSystemMessage else { return try prompt(item.prefixed(by: instruction)) }
    return try template.render(messages: [.system(instruction), .user(item.text)], addGenerationPrompt: true)
  }
}
