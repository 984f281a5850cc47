import Foundations

/// The stages of a `tokenizer.json` around its model, before the configuration in its folder changes some of them.
struct TokenizerParts {
  var normalizer: Normalizer?
  var preTokenizer: PreTokenizer?
  var postProcessor: PostProcessor?
  var decoder: TokenDecoder?

  private static let metaspace: Unicode.Scalar = "\u{2581}"

  /// Changes what the class of the tokenizer builds from `tokenizer_config.json` and not from `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - file: the `tokenizer.json`, for messages.
  ///   - id: the id of a token, added ones included.
  mutating func adjust(
    to configuration: TokenizerConfiguration, file: String, id: (UTF8Text) -> Int?
  ) throws(TelltaleError) {
    if configuration.tokenizerClass?.ends != nil {
      postProcessor = .template(try configuration.template(file: file, id: id))
    }
    if configuration.setsByteLevelPrefix, case .byteLevel(_, let cutsWords)? = preTokenizer {
      preTokenizer = .byteLevel(addsPrefixSpace: configuration.addsPrefixSpace ?? false, cutsWords: cutsWords)
    }
    if configuration.tokenizerClass?.isLlama == true, let prefix = configuration.addsPrefixSpace, readsMetaspaces {
      rebuildMetaspaces(addsPrefixSpace: prefix, isLegacy: configuration.isLegacy)
    }
  }

  /// Whether the words of the text begin with U+2581, as those of SentencePiece do.
  private var readsMetaspaces: Bool {
    if case .metaspace? = preTokenizer { return true }
    return normalizer?.writes(Self.metaspace) == true
  }

  /// The stages that `LlamaTokenizer` makes of a SentencePiece model.
  private mutating func rebuildMetaspaces(addsPrefixSpace: Bool, isLegacy: Bool) {
    let metaspace = Self.metaspace
    if isLegacy {
      let replace = Normalizer.replace(pattern: [" "], content: [metaspace])
      normalizer = addsPrefixSpace ? .sequence([.prepend([metaspace]), replace]) : replace
      preTokenizer = nil
    } else {
      normalizer = nil
      preTokenizer = .metaspace(
        .init(replacement: metaspace, prependScheme: addsPrefixSpace ? .first : .never, splits: false))
    }
    decoder = .metaspaces(dropsFirst: addsPrefixSpace)
  }
}

extension TokenizerConfiguration {
  /// BOS before and EOS after a text.
  ///
  /// - Throws: `TelltaleError.badInput` if one of them is to be added and there is none.
  func template(file: String, id: (UTF8Text) -> Int?) throws(TelltaleError) -> [PostProcessor.Piece] {
    func piece(_ name: String, _ flag: String) throws(TelltaleError) -> PostProcessor.Piece {
      guard let id = token(name).flatMap(id) else {
        let message = "is true but the tokenizer has no \(name); name one in tokenizer_config.json, or set it to false"
        throw TelltaleError(.badInput, message, at: .init(file: file, item: flag))
      }
      return .special([id])
    }
    let before = addsBOS ? [try piece("bos_token", "add_bos_token")] : []
    let after = addsEOS ? [try piece("eos_token", "add_eos_token")] : []
    return before + [.text] + after
  }
}

extension TokenDecoder {
  /// That of Llama's tokenizers.
  ///
  /// - Parameter dropsFirst: whether the space that was put before the text is left out.
  static func metaspaces(dropsFirst: Bool) -> TokenDecoder {
    let replace = TokenDecoder.replace(pattern: UTF8Text(["\u{2581}" as Unicode.Scalar]), content: UTF8Text(" "))
    return .sequence(
      [replace, .byteFallback, .fuse] + (dropsFirst ? [.strip(content: " ", start: 1, stop: 0)] : []))
  }
}

extension Normalizer {
  fileprivate func writes(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .prepend(let scalars): scalars.contains(scalar)
    case .replace(_, let content): content.contains(scalar)
    case .sequence(let parts): parts.contains { $0.writes(scalar) }
    default: false
    }
  }
}
