import Foundations
import Tokenizers

/// How items are put to a model: the style, and what the style needs.
public struct PromptFormat: Sendable, Equatable, Codable {
  public var style: PromptStyle
  /// Chat style: a template instead of the model's own.
  public var template: String?
  /// Chat style: what the template reads in addition to the messages.
  public var settings: ChatSettings?
  /// Few-shot style: solved examples in front of every prompt.
  public var examples: Int

  public static let defaultExamples = 4

  public init(
    style: PromptStyle = .plain, template: String? = nil, settings: ChatSettings? = nil,
    examples: Int = Self.defaultExamples
  ) {
    (self.style, self.template, self.settings, self.examples) = (style, template, settings, examples)
  }

  /// - Parameters:
  ///   - pool: where solved examples come from.
  ///   - asked: items whose groups are kept out of the examples.
  public func encoder(
    _ tokenizer: Tokenizer, pool: @autoclosure () throws -> [Item] = [],
    asked: @autoclosure () throws -> [Item] = [], seed: UInt64 = 0
  ) throws -> PromptEncoder {
    switch style {
    case .plain: return .plain(tokenizer)
    case .chat: return try .chat(tokenizer, template: template, settings: settings ?? ChatSettings())
    case .fewShot:
      let header = try FewShotHeader(
        count: examples, from: pool(), excluding: Set(asked().map(\.group)), seed: seed)
      return .fewShot(tokenizer, header)
    }
  }
}
