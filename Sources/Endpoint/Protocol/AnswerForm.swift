import Foundation
import Foundations
import LanguageModels

/// How the answers of a request are written: OpenAI's objects, whole and in chunks.
struct AnswerForm: Sendable {
  enum Kind: Sendable { case chat, text }

  let kind: Kind
  let id: String
  let created: Int
  let model: String
  let fingerprint: String
  let texts: TokenTexts
  /// Whether log-probabilities are told.
  let tellsLogprobs: Bool

  init(_ kind: Kind, _ model: ServedModel, tellsLogprobs: Bool) {
    self.kind = kind
    id = (kind == .chat ? "chatcmpl-" : "cmpl-") + UUID().uuidString.lowercased()
    created = Int(Date().timeIntervalSince1970)
    self.model = model.name
    fingerprint = "telltale-" + model.loaded.fingerprint.prefix(16)
    texts = TokenTexts(model.loaded.tokenizer)
    self.tellsLogprobs = tellsLogprobs
  }

  // MARK: Objects

  struct Usage: Encodable, Equatable {
    var promptTokens: Int
    var completionTokens: Int
    var totalTokens: Int { promptTokens + completionTokens }

    private enum CodingKeys: CodingKey { case promptTokens, completionTokens, totalTokens }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(promptTokens, forKey: .promptTokens)
      try container.encode(completionTokens, forKey: .completionTokens)
      try container.encode(totalTokens, forKey: .totalTokens)
    }
  }

  /// A whole answer, or a chunk of one.
  struct Object: Encodable {
    var id: String
    var object: String
    var created: Int
    var model: String
    var systemFingerprint: String
    var choices: [Choice]
    /// Absent in the chunks of a stream that does not end with usage.
    var usage: NullIfAbsent<Usage>?
    var telltale: Proof?
  }

  /// What a request's edits did.
  struct Proof: Encodable { var edits: [EditProof] }

  struct Choice: Encodable {
    var index: Int
    var message: Message?
    var delta: Delta?
    var text: String?
    @NullIfAbsent var logprobs: Logprobs?
    @NullIfAbsent var finishReason: String?
    var telltale: Readings?
  }

  struct Message: Encodable {
    let role = "assistant"
    var content: String
    @NullIfAbsent var refusal: String?

    private enum CodingKeys: CodingKey { case role, content, refusal }
  }

  struct Delta: Encodable {
    var role: String?
    var content: String?
  }

  /// What vectors and the monitor say of an answer.
  struct Readings: Encodable {
    struct Tokens: Encodable {
      var prompt: [String]
      var answer: [String]
    }
    /// The tokens that scores are of.
    var tokens: Tokens?
    var scores: [ScoredTokens]?
    var monitor: MonitorReading?
  }

  enum Logprobs: Encodable {
    case chat(ChatLogprobs)
    case text(TextLogprobs)

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .chat(let own): try own.encode(to: encoder)
      case .text(let own): try own.encode(to: encoder)
      }
    }
  }

  struct ChatLogprobs: Encodable {
    struct Alternative: Encodable {
      var token: String
      var logprob: Double
      @NullIfAbsent var bytes: [Int]?
    }
    struct Token: Encodable {
      var token: String
      var logprob: Double
      @NullIfAbsent var bytes: [Int]?
      var topLogprobs: [Alternative]
    }
    var content: [Token]
    @NullIfAbsent var refusal: [Token]?
  }

  struct TextLogprobs: Encodable {
    var tokens: [String] = []
    var tokenLogprobs: [Double?] = []
    var topLogprobs: [[String: Double]?] = []
    var textOffset: [Int] = []
  }

  // MARK: Making them

  func object(
    _ choices: [Choice], usage: NullIfAbsent<Usage>? = nil, proofs: [EditProof] = [], isChunk: Bool = false
  ) -> Object {
    let name = kind == .text ? "text_completion" : isChunk ? "chat.completion.chunk" : "chat.completion"
    return Object(
      id: id, object: name, created: created, model: model, systemFingerprint: fingerprint, choices: choices,
      usage: usage, telltale: proofs.isEmpty ? nil : Proof(edits: proofs))
  }

  /// A whole answer.
  func choice(_ index: Int, _ piece: AnswerPiece, _ end: FinishedAnswer) -> Choice {
    Choice(
      index: index, message: kind == .chat ? Message(content: piece.text) : nil,
      text: kind == .text ? piece.text : nil, logprobs: logprobs(piece.tokens), finishReason: end.reason.rawValue,
      telltale: readings(end))
  }

  /// The first chunk of a chat's answer.
  func opening(_ index: Int) -> Choice { Choice(index: index, delta: Delta(role: "assistant", content: "")) }

  func chunk(_ index: Int, _ piece: AnswerPiece) -> Choice {
    Choice(
      index: index, delta: kind == .chat ? Delta(content: piece.text) : nil, text: kind == .text ? piece.text : nil,
      logprobs: logprobs(piece.tokens))
  }

  /// The last chunk of an answer.
  func ending(_ index: Int, _ end: FinishedAnswer) -> Choice {
    Choice(
      index: index, delta: kind == .chat ? Delta() : nil, text: kind == .text ? "" : nil,
      finishReason: end.reason.rawValue, telltale: readings(end))
  }

  private func readings(_ end: FinishedAnswer) -> Readings? {
    guard !end.scores.isEmpty || end.monitor != nil else { return nil }
    let tokens = Readings.Tokens(
      prompt: end.scoredPrompt.map(texts.text), answer: end.scoredAnswer.map(texts.text))
    return Readings(
      tokens: end.scores.isEmpty ? nil : tokens, scores: end.scores.isEmpty ? nil : end.scores, monitor: end.monitor)
  }

  // MARK: Log-probabilities

  /// OpenAI's number for what is next to impossible; JSON has no infinity.
  private static let least = -9999.0

  private static func shown(_ value: Double) -> Double { value.isFinite ? max(value, least) : least }

  private func logprobs(_ tokens: [PlacedToken]) -> Logprobs? {
    guard tellsLogprobs else { return nil }
    return kind == .chat ? .chat(chatLogprobs(tokens)) : .text(textLogprobs(tokens))
  }

  private func chatLogprobs(_ tokens: [PlacedToken]) -> ChatLogprobs {
    ChatLogprobs(
      content: tokens.map { placed in
        let text = texts.text(placed.token.token)
        let top = placed.token.alternatives.map { alternative in
          let text = texts.text(alternative.token)
          return ChatLogprobs.Alternative(
            token: text, logprob: Self.shown(alternative.logProbability), bytes: texts.bytes(text))
        }
        return ChatLogprobs.Token(
          token: text, logprob: Self.shown(placed.token.logProbability ?? Self.least), bytes: texts.bytes(text),
          topLogprobs: top)
      })
  }

  /// As in OpenAI's API, the token itself is among its alternatives even where it is not one of the most probable.
  private func textLogprobs(_ tokens: [PlacedToken]) -> TextLogprobs {
    var listed = TextLogprobs()
    for placed in tokens {
      let text = texts.text(placed.token.token)
      listed.tokens.append(text)
      listed.textOffset.append(placed.offset)
      let own = placed.token.logProbability.map(Self.shown)
      listed.tokenLogprobs.append(own)
      listed.topLogprobs.append(own.map { top(placed.token, text, $0) })
    }
    return listed
  }

  private func top(_ token: DecodedToken, _ text: String, _ own: Double) -> [String: Double] {
    var listed = [text: own]
    for alternative in token.alternatives {
      // Two tokens may have one text; the more probable one stands for it.
      listed[texts.text(alternative.token), default: -.infinity].formMaximum(Self.shown(alternative.logProbability))
    }
    return listed
  }
}

extension Double {
  fileprivate mutating func formMaximum(_ other: Double) { self = Swift.max(self, other) }
}
