import Foundation
import Foundations
import Tokenizers

/// How an item is put to a model.
public enum PromptStyle: String, Sendable, CaseIterable, Codable {
  /// The text as stored, and the answer right after it.
  case plain
  /// The text as the user's message, the answer as the beginning of the assistant's.
  case chat
  /// The text as stored after a header of solved examples, the same for all items.
  case fewShot = "few-shot"
}

/// Two texts that differ in the answer only: one shows the behaviour, the other does not.
public struct ContrastPair: Sendable, Hashable {
  public let item: Item
  /// What both texts begin with.
  public let prefix: String
  /// The answer that shows the behaviour.
  public let positive: String
  /// An answer that does not.
  public let negative: String

  public var positiveText: String { prefix + positive }
  public var negativeText: String { prefix + negative }

  /// Where the answer letter stands in `positiveText`, in Unicode scalars from 0; for answers without a letter, their
  /// first letter or digit.
  public var positiveAnswerOffset: Int { answerOffset(in: positive) }
  /// The same in `negativeText`.
  public var negativeAnswerOffset: Int { answerOffset(in: negative) }

  private func answerOffset(in answer: String) -> Int {
    let scalars = answer.unicodeScalars
    let letter = scalars.firstIndex { $0.properties.isAlphabetic || $0.properties.numericType != nil }
    let place = letter ?? scalars.firstIndex { !$0.properties.isWhitespace } ?? scalars.startIndex
    return prefix.unicodeScalars.count + scalars.distance(from: scalars.startIndex, to: place)
  }
}

/// Turns items into prompts and contrast pairs of one style.
public struct PromptBuilder: Sendable {
  /// Renders messages with a model's chat template; the flag asks for the header of the assistant's turn at the end.
  public typealias ChatRenderer = @Sendable (_ messages: [ChatMessage], _ addGenerationPrompt: Bool) throws -> String

  private enum Rendering: Sendable {
    case plain
    case chat(ChatRenderer)
    case fewShot(FewShotHeader)
  }

  public let style: PromptStyle
  private let rendering: Rendering

  public static var plain: PromptBuilder { PromptBuilder(style: .plain, rendering: .plain) }

  public static func chat(_ render: @escaping ChatRenderer) -> PromptBuilder {
    PromptBuilder(style: .chat, rendering: .chat(render))
  }

  public static func fewShot(_ header: FewShotHeader) -> PromptBuilder {
    PromptBuilder(style: .fewShot, rendering: .fewShot(header))
  }

  /// What the model reads before it answers; rethrows what the chat template throws.
  ///
  /// In the few-shot style, throws `badInput` when the header solves a question of the item's own group.
  public func prompt(for item: Item) throws -> String {
    switch rendering {
    case .plain: try item.alone.plainPrompt
    case .chat(let render): try render(item.messages, true)
    case .fewShot(let header): try header.prompt(for: item)
    }
  }

  /// The pair of the matching answer and the non-matching one at position `other` (0 unless the row has several).
  ///
  /// Answers are placed as `answered` does. Throws `badInput` when the item has no such answers, and as `prompt(for:)`
  /// does.
  public func pair(for item: Item, other: Int = 0) throws -> ContrastPair {
    guard let positive = item.matchingAnswer, item.otherAnswers.indices.contains(other) else {
      let message = "the row has no pair of answers to contrast; use a data set with matching and other answers"
      throw TelltaleError(.badInput, message, at: .init(file: item.source, item: "row \(item.row)"))
    }
    let matching = try answered(item, with: positive)
    let opposite = try answered(item, with: item.otherAnswers[other])
    return ContrastPair(
      item: item, prefix: matching.prefix, positive: matching.answer, negative: opposite.answer)
  }

  /// A given answer in its place: what stands before it, and the answer.
  ///
  /// In the plain and few-shot styles the answer follows the prompt exactly as stored: `" (A)"` keeps its space and
  /// `"(A)"` gets none. In the chat style it is written as the template writes an assistant's message, without the white
  /// space around it: Llama-2 puts a space before it, Zephyr a line break.
  public func answered(_ item: Item, with answer: String) throws -> (prefix: String, answer: String) {
    guard case .chat(let render) = rendering else { return (try prompt(for: item), answer) }
    let content = answer.trimmingCharacters(in: .whitespacesAndNewlines)
    let whole = try render(item.messages + [.assistant(content)], false)
    // The answer stands after what the prompt and the conversation have in common; the question may name it too.
    let start = whole.commonPrefix(with: try prompt(for: item), options: .literal).endIndex
    guard !content.isEmpty, let place = whole.range(of: content, options: .literal, range: start..<whole.endIndex)
    else {
      throw TelltaleError(
        .badInput, "the chat template does not show the answer as it is; use another template or style",
        at: .init(file: item.source, item: "row \(item.row)"))
    }
    return (String(whole[..<place.lowerBound]), content)
  }
}

extension Item {
  /// All that is said before the answer.
  var messages: [ChatMessage] { (earlier ?? []) + [.user(text)] }

  /// The item itself, which has a single turn; others are refused.
  var alone: Item {
    get throws(TelltaleError) {
      guard earlier == nil else {
        throw TelltaleError(
          .badInput, "is a chat of several turns; put it in the style chat",
          at: InputLocation(file: source, item: "row \(row)"))
      }
      return self
    }
  }

  /// The text as stored; free-text answers begin on a new line.
  var plainPrompt: String {
    choices.isEmpty && matchingAnswer != nil ? text + "\n" : text
  }
}
