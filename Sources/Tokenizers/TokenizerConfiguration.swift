import Foundation
import Foundations

/// What `tokenizer_config.json`, `special_tokens_map.json` and `chat_template.jinja` add to a tokenizer.
struct TokenizerConfiguration: Sendable {
  var bosToken: UTF8Text?
  var eosToken: UTF8Text?
  /// Whether a SentencePiece model puts BOS before a text, EOS after it; a `tokenizer.json` says this itself.
  var addsBOS = true
  var addsEOS = false
  /// The chat template's source, in Jinja.
  var chatTemplate: String?

  init() {}

  init(directory: URL) throws(TelltaleError) {
    let configuration = try TokenizerFileReader.json(at: directory.appending(path: "tokenizer_config.json"))
    let specialTokens = try TokenizerFileReader.json(at: directory.appending(path: "special_tokens_map.json"))
    bosToken = Self.token("bos_token", in: [configuration, specialTokens])
    eosToken = Self.token("eos_token", in: [configuration, specialTokens])
    addsBOS = configuration?["add_bos_token"]?.bool ?? true
    addsEOS = configuration?["add_eos_token"]?.bool ?? false
    chatTemplate = try Self.chatTemplate(in: configuration, directory)
  }

  /// A token given as its text, or as an object with its text under `content`.
  private static func token(_ key: String, in documents: [JSONValue?]) -> UTF8Text? {
    for document in documents {
      if let token = document?[key]?.text ?? document?[key]?["content"]?.text { return token }
    }
    return nil
  }

  /// The one template, or of several named ones the default.
  private static func chatTemplate(in document: JSONValue?, _ directory: URL) throws(TelltaleError) -> String? {
    if let source = document?["chat_template"]?.string { return source }
    let named = document?["chat_template"]?.array ?? []
    if let source = named.first(where: { $0["name"]?.string == "default" })?["template"]?.string { return source }
    let file = directory.appending(path: "chat_template.jinja")
    guard TokenizerFileReader.exists(file) else { return nil }
    return String(decoding: try TokenizerFileReader.bytes(of: file), as: UTF8.self)
  }
}
