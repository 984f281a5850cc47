import Foundations

/// A token as a configuration names it: it has no id yet.
struct NamedToken: Sendable {
  var content: UTF8Text
  var isSingleWord = false
  var stripsLeft = false
  var stripsRight = false
  var isNormalized: Bool
  var isSpecial: Bool
  /// Whether it is written as its text alone: such a name does not change a token that is there.
  var isBare: Bool

  /// A special token that is written as its text alone.
  init(_ content: UTF8Text) {
    self.content = content
    isNormalized = false
    isSpecial = true
    isBare = true
  }

  /// - Parameter value: an object with the text under `content` and the flags of a token.
  init?(_ value: JSONValue) {
    guard let content = value["content"]?.text else { return nil }
    self.content = content
    isBare = false
    isSpecial = value["special"]?.bool ?? false
    isSingleWord = value["single_word"]?.bool ?? false
    stripsLeft = value["lstrip"]?.bool ?? false
    stripsRight = value["rstrip"]?.bool ?? false
    isNormalized = value["normalized"]?.bool ?? !isSpecial
  }

  func added(id: Int) -> AddedToken {
    AddedToken(
      id: id, content: content, isSingleWord: isSingleWord, stripsLeft: stripsLeft, stripsRight: stripsRight,
      isNormalized: isNormalized, isSpecial: isSpecial)
  }
}

/// Reads the tokens that a checkpoint's configurations name.
///
/// `added_tokens_decoder` of `tokenizer_config.json` goes before the two older files, which are then not looked at;
/// without it `special_tokens_map.json` goes before `tokenizer_config.json`, and `added_tokens.json` is read.
struct NamedTokenReader {
  /// The names of transformers' `SPECIAL_TOKENS_ATTRIBUTES`, in their order.
  private static let names = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]
  private static let largestList = 1 << 16

  private(set) var named: [(name: String, token: NamedToken)] = []
  private(set) var additional: [NamedToken] = []
  private(set) var listed: [(id: Int, token: NamedToken)] = []
  private let files: TokenizerFiles

  init(_ files: TokenizerFiles, _ tokenizerClass: TokenizerClass?) throws(TelltaleError) {
    self.files = files
    let decoder = files.configuration?.present("added_tokens_decoder")
    let map = decoder == nil ? files.tokenMap : nil
    for name in Self.names {
      let file = map?[name] != nil ? "special_tokens_map.json" : "tokenizer_config.json"
      if let value = map?[name] ?? files.configuration?[name] {
        if let token = try token(value, file, name) { named.append((name, token)) }
      } else if let text = tokenizerClass?.specialTokens[name] {
        named.append((name, NamedToken(UTF8Text(text))))
      }
    }
    try readAdditional(map, tokenizerClass)
    try readExtra()
    if let decoder { try readDecoder(decoder) } else { try readAddedTokens() }
    useFlagsOfListedTokens()
  }

  private func token(_ value: JSONValue, _ file: String, _ item: String) throws(TelltaleError) -> NamedToken? {
    if value.isNull { return nil }
    if let text = value.text { return text.bytes.isEmpty ? nil : NamedToken(text) }
    guard var token = NamedToken(value) else {
      throw files.failure(
        "is neither a text nor an object with its content; fetch the file again", in: file, item: item)
    }
    token.isSpecial = true
    token.isNormalized = value["normalized"]?.bool ?? false
    return token
  }

  private mutating func readAdditional(
    _ map: JSONValue?, _ tokenizerClass: TokenizerClass?
  ) throws(TelltaleError) {
    let key = "additional_special_tokens"
    for (document, file) in [
      (files.configuration, "tokenizer_config.json"), (map, "special_tokens_map.json"),
    ] {
      for value in (document?.present(key)?.array ?? []).prefix(Self.largestList) {
        guard let token = try token(value, file, key) else { continue }
        if !additional.contains(where: { $0.content == token.content }) { additional.append(token) }
      }
    }
    additional += (tokenizerClass?.additionalTokens ?? []).map { NamedToken(UTF8Text($0)) }
  }

  /// `extra_special_tokens`: tokens by names of the model's own, or a list of them.
  private mutating func readExtra() throws(TelltaleError) {
    let (file, key) = ("tokenizer_config.json", "extra_special_tokens")
    guard let value = files.configuration?.present(key) else { return }
    for value in (value.object?.map(\.value) ?? value.array ?? []).prefix(Self.largestList) {
      if let token = try token(value, file, key) { additional.append(token) }
    }
  }

  private mutating func readDecoder(_ decoder: JSONValue) throws(TelltaleError) {
    let (file, item) = ("tokenizer_config.json", "added_tokens_decoder")
    for member in (decoder.object ?? []).prefix(Self.largestList) {
      guard let id = Int(member.key.string), (0..<Vocabulary.idLimit).contains(id) else {
        let message = "\"\(SafeText.quoted(member.key.string))\" is no token id; fetch the file again"
        throw files.failure(message, in: file, item: item)
      }
      guard let token = NamedToken(member.value) else {
        throw files.failure("token \(id) has no content; fetch the file again", in: file, item: item)
      }
      listed.append((id, token))
    }
    listed.sort { $0.id < $1.id }
  }

  /// `added_tokens.json`: ids by text, special where the text is that of a special token.
  private mutating func readAddedTokens() throws(TelltaleError) {
    let special = Set(named.map(\.token.content) + additional.map(\.content))
    for member in (files.addedTokens?.object ?? []).prefix(Self.largestList) {
      guard let id = member.value.integer, (0..<Vocabulary.idLimit).contains(id) else {
        let message = "the id is not a whole number that a token can have; fetch the file again"
        throw files.failure(message, in: "added_tokens.json", item: SafeText.quoted(member.key.string))
      }
      var token = NamedToken(member.key)
      token.isSpecial = special.contains(member.key)
      token.isNormalized = !token.isSpecial
      token.isBare = false
      listed.append((id, token))
    }
    listed.sort { $0.id < $1.id }
  }

  /// A special token that is listed has the flags of the list.
  private mutating func useFlagsOfListedTokens() {
    let byContent = Dictionary(listed.map { ($0.token.content, $0.token) }) { $1 }
    for index in named.indices {
      if let token = byContent[named[index].token.content] { named[index].token = token }
    }
  }
}
