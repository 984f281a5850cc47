import Foundation
import Testing

@testable import Tokenizers

@Suite("Tokenizers agree with the reference implementations")
struct TokenizerGoldenTests {
  struct FixtureRow: Decodable {
    let text: String
    let ids: [Int]
    let idsWithSpecial: [Int]
    let tokens: [String]
    let offsets: [[Int]]
    let decoded: String
    let decodedSkipSpecial: String
  }

  @Test(
    "Ids, tokens, offsets and decoded text of the small tokenizers are the library's",
    arguments: [
      "tiny-llama", "tiny-mistral", "tiny-llama3", "tiny-qwen2", "tiny-llama-normalized", "tiny-llama-metaspace",
      "tiny-features", "tiny-gpt2",
    ])
  func fixtures(name: String) throws {
    let tokenizer = try TokenizerFixtures.tokenizer(name)
    let file = TokenizerFixtures.folder.appending(path: "\(name)/encodings.jsonl")
    for row in try TokenizerFixtures.rows(file, as: FixtureRow.self) {
      let comment = Comment(rawValue: row.text.debugDescription)
      let encoding = tokenizer.encode(row.text, addSpecialTokens: false)
      #expect(encoding.ids == row.ids, comment)
      #expect(encoding.offsets.map { [$0.lowerBound, $0.upperBound] } == row.offsets, comment)
      #expect(tokenizer.encode(row.text, addSpecialTokens: true).ids == row.idsWithSpecial, comment)
      expectSameScalars(tokenizer.decode(row.ids, skipSpecialTokens: false), row.decoded, comment)
      let skipped = tokenizer.decode(row.idsWithSpecial, skipSpecialTokens: true)
      expectSameScalars(skipped, row.decodedSkipSpecial, comment)
    }
  }

  struct SharedRow: Decodable {
    let text: String
    let ids: [Int]
    let idsWithBos: [Int]
    let tokens: [String]?
    let decoded: String
    let decodedSkipSpecial: String
    let sentencepieceIds: [Int]?
  }

  static let sharedNames = [
    "llama-2", "mistral-v1", "gpt2", "qwen2.5", "llama-2/variants/metaspace-non-legacy",
    "llama-2/variants/normalized-added-tokens",
  ]

  @Test(
    "Every golden encoding of the real tokenizers is met", .enabled(if: TokenizerFixtures.hasShared),
    arguments: sharedNames)
  func sharedEncodings(name: String) throws {
    let folder = TokenizerFixtures.shared.appending(path: name)
    let tokenizer = try Tokenizer.load(directory: folder)
    let rows: [SharedRow] = try TokenizerFixtures.rows(folder.appending(path: "encodings.jsonl"))
    #expect(rows.count > 100)
    for row in rows {
      let comment = Comment(rawValue: row.text.debugDescription)
      #expect(tokenizer.encode(row.text, addSpecialTokens: false).ids == row.ids, comment)
      #expect(tokenizer.encode(row.text, addSpecialTokens: true).ids == row.idsWithBos, comment)
      expectSameScalars(tokenizer.decode(row.ids, skipSpecialTokens: false), row.decoded, comment)
      let skipped = tokenizer.decode(row.idsWithBos, skipSpecialTokens: true)
      expectSameScalars(skipped, row.decodedSkipSpecial, comment)
      for (id, token) in zip(row.ids, row.tokens ?? []) {
        let own = try #require(tokenizer.token(id))
        expectSameScalars(own, token, comment)
        #expect(tokenizer.id(ofToken: token) == id)
      }
    }
  }

  @Test(
    "SentencePiece models give SentencePiece's ids", .enabled(if: TokenizerFixtures.hasShared),
    arguments: ["llama-2", "mistral-v1"])
  func sharedSentencePiece(name: String) throws {
    let folder = TokenizerFixtures.shared.appending(path: name)
    let tokenizer = try Tokenizer.load(sentencePieceModel: folder.appending(path: "tokenizer.model"))
    for row: SharedRow in try TokenizerFixtures.rows(folder.appending(path: "encodings.jsonl")) {
      let expected = try #require(row.sentencepieceIds)
      let comment = Comment(rawValue: row.text.debugDescription)
      #expect(tokenizer.encode(row.text, addSpecialTokens: false).ids == expected, comment)
    }
  }

  struct DecodingRow: Decodable {
    let ids: [Int]
    let decoded: String
    let decodedSkipSpecial: String
  }

  @Test(
    "Arbitrary ids decode as golden, at once and one by one", .enabled(if: TokenizerFixtures.hasShared),
    arguments: ["llama-2", "mistral-v1", "gpt2", "qwen2.5"])
  func sharedDecodings(name: String) throws {
    let folder = TokenizerFixtures.shared.appending(path: name)
    let tokenizer = try Tokenizer.load(directory: folder)
    for row: DecodingRow in try TokenizerFixtures.rows(folder.appending(path: "decodings.jsonl")) {
      expectSameScalars(tokenizer.decode(row.ids, skipSpecialTokens: false), row.decoded)
      expectSameScalars(tokenizer.decode(row.ids, skipSpecialTokens: true), row.decodedSkipSpecial)
      var decoder = tokenizer.makeStreamingDecoder(skipSpecialTokens: true)
      let streamed = row.ids.map { decoder.append($0) }.joined() + decoder.finish()
      expectSameScalars(streamed, row.decodedSkipSpecial)
    }
  }
}
