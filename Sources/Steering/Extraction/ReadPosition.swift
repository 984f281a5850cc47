import Foundations
import LanguageModels
import Tokenizers
import Torch

/// Where the residual stream is read: a named rule, resolved for every sequence by itself from character offsets.
public enum ReadPosition: Sendable, Hashable {
  /// The last token of the rendered prompt, generation header included.
  case prompt
  /// The token that carries the answer letter.
  case answer
  /// The last token of the continuation (of a given answer: its last token).
  case continuation
  /// The mean over the continuation's tokens.
  case continuationMean
  /// The mean over the tokens of a given answer.
  case answerMean
  /// The token that carries the last character of a message of a chat: `turn:1` is the first thing said, whoever says it; a
  /// system message is no turn. In recordings only.
  case turn(Int)
}

extension ReadPosition: RawRepresentable, CaseIterable, Codable {
  /// Those that every sequence has or may have; turns are named by their number.
  public static let allCases: [ReadPosition] = [.prompt, .answer, .continuation, .continuationMean, .answerMean]
  /// The last turn that can be named.
  static let mostTurns = 1_000

  public init?(rawValue: String) {
    if let known = Self.allCases.first(where: { $0.rawValue == rawValue }) {
      self = known
      return
    }
    let parts = rawValue.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "turn", let turn = Int(parts[1]), (1...Self.mostTurns).contains(turn),
      parts[1] == "\(turn)"
    else { return nil }
    self = .turn(turn)
  }

  public var rawValue: String {
    switch self {
    case .prompt: "prompt"
    case .answer: "answer"
    case .continuation: "continuation"
    case .continuationMean: "continuation-mean"
    case .answerMean: "answer-mean"
    case .turn(let turn): "turn:\(turn)"
    }
  }

  /// The number of the turn that is read; nil at the other positions.
  public var turn: Int? { if case .turn(let turn) = self { turn } else { nil } }
}

/// A text as tokens, and where it is read: one token, or several whose mean is taken.
public struct ReadableText: Sendable, Equatable {
  public var ids: [Int]
  /// Indices into `ids`.
  public var read: Range<Int>

  package init(ids: [Int], read: Range<Int>) {
    self.ids = ids
    self.read = read
  }

  /// Read at the last of the tokens.
  package init(lastOf ids: [Int]) { self.init(ids: ids, read: ids.count - 1..<ids.count) }
}

/// Two readable texts whose activations are compared, and the group they belong to.
public struct ReadablePair: Sendable {
  public var positive: ReadableText
  public var negative: ReadableText
  /// The distinct question: halves for the reliability are drawn over these.
  public var group: String

  public init(positive: ReadableText, negative: ReadableText, group: String) {
    self.positive = positive
    self.negative = negative
    self.group = group
  }

  /// The length that packing sorts by.
  var length: Int { max(positive.ids.count, negative.ids.count) }

  /// Tokens that a pack computes for the pair.
  var cost: Int {
    positive.ids.count + negative.ids.count - PackedBatch.commonPrefix([positive.ids, negative.ids])
  }
}

/// Turns prompts and answers of one style into tokens and read positions.
public struct PromptEncoder: Sendable {
  public let tokenizer: Tokenizer
  public let builder: PromptBuilder
  /// The chat template of the chat style.
  public let template: ChatTemplate?

  public static func plain(_ tokenizer: Tokenizer) -> PromptEncoder {
    PromptEncoder(tokenizer: tokenizer, builder: .plain, template: nil)
  }

  public static func fewShot(_ tokenizer: Tokenizer, _ header: FewShotHeader) -> PromptEncoder {
    PromptEncoder(tokenizer: tokenizer, builder: .fewShot(header), template: nil)
  }

  /// - Parameters:
  ///   - name: the chat template to use instead of the checkpoint's own.
  ///   - settings: what the template reads in addition to the messages.
  public static func chat(
    _ tokenizer: Tokenizer, template name: String?, settings: ChatSettings = ChatSettings()
  ) throws -> PromptEncoder {
    let template = try tokenizer.chatTemplate(named: name, settings: settings)
    let builder = PromptBuilder.chat { try template.render(messages: $0, addGenerationPrompt: $1) }
    return PromptEncoder(tokenizer: tokenizer, builder: builder, template: template)
  }

