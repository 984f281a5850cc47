import LanguageModels
import TestSupport
import Testing
import Tokenizers

@testable import Endpoint

@Suite("The text of an answer as its tokens come") struct AnswerTextTests {
  private let tokenizer: Tokenizer
  init() throws { tokenizer = try Tokenizer.load(directory: Fixtures.file("models/tiny-qwen2")) }

  private func pieces(_ text: String, stops: [String]) -> (pieces: [AnswerPiece], isStopped: Bool) {
    var answer = AnswerText(tokenizer.makeStreamingDecoder(skipSpecialTokens: true), stops: stops)
    var pieces = tokenizer.encode(text, addSpecialTokens: false).ids.map { answer.append(DecodedToken(token: $0)) }
    pieces.append(answer.finish())
    return (pieces, answer.isStopped)
  }

  @Test(
    "Text up to the first stop string is handed out, and nothing of it",
    arguments: [
      ("one two three", ["two"], "one ", true), ("one two three", ["three", "two"], "one ", true),
      ("one two three", ["twoo"], "one two three", false), ("aaab", ["aab"], "a", true),
      ("one\n\ntwo", ["\n\n"], "one", true), ("naïve café 😀 end", ["😀"], "naïve café ", true),
      ("no stop here", ["here!"], "no stop here", false), ("x", ["x"], "", true),
    ])
  func stops(_ text: String, _ stops: [String], _ expected: String, _ isStopped: Bool) {
    let found = pieces(text, stops: stops)
    #expect(found.pieces.map(\.text).joined() == expected && found.isStopped == isStopped)
  }

  @Test("No piece ends within a stop string that is yet to come")
  func holdsBack() {
    var seen = ""
    for piece in pieces("we end here", stops: ["end here"]).pieces {
      seen += piece.text
      #expect("we ".hasPrefix(seen))
    }
    #expect(seen == "we ")
  }

  @Test("Every token is handed out once, at the offset where its text begins")
  func offsets() {
    let text = "Zwölf Boxkämpfer 😀 jagen"
    let found = pieces(text, stops: ["never"]).pieces.flatMap(\.tokens)
    #expect(found.map(\.token.token) == tokenizer.encode(text, addSpecialTokens: false).ids)
    #expect(found.map(\.offset) == found.map(\.offset).sorted())
    #expect(found.allSatisfy { $0.offset < text.unicodeScalars.count })
  }
}
