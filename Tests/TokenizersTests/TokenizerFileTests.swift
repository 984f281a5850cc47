import Foundation
import Foundations
import TestSupport
import Testing

@testable import Tokenizers

@Suite("The files of a tokenizer in one folder")
struct TokenizerFileTests {
  /// A directory as the script made it, and what transformers reads from it.
  struct Case {
    let base: String
    let files: [String: Any]
    let reference: [String: Any]

    init(_ row: [String: Any]) throws {
      base = try #require(row["base"] as? String)
      files = try #require(row["files"] as? [String: Any])
      reference = row
    }

    var refuses: Bool { reference["error"] != nil }

    func tokenizer() throws -> Tokenizer {
      let folder = try ScratchFolder()
      let source = TokenizerFixtures.folder.appending(path: base)
      for name in ["tokenizer.json", "tokenizer.model"] {
        guard let data = try? Data(contentsOf: source.appending(path: name)) else { continue }
        try data.write(to: folder.url.appending(path: name))
      }
      for (name, content) in files {
        try JSONSerialization.data(withJSONObject: content, options: .sortedKeys).write(
          to: folder.url.appending(path: name))
      }
      return try Tokenizer.load(directory: folder.url)
    }

    /// What the files say, without the bulk of a tokenizer.json.
    var comment: Comment {
      let small = files.filter { $0.key != "tokenizer.json" }
      let data = (try? JSONSerialization.data(withJSONObject: small, options: .sortedKeys)) ?? Data()
      return "\(base) \(String(decoding: data, as: UTF8.self))"
    }
  }

  static func cases() throws -> [Case] {
    let file = Fixtures.file("tokenizer-files/cases.jsonl")
    return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { line in
      try Case(try #require(JSONSerialization.jsonObject(with: line) as? [String: Any]))
    }
  }

  @Test("What transformers reads from every combination of files and classes is read")
  func goldens() throws {
    let cases = try Self.cases()
    #expect(cases.count > 140)
    for item in cases where !item.refuses {
      let tokenizer = try item.tokenizer()
      let reference = item.reference
      #expect(tokenizer.bosTokenID == reference["bos"] as? Int, item.comment)
      #expect(tokenizer.eosTokenID == reference["eos"] as? Int, item.comment)
      for row in try #require(reference["texts"] as? [[String: Any]]) {
        let text = try #require(row["text"] as? String)
        let ids = tokenizer.encode(text, addSpecialTokens: true).ids
        #expect(ids == row["ids"] as? [Int], "\(text.debugDescription) \(item.comment)")
      }
      let special = try #require(reference["special"] as? [Int])
      #expect(special.allSatisfy(tokenizer.isSpecial), item.comment)
    }
  }

  @Test("A text that is to begin with BOS where there is none is refused, as transformers refuses it")
  func noBOS() throws {
    let item = try #require(
      try Self.cases().first { ($0.reference["error"] as? String)?.contains("bos_token") == true })
    let error = #expect(throws: TelltaleError.self) { try item.tokenizer() }
    #expect(error?.description.contains("add_bos_token") == true)
    #expect(error?.description.contains("tokenizer_config.json") == true)
  }

  @Test("Tokens that a configuration names wrongly are refused with the file and the key")
  func malformed() throws {
    let wrong: [(String, String)] = [
      ("tokenizer_config.json", #"{"tokenizer_class": "LlamaTokenizer", "bos_token": 1}"#),
      ("tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#),
      ("tokenizer_config.json", #"{"added_tokens_decoder": {"99999999999999999999": {"content": "a"}}}"#),
      ("tokenizer_config.json", #"{"added_tokens_decoder": {"3": "a"}}"#),
      ("added_tokens.json", #"{"<a>": -1}"#), ("added_tokens.json", #"{"<a>": 1e300}"#),
      ("special_tokens_map.json", #"{"eos_token": []}"#),
    ]
    let source = try Data(contentsOf: TokenizerFixtures.folder.appending(path: "tiny-llama/tokenizer.json"))
    for (name, content) in wrong {
      try TokenizerFixtures.withTokenizerFile(source) { directory in
        try Data(content.utf8).write(to: directory.appending(path: name))
        let error = #expect(throws: TelltaleError.self) { try Tokenizer.load(directory: directory) }
        #expect(error?.description.contains(name) == true, "\(content)")
      }
    }
  }
}
