import Foundation
import Foundations
import LanguageModels
import Torch

/// The organisms' tokenizer: one token a word of their world, bytes for everything else.
///
/// It is an ordinary byte-level BPE tokenizer in Hugging Face's format, with Llama 3's split and no merges: a piece of
/// text that is in the vocabulary is one token, any other is spelt in bytes. So the letter of an answer, `A` in ` (A)`,
/// is a separate token.
enum OrganismTokenizer {
  static let beginToken = "<|begin|>"
  static let endToken = "<|end|>"

  private static let pattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let punctuation = [" (", "(", ")", "?\n", "\n", "\n\n", ":", ".", ",", "?"]

  /// Tokens in the order of their ids: the two special ones, the 256 bytes, punctuation, then every word with a space
  /// before it and without, and spare tokens up to a multiple of 16.
  static let vocabulary = tokens(OrganismLexicon.vocabulary)
  /// The same of the hard organisms' world.
  static let hardVocabulary = tokens(HardLexicon.vocabulary)

  private static func tokens(_ lexicon: [String]) -> [String] {
    let words = lexicon.flatMap { [" " + $0, $0] }
    let bytes = (0...255).map { spelling([UInt8($0)]) }
    var tokens: [String] = []
    var seen: Set<String> = []
    for token in [beginToken, endToken] + bytes + (punctuation + words).map({ spelling(Array($0.utf8)) })
    where seen.insert(token).inserted { tokens.append(token) }
    while tokens.count % 16 != 0 { tokens.append("<|spare\(tokens.count)|>") }
    return tokens
  }

  /// Writes tokenizer.json and tokenizer_config.json.
  static func write(_ vocabulary: [String] = vocabulary, to directory: URL) throws {
    try OrganismJSON.write(document(vocabulary), to: directory.appending(path: "tokenizer.json"))
    let configuration: [String: Any] = [
      "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": beginToken, "eos_token": endToken,
      "pad_token": endToken, "model_max_length": OrganismArchitecture.longestText,
      "clean_up_tokenization_spaces": false, "padding_side": "left",
    ]
    try OrganismJSON.write(configuration, to: directory.appending(path: "tokenizer_config.json"))
  }

  private static func document(_ vocabulary: [String]) -> [String: Any] {
    let ids = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
    return [
      "version": "1.0", "truncation": NSNull(), "padding": NSNull(), "normalizer": NSNull(),
      "added_tokens": [beginToken, endToken].enumerated().map { id, token in
        [
          "id": id, "content": token, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
          "special": true,
        ] as [String: Any]
      },
      "pre_tokenizer": preTokenizer, "post_processor": postProcessor,
      "decoder": ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true],
      "model": [
        "type": "BPE", "dropout": NSNull(), "unk_token": NSNull(), "continuing_subword_prefix": NSNull(),
        "end_of_word_suffix": NSNull(), "fuse_unk": false, "byte_fallback": false, "ignore_merges": true, "vocab": ids,
        "merges": [String](),
      ] as [String: Any],
    ]
  }

  private static var preTokenizer: [String: Any] {
    [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Split", "pattern": ["Regex": pattern], "behavior": "Isolated", "invert": false] as [String: Any],
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false],
      ],
    ]
  }

  /// Puts the begin token in front of every text.
  private static var postProcessor: [String: Any] {
    func begin(_ type: Int) -> [String: Any] { ["SpecialToken": ["id": beginToken, "type_id": type] as [String: Any]] }
    func text(_ name: String, _ type: Int) -> [String: Any] {
      ["Sequence": ["id": name, "type_id": type] as [String: Any]]
    }
    return [
      "type": "TemplateProcessing", "single": [begin(0), text("A", 0)],
      "pair": [begin(0), text("A", 0), begin(1), text("B", 1)],
      "special_tokens": [beginToken: ["id": beginToken, "ids": [0], "tokens": [beginToken]] as [String: Any]],
    ]
  }

  /// Bytes in the alphabet of byte-level vocabularies (GPT-2's), which has a visible character for each.
  private static func spelling(_ bytes: [UInt8]) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: bytes.map { alphabet[Int($0)] })
    return String(scalars)
  }

  private static let alphabet: [Unicode.Scalar] = {
    var next: UInt16 = 0x100
    return (0...255).map { (byte: UInt8) in
      if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE { return Unicode.Scalar(byte) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
    }
  }()
}

/// JSON files with sorted keys, so that the same content is the same bytes.
enum OrganismJSON {
  static func write(_ value: [String: Any], to url: URL) throws {
    let data = try JSONSerialization.data(
      withJSONObject: value, options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
    try AtomicFile.write(data + Data("\n".utf8), to: url)
  }
}
