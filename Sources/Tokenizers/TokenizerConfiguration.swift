import Foundation
import Foundations

/// What `tokenizer_config.json`, `special_tokens_map.json` and `chat_template.jinja` add to a tokenizer.
struct TokenizerConfiguration: Sendable {
  var bosToken: UTF8Text?
  var eosToken: UTF8Text?
  /// Whether a SentencePiece model puts BOS before a text, EOS after it; a `tokenizer.json` says this itself.
  var addsBOS = true
  var addsEOS = false
  /// The sources of the chat templates, in Jinja, by name.
  var chatTemplates: [(name: String, source: String)] = []
  /// The special tokens beside BOS and EOS that a chat template may write, by names such as `unk_token`.
  var otherTokens: [(name: String, text: String)] = []

  init() {}

  init(directory: URL) throws(TelltaleError) {
    let configuration = try TokenizerFileReader.json(at: directory.appending(path: "tokenizer_config.json"))
    let tokenMap = try TokenizerFileReader.json(at: directory.appending(path: "special_tokens_map.json"))
    bosToken = Self.token("bos_token", in: [configuration, tokenMap])
    eosToken = Self.token("eos_token", in: [configuration, tokenMap])
    addsBOS = configuration?["add_bos_token"]?.bool ?? true
    addsEOS = configuration?["add_eos_token"]?.bool ?? false
    chatTemplates = try CheckpointTemplates.sources(configuration, directory)
    let names = ["unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
    otherTokens = names.compactMap { name in
      Self.token(name, in: [configuration, tokenMap]).map { (name, $0.string) }
    }
  }

  /// What a chat template is given as the tokenizer's tokens.
  var specialTokens: [(name: String, text: String)] {
    let ends = [("bos_token", bosToken), ("eos_token", eosToken)]
    return ends.compactMap { name, token in token.map { (name, $0.string) } } + otherTokens
  }

  /// A token given as its text, or as an object with its text under `content`.
  private static func token(_ key: String, in documents: [JSONValue?]) -> UTF8Text? {
    for document in documents {
      if let token = document?[key]?.text ?? document?[key]?["content"]?.text { return token }
    }
    return nil
  }
}
