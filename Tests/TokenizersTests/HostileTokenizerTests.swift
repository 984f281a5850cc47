import Foundation
import Foundations
import Testing

@testable import Tokenizers

@Suite("Damaged and unsupported tokenizer files")
struct HostileTokenizerTests {
  /// The error of loading this `tokenizer.json`, as text.
  func refusal(_ document: String) throws -> String {
    try TokenizerFixtures.withTokenizerFile(Data(document.utf8)) { directory in
      let error = #expect(throws: TelltaleError.self) { try Tokenizer.load(directory: directory) }
      return error?.description ?? ""
    }
  }

  /// A document with one token and these parts.
  func document(_ parts: String, vocabulary: String = #"{"a":0}"#, merges: String = "[]", model: String = "") -> String
  {
    #"{"model":{"type":"BPE","vocab":\#(vocabulary),"merges":\#(merges)\#(model)}\#(parts)}"#
  }

  func expectOneSentence(_ message: String, naming words: [String]) {
    for word in words { #expect(message.contains(word), "\(message)") }
    #expect(!message.contains("\n"))
    #expect(message.contains("tokenizer.json"))
  }

  @Test(
    "Text that is not JSON is refused with its line",
    arguments: [
      "", "{", "[1,", "{\"a\" 1}", "{\"a\":1", "{\"a\":1}x", "\"", "\"\\", "\"\\u12\"", "\"\\ud800\"",
      "\"\\ud800\\u0041\"",
      "\"\\q\"", "\"a\u{1}\"", "tru", "nul", "1e999", "--1", "1-", "{1:2}", "[1 2]",
      String(repeating: "[", count: 100_000),
    ])
  func notJSON(text: String) throws {
    expectOneSentence(try refusal(text), naming: ["not valid JSON", "tokenizer.json:1"])
  }

  @Test("The Strip decoder removes at most the characters that are there, however large start and stop are")
  func stripsWhatIsThere() throws {
    func decoded(start: Int, stop: Int) throws -> String {
      let parts = #","decoder":{"type":"Strip","content":"x","start":\#(start),"stop":\#(stop)}"#
      let file = document(parts, vocabulary: #"{"xxaxxx":0,"x":1}"#)
      return try TokenizerFixtures.withTokenizerFile(Data(file.utf8)) { directory in
        let tokenizer = try Tokenizer.load(directory: directory)
        return tokenizer.decode([0], skipSpecialTokens: false) + "|" + tokenizer.decode([1], skipSpecialTokens: false)
      }
    }
    #expect(try decoded(start: 1 << 52, stop: 0) == "axxx|")
    #expect(try decoded(start: 0, stop: 1 << 52) == "xxa|")
    #expect(try decoded(start: 1, stop: 2) == "xax|")
    #expect(try decoded(start: 0, stop: 0) == "xxaxxx|x")
  }

  @Test("JSON is read as the standard says")
  func json() throws {
    let text = #"{ "a" : [1, -2.5e1, true, null, "\"\\\/\b\f\n\r\té😀"], "e\u0301" : {}, "é": 3 }"#
    let value = try JSONParser.parse(Array(text.utf8))
    let list = try #require(value["a"]?.array)
    #expect(list[0].integer == 1)
    #expect(list[1].integer == -25)
    #expect(list[2].bool == true)
    #expect(list[3].isNull)
    #expect(list[4].string == "\"\\/\u{8}\u{C}\n\r\té😀")
    #expect(value.object?.count == 3)
    #expect(value["é"]?.integer == 3)
    #expect(throws: TelltaleError.self) { try TokenizerFileReader.json(in: [0x22, 0xFF, 0x22], file: "f") }
  }

  @Test(
    "Ids out of range, doubled or not whole are refused by the token's name",
    arguments: [#"{"tok":-1}"#, #"{"tok":99999999999}"#, #"{"tok":1.5}"#, #"{"a":0,"tok":0}"#, #"{"tok":0,"tok":1}"#])
  func ids(vocabulary: String) throws {
    expectOneSentence(try refusal(document("", vocabulary: vocabulary)), naming: ["model.vocab", "tok"])
  }

  @Test("Gaps in the ids are read, and stay unused")
  func gaps() throws {
    let text = document("", vocabulary: #"{"a":0,"b":7}"#)
    try TokenizerFixtures.withTokenizerFile(Data(text.utf8)) { directory in
      let tokenizer = try Tokenizer.load(directory: directory)
      #expect(tokenizer.encode("ab", addSpecialTokens: false).ids == [0, 7])
      #expect(tokenizer.token(3) == nil)
      #expect(tokenizer.vocabularySize == 8)
    }
  }

  @Test(
    "Merges that are no pairs of tokens are refused by their number",
    arguments: [
      #"["a"]"#, #"["a  b"]"#, #"[" a"]"#, #"[["a"]]"#, #"[["a",1]]"#, #"[["","a"]]"#, #"["a b"]"#, #"["a a"]"#, "[1]",
    ])
  func merges(merges: String) throws {
    let text = document("", vocabulary: #"{"a":0,"":1}"#, merges: merges)
    expectOneSentence(try refusal(text), naming: ["model.merges[0]"])
  }

  @Test("Merges that lead to each other's tokens end")
  func cyclicMerges() throws {
    let text = document(
      "", vocabulary: #"{"a":0,"aa":1,"aaa":2}"#, merges: #"["aa a","a aa","a a","a a"]"#)
    try TokenizerFixtures.withTokenizerFile(Data(text.utf8)) { directory in
      let tokenizer = try Tokenizer.load(directory: directory)
      let ids = tokenizer.encode(String(repeating: "a", count: 10), addSpecialTokens: false).ids
      #expect(tokenizer.decode(ids, skipSpecialTokens: false).filter { $0 == "a" }.count == 10)
    }
  }

  @Test(
    "What is not supported is refused by name",
    arguments: [
      (#","normalizer":{"type":"Precompiled"}"#, "Precompiled"),
      (#","normalizer":{"type":"Replace","pattern":{"Regex":"x"},"content":""}"#, "regular expression"),
      (#","pre_tokenizer":{"type":"Whitespace"}"#, "Whitespace"),
      (#","pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"}"#, "\\w+"),
      (#","pre_tokenizer":{"type":"Metaspace","replacement":"__"}"#, "replacement"),
      (#","pre_tokenizer":{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}"#, "last"),
      (#","post_processor":{"type":"BertProcessing"}"#, "BertProcessing"),
      (#","post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}}]}"#, "<s>"),
      (#","decoder":{"type":"WordPiece"}"#, "WordPiece"),
      (#","decoder":{"type":"Strip","content":" ","start":-1,"stop":0}"#, "start"),
      (#","decoder":{}"#, "without a type"),
      (#","added_tokens":[{"id":0,"content":"b"}]"#, "\"b\""),
      (#","added_tokens":[{"id":5,"content":"a"}]"#, "two ids"),
      (#","added_tokens":[{"id":5,"content":"b"},{"id":5,"content":"c"}]"#, "added_tokens[1]"),
      (#","added_tokens":[{"id":1e12,"content":"b"}]"#, "1000000000000"),
      (#","added_tokens":7"#, "added_tokens"),
    ])
  func unsupportedParts(parts: String, name: String) throws {
    expectOneSentence(try refusal(document(parts)), naming: [name])
  }

  @Test(
    "Model options that change tokens are refused by name",
    arguments: [
      (#","dropout":0.1"#, "dropout"), (#","end_of_word_suffix":"</w>""#, "end_of_word_suffix"),
      (#","continuing_subword_prefix":"@@""#, "continuing_subword_prefix"), (#","unk_token":"?""#, "\"?\""),
      (#","fuse_unk":1"#, "fuse_unk"),
    ])
  func unsupportedOptions(options: String, name: String) throws {
    expectOneSentence(try refusal(document("", model: options)), naming: [name])
  }

  @Test("Other models, no model and an id outside the vocabulary in the template are refused")
  func otherModels() throws {
    expectOneSentence(try refusal(#"{"model":{"type":"Unigram","vocab":[]}}"#), naming: ["Unigram", "BPE"])
    expectOneSentence(try refusal("{}"), naming: ["model"])
    expectOneSentence(try refusal("[]"), naming: ["model"])
    expectOneSentence(try refusal(document("", vocabulary: "{}")), naming: ["empty"])
    let template =
      #","post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},"#
      + #"{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"ids":[9]}}}"#
    expectOneSentence(try refusal(document(template)), naming: ["9", "post_processor"])
  }

  @Test("A directory without a tokenizer, and a missing one, are refused with what to do")
  func noTokenizer() throws {
    try TokenizerFixtures.withTokenizerFile(Data(), named: "other.json") { directory in
      for missing in [directory, directory.appending(path: "none")] {
        let error = #expect(throws: TelltaleError.self) { try Tokenizer.load(directory: missing) }
        #expect(error?.description.contains("neither tokenizer.json nor tokenizer.model") == true)
      }
    }
  }

  @Test("A damaged file is refused or read, never crashes", arguments: ["tiny-llama", "tiny-llama3"])
  func damaged(name: String) throws {
    let file = TokenizerFixtures.folder.appending(path: "\(name)/tokenizer.json")
    let bytes = try TokenizerFileReader.bytes(of: file)
    var generator = SeededGenerator(state: 12)
    for _ in 0..<30 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0x20...0x7E, using: &generator)
      }
      if Bool.random(using: &generator) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &generator)) }
      try TokenizerFixtures.withTokenizerFile(Data(damaged)) { directory in
        guard let tokenizer = try? Tokenizer.load(directory: directory) else { return }
        _ = tokenizer.decode(tokenizer.encode("Some text, é 中", addSpecialTokens: true).ids, skipSpecialTokens: true)
      }
    }
  }
}
