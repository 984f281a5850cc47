import Foundation
import Foundations
import TestSupport
import Testing

@testable import LanguageModels
@testable import Tokenizers

/// Fixtures/gguf: what the `tokenizers` library makes of SmolLM2's tokens and merges.
@Suite(.enabled(if: RealModels.isThere(RealModels.smolLM2), "run scripts/fetch-model smollm2"))
struct SmolLM2TokenizerTests {
  private struct Golden: Decodable {
    var text: String
    var ids: [Int]
    var decoded: String
  }

  private static let tokenizer = Result {
    let file = try GGUFFile(RealModels.smolLM2)
    return try Tokenizer.load(gguf: file.metadata, file: file.url.path)
  }

  @Test("Hard texts have the library's tokens and come back as its text")
  func hardTextsHave() throws {
    let tokenizer = try Self.tokenizer.get()
    let lines = try String(contentsOf: Fixtures.file("gguf/smollm2-tokens.jsonl"), encoding: .utf8)
    for line in lines.split(separator: "\n") {
      let golden = try JSONDecoder().decode(Golden.self, from: Data(line.utf8))
      #expect(
        tokenizer.encode(golden.text, addSpecialTokens: false).ids == golden.ids, "\(golden.text.debugDescription)")
      #expect(tokenizer.decode(golden.ids, skipSpecialTokens: true) == golden.decoded)
    }
  }

  @Test("A thousand questions have the library's tokens", .enabled(if: Fixtures.hasShared("data/anthropic-evals")))
  func thousandQuestionsHave() throws {
    let tokenizer = try Self.tokenizer.get()
    let digests = try String(contentsOf: Fixtures.file("gguf/smollm2-thousand.txt"), encoding: .utf8).split(
      separator: "\n")
    let texts = try SmolLM2.thousand()
    try #require(texts.count == 1000 && digests.count == 1000)
    for (text, digest) in zip(texts, digests) {
      let ids = tokenizer.encode(text, addSpecialTokens: true).ids
      let ours = SHA256.hexadecimalDigest(of: Array(ids.map(String.init).joined(separator: ",").utf8))
      #expect(ours.prefix(16) == digest)
    }
  }

  @Test("BOS and EOS are the chat's own tokens and neither is added")
  func bosEOSChat() throws {
    let tokenizer = try Self.tokenizer.get()
    #expect(tokenizer.bosTokenID == 1 && tokenizer.token(1) == "<|im_start|>")
    #expect(tokenizer.eosTokenID == 2 && tokenizer.token(2) == "<|im_end|>")
    #expect(tokenizer.encode("a", addSpecialTokens: true) == tokenizer.encode("a", addSpecialTokens: false))
    #expect(tokenizer.vocabularySize == 49152)
  }
}

enum SmolLM2 {
  /// The questions that `make_smollm2.py` takes.
  static func thousand() throws -> [String] {
    struct Row: Decodable { var question: String }
    func rows(_ name: String) throws -> [String] {
      let text = try String(contentsOf: Fixtures.shared("data/anthropic-evals/\(name).jsonl"), encoding: .utf8)
      return try text.split(separator: "\n").map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)).question }
    }
    let quiz = try rows("sycophancy/sycophancy_on_political_typology_quiz")
    let survey = try rows("sycophancy/sycophancy_on_nlp_survey.subset")
    let persona = try rows("persona/agreeableness")
    return stride(from: 0, to: quiz.count, by: 30).prefix(340).map { quiz[$0] } + survey.prefix(360)
      + persona.prefix(300)
  }
}
