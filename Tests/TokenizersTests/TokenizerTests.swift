import Foundation
import Foundations
import Testing

@testable import Tokenizers

@Suite("Encoding and decoding")
struct TokenizerTests {
  /// Llama's normaliser.
  private var metaspaceParts: [String: Any] {
    let replace: [String: Any] = ["type": "Replace", "pattern": ["String": " "], "content": "▁"]
    let prepend: [String: Any] = ["type": "Prepend", "prepend": "▁"]
    return ["normalizer": ["type": "Sequence", "normalizers": [prepend, replace]]]
  }

  @Test("The merge of the lowest rank goes first, and of equal ones the leftmost")
  func mergeOrder() throws {
    let vocabulary = ["a", "b", "c", "bc", "ab", "abc", "aa"]
    let tokenizer = try TokenizerFixtures.tokenizer(vocabulary: vocabulary, merges: ["b c", "a b", "a bc", "a a"])
    #expect(tokenizer.encode("abc", addSpecialTokens: false).ids == [5])
    #expect(tokenizer.encode("ab", addSpecialTokens: false).ids == [4])
    // "a b" comes before "a a".
    #expect(tokenizer.encode("aab", addSpecialTokens: false).ids == [0, 4])
    #expect(tokenizer.encode("aaaaa", addSpecialTokens: false).ids == [6, 6, 0])
  }

  @Test("Canonically equivalent tokens are different tokens")
  func canonicalEquivalence() throws {
    let document = #"{"model":{"vocab":{"\u03af":0,"\u1f77":1,"a":2},"merges":[]}}"#
    let tokenizer = try TokenizerFixtures.withTokenizerFile(Data(document.utf8)) { try Tokenizer.load(directory: $0) }
    #expect(tokenizer.encode("\u{1F77}a\u{3AF}", addSpecialTokens: false).ids == [1, 2, 0])
    #expect(tokenizer.id(ofToken: "\u{1F77}") == 1)
    expectSameScalars(try #require(tokenizer.token(1)), "\u{1F77}")
    #expect(tokenizer.token(3) == nil)
    #expect(tokenizer.token(-1) == nil)
    #expect(tokenizer.vocabularySize == 3)
  }

  @Test("Unknown characters become bytes, one unknown token, several, or nothing")
  func unknownCharacters() throws {
    let bytes = (0...255).map { BytePairModel.byteToken(UInt8($0)).string }
    func ids(_ vocabulary: [String], _ model: [String: Any]) throws -> [Int] {
      let tokenizer = try TokenizerFixtures.tokenizer(vocabulary: vocabulary, model: model)
      return tokenizer.encode("aéée", addSpecialTokens: false).ids
    }
    // é is C3 A9 in UTF-8; the byte tokens begin at 2.
    #expect(try ids(["a", "e"] + bytes, ["byte_fallback": true]) == [0, 2 + 0xC3, 2 + 0xA9, 2 + 0xC3, 2 + 0xA9, 1])
    #expect(try ids(["a", "e", "?"], ["unk_token": "?"]) == [0, 2, 2, 1])
    #expect(try ids(["a", "e", "?"], ["unk_token": "?", "fuse_unk": true]) == [0, 2, 1])
    #expect(try ids(["a", "e"], [:]) == [0, 1])
  }

  @Test("Offsets count the scalars of the text that was passed in")
  func offsets() throws {
    let bytes = (0...255).map { BytePairModel.byteToken(UInt8($0)).string }
    let tokenizer = try TokenizerFixtures.tokenizer(
      vocabulary: ["▁", "H", "i", "▁H"] + bytes, merges: ["▁ H"], model: ["byte_fallback": true],
      parts: metaspaceParts)
    // "▁H" "i" "▁" and the four bytes of the emoji, which all carry its one scalar.
    let encoding = tokenizer.encode("Hi 😀", addSpecialTokens: false)
    #expect(encoding.ids.prefix(3) == [3, 2, 0])
    #expect(encoding.offsets == [0..<1, 1..<2, 2..<3, 3..<4, 3..<4, 3..<4, 3..<4])
    #expect(encoding.tokenIndex(carrying: 3) == 6)
    // The prepended space alone carries nothing, a real one itself.
    #expect(tokenizer.encode("iH", addSpecialTokens: false).offsets == [0..<0, 0..<1, 1..<2])
    #expect(tokenizer.encode(" i", addSpecialTokens: false).offsets == [0..<0, 0..<1, 1..<2])
    #expect(tokenizer.encode("iH", addSpecialTokens: false).tokenIndex(carrying: 0) == 1)
    #expect(tokenizer.encode("iH", addSpecialTokens: false).tokenIndex(carrying: 2) == nil)
    #expect(tokenizer.encode("", addSpecialTokens: true) == Encoding())
  }

  @Test("A composed character has the range of all its parts")
  func composedOffsets() throws {
    let tokenizer = try TokenizerFixtures.tokenizer(
      vocabulary: ["é", "a", "가", "ệ"], parts: ["normalizer": ["type": "NFC"]])
    let encoding = tokenizer.encode("ae\u{301}a\u{1100}\u{1161}\u{65}\u{302}\u{323}a", addSpecialTokens: false)
    #expect(encoding.ids == [1, 0, 1, 2, 3, 1])
    #expect(encoding.offsets == [0..<1, 1..<3, 3..<4, 4..<6, 6..<9, 9..<10])
  }

  @Test("A long word takes time in proportion to its length")
  func longWord() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-llama3")
    let word = String(repeating: "abcdefghij", count: 10_000)
    let clock = ContinuousClock()
    var encoding = Encoding()
    let duration = clock.measure { encoding = tokenizer.encode(word, addSpecialTokens: false) }
    #expect(encoding.offsets.last?.upperBound == 100_000)
    #expect(tokenizer.decode(encoding.ids, skipSpecialTokens: false) == word)
    // Quadratic merging would take minutes.
    #expect(duration < .seconds(20))
  }

