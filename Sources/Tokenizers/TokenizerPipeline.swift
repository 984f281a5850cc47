import Foundations

/// The stages of a tokenizer, from text to ids and back.
///
/// Added tokens are cut out of the original text, the rest is normalised, added tokens are cut out of that, the rest
/// is split into words, and the model turns words into tokens; the post-processor adds special tokens around them.
struct TokenizerPipeline: Sendable {
  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer?
  let model: BytePairModel
  let postProcessor: PostProcessor?
  let decoder: TokenDecoder?
  private let addedByID: [Int: AddedToken]
  private let addedIDs: [UTF8Text: Int]
  private let originalMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  private let textPrefix: TextPrefix?
  private let ownSize: Int?
  /// Finds also the tokens that the model keeps out of plain text (a SentencePiece model's BOS and EOS).
  private let controlMatcher: AddedTokenMatcher?

  /// - Parameters:
  ///   - controlTokens: tokens that stand for themselves only in rendered chats.
  ///   - silentTokens: tokens that never stand for themselves in a text, and only have an id and a spelling.
  ///   - spellsAsIs: whether added tokens are looked for in normalised text as they are written, not normalised.
  ///   - ownSize: the largest id plus one of the tokenizer's own file; nil where no other adds tokens.
  ///   - textPrefix: what is put before a whole text, before added tokens are cut out.
  ///   - splitsSpecialTokens: whether special tokens that stand in a text are read as text.
  init(
    normalizer: Normalizer?, preTokenizer: PreTokenizer?, model: BytePairModel, addedTokens: [AddedToken],
    controlTokens: [AddedToken] = [], silentTokens: [AddedToken] = [], spellsAsIs: Bool = false,
    textPrefix: TextPrefix? = nil, splitsSpecialTokens: Bool = false, ownSize: Int? = nil,
    postProcessor: PostProcessor?, decoder: TokenDecoder?
  ) {
    self.textPrefix = textPrefix
    self.ownSize = ownSize
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.model = model
    self.postProcessor = postProcessor
    self.decoder = decoder
    let all = silentTokens + controlTokens + addedTokens
    addedByID = Dictionary(all.map { ($0.id, $0) }) { $1 }
    addedIDs = Dictionary(all.map { ($0.content, $0.id) }) { $1 }
    // Where two tokens have the same spelling the special one is found, as in the reference implementation.
    let tokens = addedTokens.filter(\.isSpecial) + addedTokens.filter { !$0.isSpecial }
    originalMatcher = AddedTokenMatcher(
      tokens.filter { !$0.isNormalized }, skipsSpecial: splitsSpecialTokens
    ) { $0.content.scalars }
    controlMatcher =
      controlTokens.isEmpty
      ? nil : AddedTokenMatcher(tokens.filter { !$0.isNormalized } + controlTokens) { $0.content.scalars }
    normalizedMatcher = AddedTokenMatcher(
      tokens.filter(\.isNormalized), skipsSpecial: splitsSpecialTokens
    ) { token in
      let content = AlignedText(original: token.content.string)
      return (spellsAsIs ? content : normalizer?.apply(to: content) ?? content).map(\.scalar)
    }
  }

  /// The largest id plus one.
  var vocabularySize: Int {
    max(model.vocabulary.size, (addedByID.keys.max() ?? -1) + 1)
  }

  /// The same without tokens that only configurations other than the tokenizer's file name.
  var ownVocabularySize: Int { ownSize ?? vocabularySize }

  func text(ofToken id: Int) -> UTF8Text? {
    addedByID[id]?.content ?? model.vocabulary.text(of: id)
  }

  func id(ofToken text: UTF8Text) -> Int? {
    addedIDs[text] ?? model.vocabulary.id(of: text).map(Int.init)
  }

  func isSpecial(_ id: Int) -> Bool {
    addedByID[id]?.isSpecial ?? false
  }

  // MARK: - Encoding

  func encode(_ text: String, addSpecialTokens: Bool, findsControlTokens: Bool = false) -> Encoding {
    var encoding = Encoding()
    let matcher = findsControlTokens ? controlMatcher ?? originalMatcher : originalMatcher
    let original = AlignedText(original: text)
    for piece in matcher.split(textPrefix?.apply(to: original) ?? original) {
      append(piece, to: &encoding) { text, encoding in
        for piece in normalizedMatcher.split(normalizer?.apply(to: text) ?? text) {
          append(piece, to: &encoding, appendWords)
        }
      }
    }
    if let textPrefix, let lone = lonePrefix(textPrefix, in: encoding) { encoding = lone }
    return postProcessor?.apply(to: encoding, of: text, addSpecialTokens: addSpecialTokens) ?? encoding
  }

  /// The encoding without a prefix that stands alone before a special token.
  private func lonePrefix(_ prefix: TextPrefix, in encoding: Encoding) -> Encoding? {
    guard encoding.ids.count > 1, isSpecial(encoding.ids[1]),
      text(ofToken: encoding.ids[0]) == UTF8Text([prefix.metaspace])
    else { return nil }
    return Encoding(ids: Array(encoding.ids.dropFirst()), offsets: Array(encoding.offsets.dropFirst()))
  }

  /// The special tokens that stand in a text as they are written.
  func specialTokens(in text: String) -> [Int] {
    (controlMatcher ?? originalMatcher).split(AlignedText(original: text)).compactMap { piece in
      if case .token(let id, _) = piece, isSpecial(id) { id } else { nil }
    }
  }

  private func append(
    _ piece: AddedTokenMatcher.Piece, to encoding: inout Encoding,
    _ appendText: (AlignedText, inout Encoding) -> Void
  ) {
    switch piece {
    case .text(let text):
      appendText(text, &encoding)
    case .token(let id, let range):
      encoding.ids.append(id)
      encoding.offsets.append(range)
    }
  }

  private func appendWords(of text: AlignedText, to encoding: inout Encoding) {
    for word in preTokenizer?.split([text]) ?? [text] where !word.isEmpty { model.encode(word, into: &encoding) }
  }

  // MARK: - Decoding

  func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
    let tokens = ids.compactMap { id in skipSpecialTokens && isSpecial(id) ? nil : text(ofToken: id) }
    guard let decoder else { return tokens.map(\.string).joined(separator: " ") }
    return UTF8Text(bytes: decoder.decode(tokens).flatMap(\.bytes)).string
  }

  /// Whether the token's text depends on the token after it, because both may be bytes of one character.
  func isFallbackByte(_ id: Int) -> Bool {
    guard decoder?.hasByteFallback == true, let text = text(ofToken: id) else { return false }
    return text.fallbackByte != nil
  }
}