  /// The tokens of a rendered text, with BOS exactly once where the model has one.
  public func encode(_ text: String) -> Encoding {
    template.map { tokenizer.encodeRendered(text, template: $0) } ?? tokenizer.encode(text, addSpecialTokens: true)
  }

  public func prompt(_ item: Item) throws -> String { try builder.prompt(for: item) }

  /// The tokens of `prefix + answer`, read by `position`; `letter` is where the answer letter stands, in Unicode scalars.
  func readable(
    prefix: String, answer: String, letter: Int, at position: ReadPosition
  ) throws(TelltaleError) -> ReadableText {
    let encoding = encode(prefix + answer)
    let start = prefix.unicodeScalars.count
    let read: Range<Int>
    switch position {
    case .prompt: read = try promptEnd(encoding, start)
    case .answer:
      guard let index = encoding.tokenIndex(carrying: letter) else {
        throw TelltaleError(
          .badInput, "no token carries the answer letter at character \(letter) of the text; the tokenizer drops it")
      }
      read = index..<index + 1
    case .continuation: read = encoding.ids.count - 1..<encoding.ids.count
    case .continuationMean, .answerMean:
      let first = encoding.offsets.firstIndex { $0.upperBound > start } ?? encoding.ids.count - 1
      read = first..<encoding.ids.count
    case .turn:
      throw TelltaleError(.badInput, "turns are read in recordings, not in given answers; read at answer")
    }
    return ReadableText(ids: encoding.ids, read: read)
  }

  /// A pair of answers to one prompt.
  func readable(_ pair: ContrastPair, at position: ReadPosition) throws -> ReadablePair {
    ReadablePair(
      positive: try readable(
        prefix: pair.prefix, answer: pair.positive, letter: pair.positiveAnswerOffset, at: position),
      negative: try readable(
        prefix: pair.prefix, answer: pair.negative, letter: pair.negativeAnswerOffset, at: position),
      group: pair.item.group.id)
  }

  /// The prompt of an item under an instruction: a system message where the chat template takes one, else words before
  /// the item's text.
  func prompt(_ item: Item, under instruction: String) throws -> String {
    guard let template, template.takesSystemMessage else { return try prompt(item.prefixed(by: instruction)) }
    return try template.render(messages: [.system(instruction), .user(item.text)], addGenerationPrompt: true)
  }

  /// Two whole texts; their answers begin, and their answer letters stand, where they first differ.
  public func readable(
    positive: String, negative: String, group: String, at position: ReadPosition
  ) throws -> ReadablePair {
    let (a, b) = (Array(positive.unicodeScalars), Array(negative.unicodeScalars))
    guard
      let difference = (0..<max(a.count, b.count)).first(where: { $0 >= a.count || $0 >= b.count || a[$0] != b[$0] })
    else {
      throw TelltaleError(.badInput, "the two texts of a pair are equal; a pair needs two that differ")
    }
    func half(_ scalars: [UnicodeScalar]) throws(TelltaleError) -> ReadableText {
      let start = min(difference, scalars.count - 1)
      return try readable(
        prefix: Self.text(scalars[..<start]), answer: Self.text(scalars[start...]), letter: start, at: position)
    }
    guard !a.isEmpty, !b.isEmpty else { throw TelltaleError(.badInput, "a text of a pair is empty; give both halves") }
    return ReadablePair(positive: try half(a), negative: try half(b), group: group)
  }

  private static func text(_ scalars: ArraySlice<UnicodeScalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// The last token that begins within the first `end` characters.
  private func promptEnd(_ encoding: Encoding, _ end: Int) throws(TelltaleError) -> Range<Int> {
    guard let last = encoding.offsets.lastIndex(where: { !$0.isEmpty && $0.lowerBound < end }) else {
      throw TelltaleError(.badInput, "the prompt has no tokens; give a text before the answer")
    }
    return last..<last + 1
  }
}