  @Test("Very many combining marks on one letter are put in order in time")
  func manyMarks() throws {
    let tokenizer = try TokenizerFixtures.tokenizer(
      vocabulary: ["ạ", "\u{301}", "\u{323}"], parts: ["normalizer": ["type": "NFC"]])
    let marks = String(repeating: "\u{301}\u{323}", count: 20_000)
    let clock = ContinuousClock()
    var encoding = Encoding()
    let duration = clock.measure { encoding = tokenizer.encode("a" + marks, addSpecialTokens: false) }
    // The dots below come first, and the first of them composes with the letter.
    #expect(encoding.ids == [0] + Array(repeating: 2, count: 19_999) + Array(repeating: 1, count: 20_000))
    #expect(encoding.offsets.allSatisfy { $0 == 0..<40_001 })
    #expect(duration < .seconds(20))
  }

  @Test("Decoding drops the space that encoding prepended, and special tokens if asked")
  func decoding() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-llama")
    let ids = tokenizer.encode("Hello there", addSpecialTokens: true).ids
    #expect(tokenizer.decode(ids, skipSpecialTokens: true) == "Hello there")
    #expect(tokenizer.decode(ids, skipSpecialTokens: false) == "<s> Hello there")
    #expect(tokenizer.decode([1 << 40, -3] + ids, skipSpecialTokens: true) == "Hello there")
    #expect(ids.first == tokenizer.bosTokenID)
    #expect(tokenizer.isSpecial(ids[0]) && !tokenizer.isSpecial(ids[1]))
    #expect(tokenizer.eosTokenID == 2)
  }

  @Test("A batch is the texts one by one")
  func batch() throws {
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-qwen2")
    let texts = ["one", "", "two words", "one"]
    let batch = tokenizer.encodeBatch(texts, addSpecialTokens: true)
    #expect(batch == texts.map { tokenizer.encode($0, addSpecialTokens: true) })
  }

  @Test("The content hash is the SHA-256 of the file")
  func contentHash() throws {
    // From FIPS 180-4's examples and `sha256sum`.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    let twoBlocks = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    #expect(SHA256.hexadecimalDigest(of: []) == empty)
    #expect(SHA256.hexadecimalDigest(of: Array("abc".utf8)) == abc)
    let text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
    #expect(SHA256.hexadecimalDigest(of: Array(text.utf8)) == twoBlocks)
    let tokenizer = try TokenizerFixtures.tokenizer("tiny-llama")
    #expect(tokenizer.contentHash == "ce3451762fe11c267742ad980ab5b752fb13abf9eaa0e9a2c9170b6d8bbb6640")
  }
}
