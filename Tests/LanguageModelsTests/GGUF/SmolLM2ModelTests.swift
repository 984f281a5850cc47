import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Tokenizers

/// Fixtures/gguf/smollm2-chats.jsonl: transformers on the weights that it dequantises itself, in float32.
@Suite(.enabled(if: RealModels.isThere(RealModels.smolLM2), "run scripts/fetch-model smollm2"))
struct SmolLM2ModelTests {
  private struct Chat: Decodable {
    var messages: [ChatMessage]
    var prompt: [Int]
    var greedy: [Int]
    var logits: [Double]
    var stream14: [Double]

    struct ChatMessage: Decodable { var role, content: String }
  }

  private static let loaded = Result { try LoadedModel(RealModels.smolLM2.path, dtype: .float32) }

  private func chats() throws -> [Chat] {
    try String(contentsOf: Fixtures.file("gguf/smollm2-chats.jsonl"), encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(Chat.self, from: Data($0.utf8))
    }
  }

  @Test("Logits and the stream of twenty chats are those of transformers")
  func logitsStreamTwenty() throws {
    let model = try Self.loaded.get().model
    var largest = (logits: 0.0, stream: 0.0)
    for chat in try chats() {
      let output = try model.lastToken(of: chat.prompt, layer: 14)
      for (ours, theirs) in zip(stride(from: 0, to: 49152, by: 512).map { output.logits[$0] }, chat.logits) {
        largest.logits = max(largest.logits, abs(ours - theirs))
      }
      for (ours, theirs) in zip(stride(from: 0, to: 576, by: 8).map { output.stream[$0] }, chat.stream14) {
        largest.stream = max(largest.stream, abs(ours - theirs))
      }
    }
    print("SmolLM2: largest deviations", largest)
    #expect(largest.logits < 5e-4 && largest.stream < 1e-3)
  }

  @Test("Twenty chats continue as transformers continues them")
  func twentyChatsContinue() throws {
    let loaded = try Self.loaded.get()
    var options = GenerationOptions(maxTokens: 24)
    options.stopTokens = loaded.stopTokens
    let chats = try chats()
    let generations = try Generator.generate(loaded.model, prompts: chats.map(\.prompt), options: options)
    for (generation, chat) in zip(generations, chats) {
      #expect(generation.tokens == chat.greedy.filter { $0 != 2 })
      #expect(generation.end == (chat.greedy.last == 2 ? .stopToken : .length))
    }
  }

  @Test("The file says what the model is and how it is stored")
  func fileSaysWhat() throws {
    let loaded = try Self.loaded.get()
    #expect(loaded.model.configuration.family == "Llama" && loaded.model.configuration.layerCount == 30)
    #expect(loaded.model.configuration.warnings.isEmpty)
    #expect(loaded.model.configuration.tiedEmbeddings && loaded.stopTokens == [2])
    #expect(loaded.model.arithmetic == "float32, weights from GGUF Q4_1, Q8_0")
    #expect(loaded.model.parameterCount == 134_515_008)
    #expect(loaded.fingerprint.count == 64)
  }

  @Test("In bfloat16, the default, the largest logits stay the largest")
  func bfloat16DefaultLargest() throws {
    let model = try GGUFModel(RealModels.smolLM2).model()
    #expect(model.dtype == .bfloat16)
    let chat = try #require(chats().first)
    let logits = try model.lastToken(of: chat.prompt, layer: 14).logits
    let first = try #require(logits.indices.max { logits[$0] < logits[$1] })
    #expect(first == chat.greedy.first)
  }
}

extension LanguageModel {
  /// Of a prompt's last token, the logits and the stream after a layer.
  fileprivate func lastToken(of prompt: [Int], layer: Int) throws -> (logits: [Double], stream: [Double]) {
    let last = TokenChoice.tokens([prompt.count - 1])
    let output = try forward(PackedBatch([prompt]), taps: Taps(layers: [layer], tokens: last), logits: last)
    return (try #require(output.logits).doubles(), try #require(output.residuals[layer]).doubles())
  }
}
