import Foundations

/// The tokenizer in a GGUF file's metadata (`tokenizer.ggml.*`): byte-level byte pair encoding (`gpt2`) or SentencePiece's
/// (`llama`).
struct GGUFTokenizer {
  private let metadata: GGUFMetadata
  private let file: String

  init(_ metadata: GGUFMetadata, file: String) {
    self.metadata = metadata
    self.file = file
  }

  /// What a token is; the numbers are SentencePiece's.
  typealias Kind = SentencePieceModel.Kind

  // MARK: Parts

  func pipeline(_ configuration: TokenizerConfiguration) throws(TelltaleError) -> TokenizerPipeline {
    switch try model() {
    case .bytes(let pre): try byteLevel(pre, configuration)
    case .sentencePiece: try sentencePiece(configuration)
    }
  }

  private enum Model {
    case bytes(GGUFPreTokenizer)
    case sentencePiece
  }

  private func model() throws(TelltaleError) -> Model {
    switch metadata.text(Key.model) {
    case "gpt2"?:
      let name = metadata.text(Key.pre) ?? "default"
      if let pre = GGUFPreTokenizer(name) { return .bytes(pre) }
      let known = GGUFPreTokenizer.names.joined(separator: ", ")
      throw failure(
        "splits words as \"\(SafeText.quoted(name))\", which is not supported; supported are \(known)", Key.pre)
    case "llama"?: return .sentencePiece
    case let other?:
      throw failure("is \"\(SafeText.quoted(other))\", which is not supported; supported are gpt2 and llama", Key.model)
    case nil: throw failure("is missing; use a GGUF file of a language model, with its tokenizer", Key.model)
    }
  }

  /// BOS, EOS and the chat template.
  func configuration() throws(TelltaleError) -> TokenizerConfiguration {
    var configuration = TokenizerConfiguration()
    var fallback: (bos: Int?, eos: Int?, addsBOS: Bool) = (1, 2, true)
    if case .bytes(let pre) = try model() { fallback = (nil, nil, pre.addsBOS) }
    let tokens = try tokens()
    configuration.bosToken = try token(Key.bos, of: tokens, fallback.bos)
    configuration.eosToken = try token(Key.eos, of: tokens, fallback.eos)
    configuration.addsBOS = metadata.truth(Key.addsBOS) ?? fallback.addsBOS
    configuration.addsEOS = metadata.truth(Key.addsEOS) ?? false
    if let source = metadata.text(Key.chatTemplate) { configuration.chatTemplates = [("default", source)] }
    return configuration
  }

  private func token(_ key: String, of tokens: [UTF8Text], _ fallback: Int?) throws(TelltaleError) -> UTF8Text? {
    guard let id = metadata.integer(key) ?? fallback else { return nil }
    guard tokens.indices.contains(id) else {
      throw failure("is \(id), which none of the \(tokens.count) tokens is; fetch the file again", key)
    }
    return tokens[id]
  }

  /// SHA-256 (hexadecimal) over everything that decides how text becomes tokens.
  func contentHash() throws(TelltaleError) -> String {
    var bytes: [UInt8] = []
    for key in [Key.model, Key.pre] { bytes += Array((metadata.text(key) ?? "").utf8) + [0] }
    for text in try tokens() + (metadata.texts(Key.merges) ?? []) { bytes += text.bytes + [0] }
    for kind in try kinds(of: try tokens()) { bytes.append(UInt8(kind.rawValue)) }
    for score in metadata.reals(Key.scores) ?? [] { withUnsafeBytes(of: score.bitPattern.littleEndian) { bytes += $0 } }
    for key in [Key.addsBOS, Key.addsEOS, Key.addsPrefix] { bytes += metadata.truth(key) == true ? [1] : [0] }
    return SHA256.hexadecimalDigest(of: bytes)
  }

  // MARK: Lists

  private func tokens() throws(TelltaleError) -> [UTF8Text] {
    guard let tokens = metadata.texts(Key.tokens), !tokens.isEmpty, tokens.count < Vocabulary.idLimit else {
      throw failure("is missing or no list of tokens; use a GGUF file of a language model", Key.tokens)
    }
    return tokens
  }

  /// What each token is; normal ones where the file does not say.
  private func kinds(of tokens: [UTF8Text]) throws(TelltaleError) -> [Kind] {
    guard let numbers = metadata.integers(Key.types) else { return tokens.map { _ in .normal } }
    try check(numbers.count, of: Key.types, tokens)
    // 0 is "undefined", which converters write for padding.
    return numbers.map { UInt64(exactly: $0).flatMap(Kind.init) ?? .unused }
  }

  private func check(_ count: Int, of key: String, _ tokens: [UTF8Text]) throws(TelltaleError) {
    guard count == tokens.count else {
      throw failure("has \(count) entries for \(tokens.count) tokens; fetch the file again", key)
    }
  }

  private func failure(_ message: String, _ key: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: InputLocation(file: file, item: key))
  }

  private enum Key {
    static let model = "tokenizer.ggml.model"
    static let pre = "tokenizer.ggml.pre"
    static let tokens = "tokenizer.ggml.tokens"
    static let types = "tokenizer.ggml.token_type"
    static let scores = "tokenizer.ggml.scores"
    static let merges = "tokenizer.ggml.merges"
    static let bos = "tokenizer.ggml.bos_token_id"
    static let eos = "tokenizer.ggml.eos_token_id"
    static let unknown = "tokenizer.ggml.unknown_token_id"
    static let addsBOS = "tokenizer.ggml.add_bos_token"
    static let addsEOS = "tokenizer.ggml.add_eos_token"
    static let addsPrefix = "tokenizer.ggml.add_space_prefix"
    static let chatTemplate = "tokenizer.chat_template"
  }
}

