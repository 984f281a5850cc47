import Tokenizers

/// What single tokens add to a text, for lists of log-probabilities.
struct TokenTexts: Sendable {
  private let tokenizer: Tokenizer
  /// A token that others are decoded after, since some decoders drop the space before a text's first word.
  private let anchor: [Int]
  private let anchorBytes: [UInt8]

  init(_ tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    anchor = tokenizer.encode("a", addSpecialTokens: false).ids.suffix(1)
    anchorBytes = Array(tokenizer.decode(anchor, skipSpecialTokens: false).utf8)
  }

  /// With U+FFFD where the token is a part of a character.
  func text(_ token: Int) -> String {
    let together = Array(tokenizer.decode(anchor + [token], skipSpecialTokens: false).utf8)
    guard together.starts(with: anchorBytes) else { return tokenizer.decode([token], skipSpecialTokens: false) }
    return String(decoding: together.dropFirst(anchorBytes.count), as: UTF8.self)
  }

  /// The UTF-8 of a token; nil where it is a part of a character.
  func bytes(_ text: String) -> [Int]? { text.contains("\u{FFFD}") ? nil : text.utf8.map(Int.init) }
}
