import Foundations

/// A `tokenizer.json`, read part by part; parts that are not supported are refused by name.
struct TokenizerDocument {
  let root: JSONValue
  let file: String

  func pipeline(_ configuration: TokenizerConfiguration) throws(TelltaleError) -> TokenizerPipeline {
    let model = try model()
    let own = try addedTokens(beside: model.vocabulary)
    var list = AddedTokenList(own, beside: model.vocabulary)
    list.complete(with: configuration)
    guard list.size <= AddedTokenList.largestSize else { throw tooManyAddedTokens(in: "added_tokens") }
    var parts = TokenizerParts(
      normalizer: try optional("normalizer", normalizer), preTokenizer: try optional("pre_tokenizer", preTokenizer),
      postProcessor: try optional("post_processor", postProcessor)?.validated(self, model.vocabulary, own),
      decoder: try optional("decoder", decoder))
    try parts.adjust(to: configuration, file: file) { content in
      list.id(of: content) ?? model.vocabulary.id(of: content).map(Int.init)
    }
    return TokenizerPipeline(
      normalizer: parts.normalizer, preTokenizer: parts.preTokenizer, model: model, addedTokens: list.tokens,
      splitsSpecialTokens: configuration.splitsSpecialTokens,
      ownSize: max(model.vocabulary.size, (own.map(\.id).max() ?? -1) + 1), postProcessor: parts.postProcessor,
      decoder: parts.decoder)
  }

  private func tooManyAddedTokens(in item: String) -> TelltaleError {
    failure("the added tokens have more than \(AddedTokenList.largestSize) bytes; remove some", in: item)
  }

  private func optional<Part>(
    _ key: String, _ read: (JSONValue, String) throws(TelltaleError) -> Part
  ) throws(TelltaleError) -> Part? {
    guard let value = root.present(key) else { return nil }
    return try read(value, key)
  }

  // MARK: - Errors

  func failure(_ message: String, in item: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: .init(file: file, item: item))
  }

  func unsupported(_ kind: String?, in item: String, supported: String) -> TelltaleError {
    let kind = kind.map { "\"\(SafeText.quoted($0))\"" } ?? "a part without a type"
    return failure("uses \(kind), which is not supported; supported are \(supported)", in: item)
  }

  func missing(_ key: String, in item: String) -> TelltaleError {
    failure("\"\(key)\" is missing or not what it should be; fetch the file again", in: item)
  }

  // MARK: - Values

  func text(_ key: String, of value: JSONValue, in item: String) throws(TelltaleError) -> UTF8Text {
    guard let text = value[key]?.text else { throw missing(key, in: item) }
    return text
  }

  func flag(_ key: String, of value: JSONValue, in item: String, default fallback: Bool) throws(TelltaleError) -> Bool {
    guard let member = value.present(key) else { return fallback }
    guard let flag = member.bool else { throw missing(key, in: item) }
    return flag
  }

  /// A text of exactly one scalar.
  func scalar(_ key: String, of value: JSONValue, in item: String) throws(TelltaleError) -> Unicode.Scalar {
    let scalars = try text(key, of: value, in: item).scalars
    guard scalars.count == 1 else { throw missing(key, in: item) }
    return scalars[0]
  }

  /// The parts of a `Sequence`.
  func parts<Part>(
    _ key: String, of value: JSONValue, in item: String, _ read: (JSONValue, String) throws(TelltaleError) -> Part
  ) throws(TelltaleError) -> [Part] {
    guard let values = value[key]?.array else { throw missing(key, in: item) }
    var parts: [Part] = []
    for value in values { parts.append(try read(value, item)) }
    return parts
  }

  /// A pattern that is a plain text, not a regular expression.
  func plainPattern(of value: JSONValue, in item: String) throws(TelltaleError) -> UTF8Text {
    guard let pattern = value["pattern"]?["String"]?.text else {
      throw failure("replaces a regular expression, which is not supported; supported are plain texts", in: item)
    }
    return pattern
  }
}

// MARK: - Added tokens

extension TokenizerDocument {
  private func addedTokens(beside vocabulary: Vocabulary) throws(TelltaleError) -> [AddedToken] {
    guard let list = root.present("added_tokens") else { return [] }
    guard let entries = list.array else { throw missing("added_tokens", in: "added_tokens") }
    var tokens: [AddedToken] = []
    var added = Vocabulary()
    var size = 0
    for (index, entry) in entries.enumerated() {
      let item = "added_tokens[\(index)]"
      let token = try addedToken(entry, in: item)
      if token.content.bytes.isEmpty { continue }
      size += token.content.bytes.count
      guard size <= AddedTokenList.largestSize else { throw tooManyAddedTokens(in: item) }
      try checkID(of: token, beside: vocabulary, in: item)
      do throws(VocabularyFailure) {
        try added.insert(token.content, id: token.id)
      } catch {
        throw failure(
          "token \"\(SafeText.quoted(token.content.string))\" \(error.message); fetch the file again", in: item)
      }
      tokens.append(token)
    }
    return tokens
  }

  private func addedToken(_ entry: JSONValue, in item: String) throws(TelltaleError) -> AddedToken {
    guard let id = entry["id"]?.integer else { throw missing("id", in: item) }
    var token = AddedToken(id: id, content: try text("content", of: entry, in: item))
    token.isSingleWord = try flag("single_word", of: entry, in: item, default: false)
    token.stripsLeft = try flag("lstrip", of: entry, in: item, default: false)
    token.stripsRight = try flag("rstrip", of: entry, in: item, default: false)
    token.isSpecial = try flag("special", of: entry, in: item, default: false)
    token.isNormalized = try flag("normalized", of: entry, in: item, default: !token.isSpecial)
    return token
  }

  private func checkID(of token: AddedToken, beside vocabulary: Vocabulary, in item: String) throws(TelltaleError) {
    let name = SafeText.quoted(token.content.string)
    if let known = vocabulary.id(of: token.content) {
      guard Int(known) == token.id else {
        throw failure("token \"\(name)\" has two ids, \(known) and \(token.id); fetch the file again", in: item)
      }
    } else if let other = vocabulary.text(of: token.id) {
      let message = "token \"\(name)\" has the id \(token.id), which \"\(SafeText.quoted(other.string))\" has already"
      throw failure(message + "; fetch the file again", in: item)
    }
  }
}
