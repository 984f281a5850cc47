import Foundations
import Tokenizers

/// A text as tokens, with the message of a chat that each token belongs to.
public struct TracedText: Sendable, Equatable {
  public struct Token: Sendable, Equatable, Encodable {
    public var id: Int
    /// What the token adds to the text; the token's name where it adds nothing (BOS). A character made of several tokens
    /// belongs to the first.
    public var text: String
    /// The number of the message whose words these are, from 0; nil for what the template or the tokenizer adds.
    public var turn: Int?
    /// Whether the token has words of a message, or of the text where there are no messages.
    public var isContent: Bool

    enum CodingKeys: String, CodingKey {
      case id, text, turn
      case isContent = "is_content"
    }
  }

  /// A message and its tokens.
  public struct Turn: Sendable, Equatable {
    public var role: String
    /// Empty where the template leaves the message out or changes its text.
    public var tokens: [Int]
  }

  public let tokens: [Token]
  /// Empty for a text that is not a chat.
  public let turns: [Turn]

  /// Tokens that means and scales are computed from: those with words, without the text's first token, an attention sink
  /// whose residual stream is many times as large as any other (Xiao et al. 2023, https://arxiv.org/abs/2309.17453).
  public var counted: [Int] { tokens.indices.filter { $0 > 0 && tokens[$0].isContent } }

  /// A text without messages, with the tokenizer's special tokens.
  public init(_ text: String, _ tokenizer: Tokenizer) throws(TelltaleError) {
    let encoding = tokenizer.encode(text, addSpecialTokens: true)
    self.init(text, encoding, tokenizer, roles: [], places: [(encoding.offsets.map { !$0.isEmpty }, nil)])
    try requireTokens()
  }

  /// A chat as the template writes it.
  package init(
    _ request: ChatRequest, ending: ChatEnding, template: ChatTemplate, _ tokenizer: Tokenizer
  ) throws(TelltaleError) {
    let chat = try template.turns(request, ending: ending)
    let encoding = tokenizer.encodeRendered(chat.text, template: template)
    let places = chat.turns.indices.map { turn -> ([Bool], Int?) in
      guard let range = try? chat.content(of: turn) else { return (encoding.offsets.map { _ in false }, turn) }
      return (encoding.offsets.map { !$0.isEmpty && $0.overlaps(range) }, turn)
    }
    self.init(chat.text, encoding, tokenizer, roles: chat.turns.map(\.role), places: places)
    try requireTokens()
  }

  /// - Parameter places: by turn (nil for a text alone), for every token whether it carries words of it.
  private init(
    _ text: String, _ encoding: Encoding, _ tokenizer: Tokenizer, roles: [String], places: [([Bool], Int?)]
  ) {
    let scalars = Array(text.unicodeScalars)
    var shown = 0
    var tokens: [Token] = []
    for (index, (id, range)) in zip(encoding.ids, encoding.offsets).enumerated() {
      let start = max(shown, range.lowerBound)
      var own = String.UnicodeScalarView()
      if start < range.upperBound { own.append(contentsOf: scalars[start..<range.upperBound]) }
      shown = max(shown, range.upperBound)
      let place = places.first { $0.0[index] }
      tokens.append(
        Token(
          id: id, text: range.isEmpty ? tokenizer.token(id) ?? "" : String(own), turn: place?.1,
          isContent: place != nil))
    }
    self.tokens = tokens
    turns = roles.enumerated().map { turn, role in
      Turn(role: role, tokens: tokens.indices.filter { tokens[$0].turn == turn })
    }
  }

  private func requireTokens() throws(TelltaleError) {
    guard !tokens.isEmpty else { throw TelltaleError(.badInput, "the text has no tokens; give at least one word") }
  }
}
