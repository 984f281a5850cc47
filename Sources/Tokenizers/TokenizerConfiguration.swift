import Foundation
import Foundations

/// What the files next to `tokenizer.json` or `tokenizer.model` say of a tokenizer, by transformers' order of precedence.
struct TokenizerConfiguration: Sendable {
  /// Nil if no file names it: then `tokenizer.json` stands as it is.
  var tokenizerClass: TokenizerClass?
  /// The special tokens by names such as `bos_token`, in transformers' order.
  var named: [(name: String, token: NamedToken)] = []
  /// Special tokens without a name: `additional_special_tokens`.
  var additional: [NamedToken] = []
  /// Tokens that `added_tokens_decoder` or `added_tokens.json` lists, by rising id.
  var listed: [(id: Int, token: NamedToken)] = []
  /// Whether `added_tokens_decoder` lists them. Without it, flags of `tokenizer.json` go before those of named tokens.
  var hasDecoder = false
  /// Whether special tokens that stand in a text are read as text (`split_special_tokens`).
  var splitsSpecialTokens = false
  /// Whether BOS is put before a text and EOS after it, by classes that decide it and by SentencePiece models.
  var addsBOS = true
  var addsEOS = false
  /// `add_prefix_space`: nil where no file says, or says null.
  var addsPrefixSpace: Bool?
  /// Whether a top-level `ByteLevel` takes `addsPrefixSpace`, false included where no file says.
  var setsByteLevelPrefix = false
  /// Whether SentencePiece puts a space before each stretch of text, not only before the first (`legacy`).
  var isLegacy = true
  /// The sources of the chat templates, in Jinja, by name.
  var chatTemplates: [(name: String, source: String)] = []

  init() {}

  init(directory: URL) throws(TelltaleError) {
    let files = try TokenizerFiles(directory)
    tokenizerClass = TokenizerClass(configuration: files.configuration, model: files.model)
    let tokens = try NamedTokenReader(files, tokenizerClass)
    named = tokens.named
    additional = tokens.additional
    listed = tokens.listed
    hasDecoder = files.configuration?.present("added_tokens_decoder") != nil
    splitsSpecialTokens = files.configuration?["split_special_tokens"]?.bool ?? false
    readEnds(files.configuration)
    readPrefixSpace(files.configuration)
    isLegacy = files.configuration?.present("legacy")?.bool ?? true
    chatTemplates = try CheckpointTemplates.sources(files.configuration, directory)
  }

  private mutating func readEnds(_ configuration: JSONValue?) {
    let ends = tokenizerClass?.ends ?? .init(addsBOS: true, addsEOS: false)
    // A null is Python's None, which is false.
    addsBOS = configuration?["add_bos_token"].map { $0.bool ?? false } ?? ends.addsBOS
    addsEOS = configuration?["add_eos_token"].map { $0.bool ?? false } ?? ends.addsEOS
  }

  private mutating func readPrefixSpace(_ configuration: JSONValue?) {
    let value = configuration?["add_prefix_space"]
    addsPrefixSpace = value?.bool
    guard let tokenizerClass else { return }
    setsByteLevelPrefix = value == nil ? !tokenizerClass.isLlama : value?.bool != nil
  }

  func token(_ name: String) -> UTF8Text? { named.first { $0.name == name }?.token.content }

  var bosToken: UTF8Text? {
    get { token("bos_token") }
    set { set("bos_token", newValue) }
  }

  var eosToken: UTF8Text? {
    get { token("eos_token") }
    set { set("eos_token", newValue) }
  }

  private mutating func set(_ name: String, _ content: UTF8Text?) {
    named.removeAll { $0.name == name }
    if let content { named.append((name, NamedToken(content))) }
  }

  /// What a chat template is given as the tokenizer's tokens.
  var specialTokens: [(name: String, text: String)] { named.map { ($0.name, $0.token.content.string) } }
}

/// The files of a directory that say something of its tokenizer.
struct TokenizerFiles {
  let directory: URL
  let configuration: JSONValue?
  let tokenMap: JSONValue?
  let addedTokens: JSONValue?
  /// `config.json` of the model.
  let model: JSONValue?

  init(_ directory: URL) throws(TelltaleError) {
    self.directory = directory
    configuration = try TokenizerFileReader.json(at: directory.appending(path: "tokenizer_config.json"))
    tokenMap = try TokenizerFileReader.json(at: directory.appending(path: "special_tokens_map.json"))
    addedTokens = try TokenizerFileReader.json(at: directory.appending(path: "added_tokens.json"))
    model = try TokenizerFileReader.json(at: directory.appending(path: "config.json"))
  }

  func failure(_ message: String, in file: String, item: String) -> TelltaleError {
    TelltaleError(.badInput, message, at: .init(file: directory.appending(path: file).path, item: item))
  }
}
