import Foundation
import Foundations
import Testing

@testable import Tokenizers

@Suite("SentencePiece models")
struct SentencePieceTests {
  struct Row: Decodable {
    let text: String
    let ids: [Int]
    let decoded: String
  }

  static let file = TokenizerFixtures.folder.appending(path: "tiny-sentencepiece/tokenizer.model")

  /// A model written field by field: pieces with scores and kinds, of the BPE type, with the identity normaliser.
  static func model(pieces: [(text: String, score: Float, kind: UInt8)], modelType: UInt8 = 2) -> [UInt8] {
    var bytes: [UInt8] = []
    for piece in pieces {
      let bits = withUnsafeBytes(of: piece.score.bitPattern.littleEndian) { Array($0) }
      let text = Array(piece.text.utf8)
      let message = [0x0A, UInt8(text.count)] + text + [0x15] + bits + [0x18, piece.kind]
      bytes += [0x0A, UInt8(message.count)] + message
    }
    return bytes + [0x12, 2, 0x18, modelType] + [0x1A, 4, 0x20, 0, 0x18, 1]
  }

  @Test("Neighbours are merged into the piece with the best score, the leftmost first")
  func mergesByScore() throws {
    let pieces: [(String, Float, UInt8)] = [
      ("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("aa", -1, 1), ("ab", -2, 1), ("\u{2581}", -3, 1), ("a", -4, 1),
      ("b", -5, 1),
    ]
    let model = try SentencePieceModel(Self.model(pieces: pieces), file: "m")
    let pipeline = try model.pipeline(TokenizerConfiguration())
    // ▁ a a a b: "aa" at the first place, and then "ab" is left.
    #expect(pipeline.encode("aaab", addSpecialTokens: false).ids == [5, 3, 4])
    // Without byte pieces a run of unknown characters is one unknown token.
    #expect(pipeline.encode("a??", addSpecialTokens: false).ids == [5, 6, 0])
  }

  @Test("The ids and the decoded text are the library's")
  func goldens() throws {
    let tokenizer = try Tokenizer.load(sentencePieceModel: Self.file)
    let rows: [Row] = try TokenizerFixtures.rows(
      Self.file.deletingLastPathComponent().appending(path: "encodings.jsonl"))
    #expect(rows.count > 100)
    for row in rows {
      let comment = Comment(rawValue: row.text.debugDescription)
      #expect(tokenizer.encode(row.text, addSpecialTokens: false).ids == row.ids, comment)
      expectSameScalars(tokenizer.decode(row.ids, skipSpecialTokens: true), row.decoded, comment)
    }
  }

  @Test("A directory with only tokenizer.model is read, and its special tokens count only in chats")
  func directory() throws {
    let tokenizer = try Tokenizer.load(directory: Self.file.deletingLastPathComponent())
    let bos = try #require(tokenizer.bosTokenID)
    #expect(tokenizer.token(bos) == "<s>")
    #expect(tokenizer.encode("a", addSpecialTokens: true).ids.first == bos)
    #expect(!tokenizer.encode("<s>", addSpecialTokens: false).ids.contains(bos))
    let template = ChatTemplate(.llama2)
    let chat = try tokenizer.encodeChat([.user("Hi")], addGenerationPrompt: true, template: template)
    #expect(chat.encoding.ids.filter { $0 == bos }.count == 1)
    #expect(chat.encoding.ids.first == bos)
  }

  @Test("Models of other types and with other normalisation are refused by name")
  func refusals() {
    let pieces: [(String, Float, UInt8)] = [("<unk>", 0, 2), ("a", 0, 1)]
    let unigram = #expect(throws: TelltaleError.self) {
      try SentencePieceModel(Self.model(pieces: pieces, modelType: 1), file: "m")
    }
    #expect(unigram?.description.contains("BPE") == true)
    let extra = #expect(throws: TelltaleError.self) {
      try SentencePieceModel(Self.model(pieces: pieces) + [0x1A, 2, 0x20, 1], file: "m")
    }
    #expect(extra?.description.contains("white space") == true)
    let map = #expect(throws: TelltaleError.self) {
      try SentencePieceModel(Self.model(pieces: pieces) + [0x1A, 3, 0x12, 1, 7], file: "m")
    }
    #expect(map?.description.contains("character map") == true)
  }

  @Test(
    "Malformed messages are refused in one sentence",
    arguments: [
      [], [0x0A], [0x0A, 0xFF], [0x0A, 5, 1, 2], [0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2], [0x0B, 0x0C], [0x00, 0x00], [0x0D, 1, 2],
      [0x0A, 3, 0x0A, 1, 0xFF], [0x0A, 7, 0x15, 0, 0, 0xC0, 0x7F, 0x18, 1], [0x0A, 2, 0x18, 99],
    ] as [[UInt8]])
  func malformed(bytes: [UInt8]) {
    let error = #expect(throws: TelltaleError.self) { try SentencePieceModel(bytes, file: "tokenizer.model") }
    #expect(error?.description.hasPrefix("tokenizer.model") == true)
    #expect(error?.description.contains("\n") == false)
  }

  @Test("A damaged model is refused or read, never crashes")
  func damaged() throws {
    let bytes = try TokenizerFileReader.bytes(of: Self.file)
    var generator = SeededGenerator(state: 11)
    for _ in 0..<300 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) { damaged.removeLast(Int.random(in: 0..<damaged.count, using: &generator)) }
      let pipeline = try? SentencePieceModel(damaged, file: "m").pipeline(TokenizerConfiguration())
      if let pipeline { _ = pipeline.encode("Some text, é 中", addSpecialTokens: true) }
    }
  }
}
