import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Tokenizers

struct GGUFTokenizerTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func tokenizer(_ builder: GGUFBuilder) throws -> Tokenizer {
    let file = try GGUFFile(builder.write(to: folder.url.appending(path: "t.gguf")))
    return try Tokenizer.load(gguf: file.metadata, file: file.url.path)
  }

  private func refusal(_ builder: GGUFBuilder) throws -> String {
    do { _ = try tokenizer(builder) } catch let error as TelltaleError {
      #expect(error.code == .badInput && error.location?.item != nil)
      return error.message
    }
    return "read"
  }

  /// Letters, a merge, a token of a chat and one of a user.
  private func letters(pre: String = "gpt-2") -> GGUFBuilder {
    var builder = GGUFBuilder()
    builder.add("tokenizer.ggml.model", .text("gpt2"))
    builder.add("tokenizer.ggml.pre", .text(pre))
    let digits = (0...9).map(String.init)
    let tokens = ["a", "b", "ab", "Ġ", "Ġa", "<|s|>", "bb", "<pad>", "$", "`"] + digits + ["12", "123"]
    builder.add("tokenizer.ggml.tokens", .texts(tokens))
    builder.add("tokenizer.ggml.token_type", .int32s([1, 1, 1, 1, 1, 3, 4, 5] + tokens.dropFirst(8).map { _ in 1 }))
    builder.add("tokenizer.ggml.merges", .texts(["a b", "Ġ a", "1 2", "12 3"]))
    builder.add("tokenizer.ggml.bos_token_id", .uint32(5))
    builder.add("tokenizer.ggml.eos_token_id", .uint32(5))
    return builder
  }

  @Test("Merges, control tokens and a user's tokens are found")
  func mergesControlTokens() throws {
    let tokenizer = try tokenizer(letters())
    #expect(tokenizer.encode("ab a<|s|>abb", addSpecialTokens: true).ids == [2, 4, 5, 0, 6])
    #expect(tokenizer.decode([2, 4, 5, 6], skipSpecialTokens: true) == "ab abb")
    #expect(tokenizer.isSpecial(5) && !tokenizer.isSpecial(6))
    #expect(tokenizer.bosTokenID == 5 && tokenizer.eosTokenID == 5)
    // An unused token stands for nothing.
    #expect(tokenizer.token(7) == nil)
  }

  @Test("BOS is added where the file says so, or its kind of split does")
  func bosAddedWhere() throws {
    var builder = letters()
    builder.add("tokenizer.ggml.add_bos_token", .bool(true))
    builder.add("tokenizer.ggml.add_eos_token", .bool(true))
    #expect(try tokenizer(builder).encode("a", addSpecialTokens: true).ids == [5, 0, 5])
    #expect(try tokenizer(letters(pre: "llama-bpe")).encode("a", addSpecialTokens: true).ids == [5, 0])
    #expect(try tokenizer(letters(pre: "qwen2")).encode("a", addSpecialTokens: true).ids == [0])
  }

  @Test(
    "Digits are split as the file's pre-tokenizer does",
    arguments: [
      ("gpt-2", [21, 13]), ("smollm", [11, 12, 13, 13]), ("llama-bpe", [5, 21, 13]), ("qwen2", [11, 12, 13, 13]),
      ("default", [21, 13]),
    ])
  func digitsSplitFile(_ pre: String, _ ids: [Int]) throws {
    #expect(try tokenizer(letters(pre: pre)).encode("1233", addSpecialTokens: true).ids == ids)
  }

  @Test("The default split cuts punctuation first and digits by threes")
  func defaultSplitCuts() {
    func pieces(_ text: String) -> [String] {
      LlamaDefaultSplit.split(AlignedText(original: text)).map { $0.utf8Text.string }
    }
    #expect(pieces("a $12,345.6") == ["a", " ", "$", "12", ",", "345", ".", "6"])
    #expect(pieces("12345678") == ["123", "456", "78"])
    #expect(pieces("x²12²123") == ["x", "²12²", "123"])
    #expect(pieces(" `b` 7") == [" `", "b", "`", " ", "7"])
    #expect(pieces("").isEmpty)
  }

  @Test("A split that is not known is refused by name")
  func splitKnownRefused() throws {
    let message = try refusal(letters(pre: "tekken-99"))
    #expect(message.contains("\"tekken-99\"") && message.contains("smollm") && message.contains("llama-bpe"))
  }

  @Test("A tokenizer of another kind, or none, is refused")
  func tokenizerAnotherKind() throws {
    var builder = GGUFBuilder()
    #expect(try refusal(builder).contains("missing"))
    builder.add("tokenizer.ggml.model", .text("bert"))
    #expect(try refusal(builder).contains("\"bert\""))
  }

  private func replacing(_ key: String, _ value: GGUFBuilder.Value) -> GGUFBuilder {
    var builder = letters()
    builder.values.removeAll { $0.key == key }
    builder.add(key, value)
    return builder
  }

  @Test("Lists that do not fit the tokens are refused")
  func listsDoFit() throws {
    #expect(try refusal(replacing("tokenizer.ggml.token_type", .int32s([1]))).contains("1 entries for 22 tokens"))
    #expect(try refusal(replacing("tokenizer.ggml.bos_token_id", .uint32(99))).contains("is 99"))
    #expect(try refusal(replacing("tokenizer.ggml.merges", .texts(["a x"]))).contains("not there"))
    #expect(try refusal(replacing("tokenizer.ggml.merges", .texts(["ab"]))).contains("not there"))
    #expect(try refusal(replacing("tokenizer.ggml.merges", .text("a b"))).contains("no list of merges"))
    #expect(try refusal(replacing("tokenizer.ggml.tokens", .texts([]))).contains("no list of tokens"))
    #expect(try refusal(replacing("tokenizer.ggml.tokens", .texts(["a", "a"]))).contains("fetch the file again"))
  }

  // MARK: SentencePiece

  /// The pieces of a SentencePiece model, in a GGUF file, must give what the model itself does.
  @Test("A SentencePiece tokenizer in GGUF gives the tokens of its model file")
  func sentencepieceTokenizerGGUF() throws {
    let url = Fixtures.file("tokenizers/tiny-sentencepiece/tokenizer.model")
    let model = try SentencePieceModel(Array(Data(contentsOf: url)), file: url.path)
    var builder = GGUFBuilder()
    builder.add("tokenizer.ggml.model", .text("llama"))
    builder.add("tokenizer.ggml.tokens", .texts(model.pieces.map(\.text.string)))
    builder.add("tokenizer.ggml.scores", .float32s(model.pieces.map(\.score)))
    builder.add("tokenizer.ggml.token_type", .int32s(model.pieces.map { Int32($0.kind.rawValue) }))
    let ours = try tokenizer(builder)
    let reference = try Tokenizer.load(sentencePieceModel: url)
    for text in ["", "Hello, world", "  two  spaces", "été 12 日本", "a\nb", "<s>x</s>"] {
      #expect(ours.encode(text, addSpecialTokens: true) == reference.encode(text, addSpecialTokens: true))
    }
    #expect(ours.bosTokenID == reference.bosTokenID && ours.eosTokenID == reference.eosTokenID)
  }

  @Test("An unknown token that is called a control token is found by its number")
  func unknownTokenCalled() throws {
    var builder = GGUFBuilder()
    builder.add("tokenizer.ggml.model", .text("llama"))
    builder.add("tokenizer.ggml.tokens", .texts(["<s>", "</s>", "a", "<unk>"]))
    builder.add("tokenizer.ggml.scores", .float32s([0, 0, 0, 0]))
    builder.add("tokenizer.ggml.token_type", .int32s([3, 3, 1, 3]))
    builder.add("tokenizer.ggml.bos_token_id", .uint32(0))
    builder.add("tokenizer.ggml.eos_token_id", .uint32(1))
    builder.add("tokenizer.ggml.unknown_token_id", .uint32(3))
    builder.add("tokenizer.ggml.add_space_prefix", .bool(false))
    #expect(try tokenizer(builder).encode("ab", addSpecialTokens: true).ids == [0, 2, 3])
  }

  @Test("Scores that are missing or not finite are refused")
  func scoresMissingFinite() throws {
    var builder = GGUFBuilder()
    builder.add("tokenizer.ggml.model", .text("llama"))
    builder.add("tokenizer.ggml.tokens", .texts(["<unk>", "<s>", "</s>", "a"]))
    #expect(try refusal(builder).contains("finite numbers"))
    builder.add("tokenizer.ggml.scores", .float32s([0, 0, 0, .nan]))
    #expect(try refusal(builder).contains("finite numbers"))
  }
}
