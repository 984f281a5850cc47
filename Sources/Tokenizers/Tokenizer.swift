import Foundation
import Foundations

/// Turns text into the token ids of a checkpoint and back, exactly as the checkpoint's authors do.
///
/// It is read from a Hugging Face directory: from `tokenizer.json` (byte pair encoding, byte-level or with byte
/// fallback), or else from a SentencePiece `tokenizer.model`. Texts are compared by Unicode scalars: canonically
/// equivalent spellings may have different tokens.
public final class Tokenizer: Sendable {
  private let pipeline: TokenizerPipeline

  /// SHA-256 of the tokenizer's file (`tokenizer.json` or `tokenizer.model`), as 64 hexadecimal digits.
  ///
  /// Equal hashes mean equal tokens; the same vocabulary in another file has another hash.
  public let contentHash: String

  /// The token that begins a sequence, nil if the configuration names none.
  public let bosTokenID: Int?

  /// The token that ends a sequence or a turn, nil if the configuration names none.
  public let eosTokenID: Int?

  private let chatTemplates: CheckpointTemplates

  init(_ pipeline: TokenizerPipeline, contentHash: String, configuration: TokenizerConfiguration, name: String) {
    self.pipeline = pipeline
    self.contentHash = contentHash
    bosTokenID = configuration.bosToken.flatMap(pipeline.id)
    eosTokenID = configuration.eosToken.flatMap(pipeline.id)
    chatTemplates = CheckpointTemplates(
      file: name, sources: configuration.chatTemplates, specialTokens: configuration.specialTokens)
  }

  /// Loads the tokenizer of a checkpoint.
  ///
  /// - Parameter directory: a directory with `tokenizer.json` or `tokenizer.model`, and optionally
  ///   `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`, `config.json` and chat templates; or a
  ///   GGUF file. Where they differ, transformers' order of precedence holds (docs/tokenizers.md).
  /// - Throws: `TelltaleError.badInput` if files are missing or damaged, or use a feature that is not supported.
  public static func load(directory: URL) throws(TelltaleError) -> Tokenizer {
    if directory.pathExtension.lowercased() == "gguf", !directory.hasDirectoryPath { return try load(gguf: directory) }
    let configuration = try TokenizerConfiguration(directory: directory)
    let file = directory.appending(path: "tokenizer.json")
    if TokenizerFileReader.exists(file) {
      let bytes = try TokenizerFileReader.bytes(of: file)
      let document = TokenizerDocument(root: try TokenizerFileReader.json(in: bytes, file: file.path), file: file.path)
      return Tokenizer(
        try document.pipeline(configuration), contentHash: SHA256.hexadecimalDigest(of: bytes),
        configuration: configuration,
        name: directory.path)
    }
    let model = directory.appending(path: "tokenizer.model")
    guard TokenizerFileReader.exists(model) else {
      let reason = HubCache.reasonForMissing(["tokenizer.json", "tokenizer.model"], in: directory)
      let message = "has neither tokenizer.json nor tokenizer.model; \(reason ?? "name a directory with a tokenizer")"
      throw TelltaleError(.badInput, message, at: .init(file: directory.path))
    }
    return try load(sentencePieceModel: model, configuration: configuration)
  }

  /// Loads a SentencePiece model alone, as the SentencePiece library does.
  ///
  /// Special tokens that are written out in a text (`<s>`) are plain text to it; only `encodeChat` recognises them.
  package static func load(sentencePieceModel file: URL) throws(TelltaleError) -> Tokenizer {
    try load(sentencePieceModel: file, configuration: TokenizerConfiguration())
  }

  private static func load(
    sentencePieceModel file: URL, configuration: TokenizerConfiguration
  ) throws(TelltaleError) -> Tokenizer {
    let bytes = try TokenizerFileReader.bytes(of: file)
    let model = try SentencePieceModel(bytes, file: file.path)
    var configuration = configuration
    let pipeline: TokenizerPipeline
    if let tokenizerClass = configuration.tokenizerClass {
      pipeline = try model.pipeline(configuration, of: tokenizerClass)
    } else {
      configuration.bosToken = configuration.bosToken ?? model.bosToken
      configuration.eosToken = configuration.eosToken ?? model.eosToken
      pipeline = try model.pipeline(configuration)
    }
    return Tokenizer(
      pipeline, contentHash: SHA256.hexadecimalDigest(of: bytes), configuration: configuration,
      name: file.deletingLastPathComponent().path)
  }

  /// The tokenizer of a GGUF file; of a split model that of its first part.
  private static func load(gguf url: URL) throws(TelltaleError) -> Tokenizer {
    let header = try MappedFile(url).withBytes { bytes throws(TelltaleError) in
      try GGUFHeader(bytes, file: url.path) { _ in nil }
    }
    return try load(gguf: header.metadata, file: url.path)
  }

