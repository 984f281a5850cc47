import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Tokenizers

/// Fixtures/gguf/gemma3-texts.jsonl: SentencePiece on the file's pieces, and transformers on the weights that it dequantises
/// itself, in float32.
@Suite(.enabled(if: RealModels.isThere(RealModels.gemma3), "run scripts/fetch-model gemma3-270m"))
struct Gemma3ModelTests {
  private struct Text: Decodable {
    var text: String
    var ids, greedy: [Int]
    var logits, stream9: [Double]
  }

  private static let loaded = Result { try LoadedModel(RealModels.gemma3.path, dtype: .float32) }

  private func texts() throws -> [Text] {
    try String(contentsOf: Fixtures.file("gguf/gemma3-texts.jsonl"), encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Text.self, from: Data($0.utf8))
    }
  }

  @Test("Texts become the tokens of SentencePiece")
  func textsBecomeTokens() throws {
    let tokenizer = try Self.loaded.get().tokenizer
    for text in try texts() {
      #expect(tokenizer.encode(text.text, addSpecialTokens: true).ids == text.ids, "\(text.text.prefix(40))")
    }
  }

  @Test(
    "Logits and a stream are those of transformers, with the blocks unpacked or kept",
    arguments: [WeightFormat.dense, .stored])
  func logitsStreamThose(_ format: WeightFormat) throws {
    let model =
      try format == .dense
      ? Self.loaded.get().model : GGUFModel(RealModels.gemma3).model(dtype: .float32, weights: .stored)
    var largest = (logits: 0.0, stream: 0.0)
    for text in try texts() {
      let last = TokenChoice.tokens([text.ids.count - 1])
      let output = try model.forward(
        PackedBatch([text.ids]), taps: Taps(layers: [9], tokens: last), logits: last)
      let logits = try #require(output.logits).doubles()
      let stream = try #require(output.residuals[9]).doubles()
      for (ours, theirs) in zip(stride(from: 0, to: logits.count, by: 4096).map { logits[$0] }, text.logits) {
        largest.logits = max(largest.logits, abs(ours - theirs))
      }
      // Gemma's streams are hundreds large.
      let size = text.stream9.map(abs).max() ?? 1
      for (ours, theirs) in zip(stride(from: 0, to: stream.count, by: 16).map { stream[$0] }, text.stream9) {
        largest.stream = max(largest.stream, abs(ours - theirs) / max(1, size))
      }
    }
    print("Gemma 3, \(format): largest deviations", largest)
    #expect(largest.logits < 5e-4 && largest.stream < 1e-4)
  }

  @Test("Texts continue as transformers continues them")
  func textsContinueTransformers() throws {
    let model = try Self.loaded.get().model
    let texts = try texts()
    let generations = try Generator.generate(
      model, prompts: texts.map(\.ids), options: GenerationOptions(maxTokens: 16))
    for (generation, text) in zip(generations, texts) {
      let end = text.greedy.firstIndex(of: 1) ?? text.greedy.count
      #expect(Array(generation.tokens.prefix(end)) == Array(text.greedy.prefix(end)), "\(text.text.prefix(40))")
    }
  }

  @Test("The file says what the model is and how it is stored")
  func fileSaysWhat() throws {
    let loaded = try Self.loaded.get()
    #expect(loaded.model.configuration.family == "Gemma-3" && loaded.model.configuration.layerCount == 18)
    #expect(loaded.model.configuration.warnings.isEmpty && loaded.model.configuration.tiedEmbeddings)
    #expect(try #require(loaded.model.quantisation).contains("Q4_K"))
  }
}
