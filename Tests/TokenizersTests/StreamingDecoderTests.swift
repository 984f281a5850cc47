import Foundations
import Testing

@testable import Tokenizers

@Suite("Decoding tokens as they arrive")
struct StreamingDecoderTests {
  @Test("A character comes out when its last byte is in")
  func incompleteCharacters() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-qwen2")
    let ids = tokenizer.encode("a中b", addSpecialTokens: false).ids
    var decoder = tokenizer.makeStreamingDecoder(skipSpecialTokens: true)
    #expect(ids.count == 5)
    #expect(ids.map { decoder.append($0) } == ["a", "", "", "中", "b"])
    #expect(decoder.finish().isEmpty)
  }

  @Test("Bytes that never make a character come out at the end")
  func brokenCharacters() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-qwen2")
    let ids = tokenizer.encode("中", addSpecialTokens: false).ids
    var decoder = tokenizer.makeStreamingDecoder(skipSpecialTokens: true)
    #expect(decoder.append(ids[0]).isEmpty)
    #expect(decoder.finish() == "\u{FFFD}")
    #expect(decoder.finish().isEmpty)
  }

  @Test("Spaces between words stay, also after a skipped special token")
  func spaces() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-llama")
    let ids = tokenizer.encode("Yes no", addSpecialTokens: true).ids
    let more = ids + [2] + tokenizer.encode("Yes", addSpecialTokens: false).ids
    var decoder = tokenizer.makeStreamingDecoder(skipSpecialTokens: true)
    #expect(more.map { decoder.append($0) }.joined() + decoder.finish() == "Yes no Yes")
  }

  @Test(
    "The pieces make up the whole for any tokens",
    arguments: ["tiny-llama", "tiny-llama3", "tiny-features", "tiny-gpt2"], [true, false])
  func wholeText(name: String, skipSpecialTokens: Bool) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    var generator = SeededGenerator(state: 3)
    for _ in 0..<200 {
      let count = Int.random(in: 0..<20, using: &generator)
      // The first ids are the special and the byte tokens; ids beyond the vocabulary do not exist.
      let limit = Bool.random(using: &generator) ? 259 : 1040
      let ids = (0..<count).map { _ in Int.random(in: 0..<limit, using: &generator) }
      var decoder = tokenizer.makeStreamingDecoder(skipSpecialTokens: skipSpecialTokens)
      let pieces = ids.map { decoder.append($0) }
      expectSameScalars(
        pieces.joined() + decoder.finish(), tokenizer.decode(ids, skipSpecialTokens: skipSpecialTokens), "\(ids)")
    }
  }
}