  /// The tokenizer that a GGUF file's metadata holds.
  ///
  /// - Parameter file: the file's path, for messages.
  /// - Throws: `TelltaleError.badInput` if it has none, or one whose kind or split is not known.
  package static func load(gguf metadata: GGUFMetadata, file: String) throws(TelltaleError) -> Tokenizer {
    let reader = GGUFTokenizer(metadata, file: file)
    let configuration = try reader.configuration()
    return Tokenizer(
      try reader.pipeline(configuration), contentHash: try reader.contentHash(), configuration: configuration,
      name: file)
  }

  // MARK: - Vocabulary

  /// The largest token id plus one; a model needs at least as many embeddings.
  public var vocabularySize: Int { pipeline.vocabularySize }

  /// The same without tokens that only the configurations name, such as a `pad_token` that nothing was trained on: a
  /// model may have no embedding of those.
  public var ownVocabularySize: Int { pipeline.ownVocabularySize }

  /// The token as it stands in the vocabulary (`▁the`, `Ġthe`, `<0x0A>`), nil for an unused id.
  public func token(_ id: Int) -> String? { pipeline.text(ofToken: id)?.string }

  /// The id of a token, given as it stands in the vocabulary.
  public func id(ofToken token: String) -> Int? { pipeline.id(ofToken: UTF8Text(token)) }

  /// Whether the token is a special one, which decoding can skip: BOS, EOS, the headers of a chat.
  public func isSpecial(_ id: Int) -> Bool { pipeline.isSpecial(id) }

  /// The special tokens that a text writes out, as they stand in it.
  package func controlTokens(in text: String) -> [String] {
    pipeline.specialTokens(in: text).compactMap(token)
  }

  // MARK: - Encoding and decoding

  /// The tokens of a text.
  ///
  /// - Parameter addSpecialTokens: whether to add what the tokenizer puts around every text, usually BOS in front.
  public func encode(_ text: String, addSpecialTokens: Bool) -> Encoding {
    pipeline.encode(text, addSpecialTokens: addSpecialTokens)
  }

  /// The tokens of each text, in order.
  public func encodeBatch(_ texts: [String], addSpecialTokens: Bool) -> [Encoding] {
    texts.map { encode($0, addSpecialTokens: addSpecialTokens) }
  }

  /// The text of tokens; ids that the vocabulary does not have are left out, bytes that are not UTF-8 become U+FFFD.
  public func decode(_ ids: [Int], skipSpecialTokens: Bool) -> String {
    pipeline.decode(ids, skipSpecialTokens: skipSpecialTokens)
  }

  /// A decoder for tokens that arrive one at a time.
  public func makeStreamingDecoder(skipSpecialTokens: Bool) -> StreamingDecoder {
    StreamingDecoder(pipeline, skipSpecialTokens: skipSpecialTokens)
  }

  // MARK: - Chats

  /// The checkpoint's chat template.
  ///
  /// - Parameters:
  ///   - name: one of the checkpoint's named templates, of `ChatTemplate.names` or a file of Jinja; nil for the
  ///     checkpoint's default.
  ///   - settings: what the template reads in addition to the messages.
  /// - Throws: `TelltaleError.badInput` if the checkpoint has no template or one that cannot be read, or the name is
  ///   not known.
  public func chatTemplate(
    named name: String? = nil, settings: ChatSettings = ChatSettings()
  ) throws(TelltaleError) -> ChatTemplate {
    try chatTemplates.template(named: name, settings)
  }

  /// A chat as text and tokens, with BOS exactly once if the tokenizer has one to add.
  ///
  /// - Parameters:
  ///   - addGenerationPrompt: whether to end with the header of an answer, for the model to go on from.
  ///   - template: the template to use instead of the checkpoint's own.
  /// - Throws: `TelltaleError.badInput` as `chatTemplate(named:)` and `ChatTemplate.render` do, and for messages that the
  ///   template leaves out.
  public func encodeChat(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, template: ChatTemplate? = nil
  ) throws(TelltaleError) -> EncodedChat {
    let template = if let template { template } else { try chatTemplate() }
    let text = try template.render(messages: messages, addGenerationPrompt: addGenerationPrompt)
    let encoding = encodeRendered(text, template: template)
    guard !encoding.ids.isEmpty else {
      throw TelltaleError(.badInput, "the chat template makes an empty text of these messages; give one that it shows")
    }
    return EncodedChat(text: text, encoding: encoding)
  }

  /// The tokens of a text that a chat template rendered (and that may go on with an answer): BOS exactly once, and
  /// control tokens found in it even by SentencePiece.
  package func encodeRendered(_ text: String, template: ChatTemplate) -> Encoding {
    pipeline.encode(text, addSpecialTokens: !template.rendersBOS, findsControlTokens: true)
  }
}

/// A chat as the model reads it.
public struct EncodedChat: Equatable, Sendable {
  /// The rendered text; the offsets of the encoding count its Unicode scalars.
  public let text: String
  public let encoding: Encoding
}
