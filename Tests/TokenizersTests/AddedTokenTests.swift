import Foundations
import Testing

@testable import Tokenizers

@Suite("Added tokens")
struct AddedTokenTests {
  /// The pieces as text: tokens as `#id` with the range that they take up.
  func pieces(_ tokens: [AddedToken], in text: String) -> [String] {
    AddedTokenMatcher(tokens) { $0.content.scalars }.split(AlignedText(original: text)).map { piece in
      switch piece {
      case .text(let text): text.string
      case .token(let id, let range): "#\(id)@\(range.lowerBound)-\(range.upperBound)"
      }
    }
  }

  func token(_ id: Int, _ content: String) -> AddedToken { AddedToken(id: id, content: UTF8Text(content)) }

  @Test("The leftmost token is found, and of those at one place the longest")
  func leftmostLongest() {
    let tokens = [token(1, "<s>"), token(2, "<s>x"), token(3, "s>")]
    #expect(pieces(tokens, in: "a<s>b<s>xs>") == ["a", "#1@1-4", "b", "#2@5-9", "#3@9-11"])
    #expect(pieces(tokens, in: "<s") == ["<s"])
    #expect(pieces(tokens, in: "") == [])
    #expect(pieces([], in: "a") == ["a"])
  }

  @Test("White space goes with a token that strips it")
  func stripping() {
    var left = token(1, "[L]")
    left.stripsLeft = true
    var right = token(2, "[R]")
    right.stripsRight = true
    #expect(pieces([left, right], in: "a \t[L] b") == ["a", "#1@1-6", " b"])
    #expect(pieces([left, right], in: "a [R]\u{2003} b") == ["a ", "#2@2-7", "b"])
    // White space between two goes with the first.
    #expect(pieces([left, right], in: "[R]  [L]") == ["#2@0-5", "#1@5-8"])
  }

  @Test("A single word is not found where it touches a letter, digit, mark or underscore")
  func singleWord() {
    var word = token(1, "ab")
    word.isSingleWord = true
    #expect(pieces([word], in: "ab, (ab)") == ["#1@0-2", ", (", "#1@5-7", ")"])
    #expect(pieces([word], in: "abc xab ab_ ab1 ab\u{301}") == ["abc xab ab_ ab1 ab\u{301}"])
  }

  @Test("Tokens marked as normalised are found in the normalised text only")
  func normalized() throws {
    func ids(isNormalized: Bool) throws -> [Int] {
      let added: [String: Any] = ["id": 5, "content": "Ab", "normalized": isNormalized, "special": false]
      let tokenizer = try TokenizerFixtures.tokenizer(
        vocabulary: ["a", "b", "c", "A", "B"],
        parts: ["normalizer": ["type": "Lowercase"], "added_tokens": [added]])
      return tokenizer.encode("AbcAB", addSpecialTokens: false).ids
    }
    #expect(try ids(isNormalized: true) == [5, 2, 5])
    #expect(try ids(isNormalized: false) == [5, 2, 0, 1])
  }

  @Test("Text after a special token gets its own prepended space, unless the scheme says first")
  func prependedSpaces() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-llama")
    let pieces = tokenizer.encode("</s>\n", addSpecialTokens: false).ids.map { tokenizer.token($0) }
    #expect(pieces == ["</s>", "▁", "<0x0A>"])
    let metaspace = try TokenizerFixtures.tokenizer("tiny-llama-metaspace")
    let firstOnly = metaspace.encode("</s>\n", addSpecialTokens: false).ids.map { metaspace.token($0) }
    #expect(firstOnly == ["</s>", "<0x0A>"])
  }
}