// MARK: - Byte-level byte pair encoding

extension GGUFTokenizer {
  private func byteLevel(
    _ pre: GGUFPreTokenizer, _ configuration: TokenizerConfiguration
  ) throws(TelltaleError) -> TokenizerPipeline {
    let tokens = try tokens()
    let kinds = try kinds(of: tokens)
    let vocabulary = try vocabulary(tokens, kinds)
    var options = BytePairModel.Options()
    options.ignoresMerges = pre.ignoresMerges
    return TokenizerPipeline(
      normalizer: pre.normalizer, preTokenizer: pre.preTokenizer,
      model: BytePairModel(vocabulary: vocabulary, merges: try merges(vocabulary), options: options),
      addedTokens: addedTokens(tokens, kinds), postProcessor: template(vocabulary, configuration), decoder: .byteLevel)
  }

  private func vocabulary(_ tokens: [UTF8Text], _ kinds: [Kind]) throws(TelltaleError) -> Vocabulary {
    var vocabulary = Vocabulary(capacity: tokens.count)
    for (id, token) in tokens.enumerated() where kinds[id] != .unused {
      do throws(VocabularyFailure) { try vocabulary.insert(token, id: id) } catch {
        throw failure(
          "token \(id) (\(SafeText.quoted(token.string))) \(error.message); fetch the file again", Key.tokens)
      }
    }
    return vocabulary
  }

  /// Pairs written as "a b", in order of rank.
  private func merges(_ vocabulary: Vocabulary) throws(TelltaleError) -> [BytePairModel.Pair: BytePairModel.Merge] {
    guard let list = metadata.texts(Key.merges), list.count < Vocabulary.idLimit else {
      throw failure("is missing or no list of merges; use a GGUF file of a language model", Key.merges)
    }
    var merges: [BytePairModel.Pair: BytePairModel.Merge] = [:]
    merges.reserveCapacity(list.count)
    for (rank, text) in list.enumerated() {
      // The first byte may be a space itself.
      guard let cut = text.bytes.dropFirst().firstIndex(of: 0x20),
        let left = vocabulary.id(of: UTF8Text(bytes: Array(text.bytes[..<cut]))),
        let right = vocabulary.id(of: UTF8Text(bytes: Array(text.bytes[(cut + 1)...]))),
        let merged = vocabulary.id(of: UTF8Text(bytes: Array(text.bytes[..<cut]) + text.bytes[(cut + 1)...]))
      else {
        throw failure(
          "merge \(rank) (\(SafeText.quoted(text.string))) is of tokens that are not there; fetch the file again",
          Key.merges)
      }
      merges[BytePairModel.Pair(left, right)] = BytePairModel.Merge(rank: Int32(rank), id: merged)
    }
    return merges
  }

  /// Tokens that are found in the text as they are written: special ones, and those that a user defined.
  private func addedTokens(_ tokens: [UTF8Text], _ kinds: [Kind]) -> [AddedToken] {
    tokens.indices.compactMap { id in
      switch kinds[id] {
      case .control, .unknown: AddedToken(id: id, content: tokens[id], isSpecial: true)
      case .userDefined: AddedToken(id: id, content: tokens[id])
      default: nil
      }
    }
  }

  /// BOS before and EOS after a text, where the file asks for them.
  private func template(_ vocabulary: Vocabulary, _ configuration: TokenizerConfiguration) -> PostProcessor? {
    func piece(_ token: UTF8Text?) -> [PostProcessor.Piece] {
      token.flatMap(vocabulary.id).map { [.special([Int($0)])] } ?? []
    }
    let before = configuration.addsBOS ? piece(configuration.bosToken) : []
    let after = configuration.addsEOS ? piece(configuration.eosToken) : []
    return before.isEmpty && after.isEmpty ? nil : .template(before + [.text] + after)
  }
}

// MARK: - SentencePiece

extension GGUFTokenizer {
  private func sentencePiece(_ configuration: TokenizerConfiguration) throws(TelltaleError) -> TokenizerPipeline {
    let tokens = try tokens()
    let kinds = try kinds(of: tokens)
    guard let scores = metadata.reals(Key.scores), scores.allSatisfy(\.isFinite) else {
      throw failure("is missing or no list of finite numbers; fetch the file again", Key.scores)
    }
    try check(scores.count, of: Key.scores, tokens)
    var pieces = tokens.indices.map { id in
      // llama.cpp looks for a user's tokens in the text itself and so writes their spaces as spaces.
      let text = kinds[id] == .userDefined ? Self.withMetaspaces(tokens[id]) : tokens[id]
      return SentencePieceModel.Piece(text: text, score: Float(scores[id]), kind: kinds[id])
    }
    // Some converters call the unknown token a control token and name it by its number alone.
    let unknown = metadata.integer(Key.unknown) ?? 0
    if !kinds.contains(.unknown), pieces.indices.contains(unknown) { pieces[unknown].kind = .unknown }
    let model = SentencePieceModel(pieces: pieces, addsDummyPrefix: metadata.truth(Key.addsPrefix) ?? true, file: file)
    return try model.pipeline(configuration)
  }

  private static func withMetaspaces(_ text: UTF8Text) -> UTF8Text {
    UTF8Text(text.scalars.map { $0 == " " ? "\u{2581}" : $0 })
  }
}
