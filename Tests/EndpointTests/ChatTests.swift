import Foundation
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Endpoint

@Suite("Chat completions") struct ChatTests {
  private let tiny: TinyEndpoint
  init() throws { tiny = try TinyEndpoint() }

  private static let messages =
    #"[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "Who are you?"}]}]"#

  private func body(_ more: String = "") -> String {
    #"{"model": "tiny-llama", "messages": \#(Self.messages), "max_completion_tokens": 10, "temperature": 0\#(more)}"#
  }

  /// What `generate` gives for the same chat.
  private func expected() throws -> (prompt: [Int], answer: [Int]) {
    let prompt = try tiny.loaded.tokenizer.encodeChat(
      [.system("Be brief."), .user("Who are you?")], addGenerationPrompt: true
    ).encoding.ids
    let options = GenerationOptions(maxTokens: 10)
    return (prompt, try Generator.generate(tiny.loaded.model, prompts: [prompt], options: options)[0].tokens)
  }

  @Test("An answer is the greedy continuation of the template's text")
  func answers() async throws {
    let (prompt, tokens) = try expected()
    let answer = try await tiny.chat(body())
    #expect(answer.object == "chat.completion" && answer.choices.count == 1)
    #expect(answer.choices[0].message?.role == "assistant")
    #expect(answer.choices[0].message?.content == tiny.text(tokens))
    #expect(answer.choices[0].finishReason == "length" && answer.choices[0].logprobs == nil)
    #expect(answer.usage == .init(promptTokens: prompt.count, completionTokens: 10, totalTokens: prompt.count + 10))
  }

  @Test("Messages of which the template makes an empty text are refused")
  func emptyText() throws {
    let body = #"{"messages": [{"role": "system", "content": "Be brief."}], "max_tokens": 4}"#
    let refusal = try #require(tiny.refusal(body, chat: true))
    #expect(refusal.status == 400 && refusal.parameter == "messages" && refusal.message.contains("empty text"))
  }

  @Test("Log-probabilities are those of a pass over the chat, the chosen token the first of its alternatives")
  func logprobs() async throws {
    let (prompt, tokens) = try expected()
    let answer = try await tiny.chat(body(#", "logprobs": true, "top_logprobs": 3"#))
    let output = try tiny.loaded.model.forward(PackedBatch([prompt + tokens]), logits: .all)
    let values = try #require(output.logits).logSoftmax(-1)
    let listed = try #require(answer.choices[0].logprobs?.content)
    #expect(listed.count == 10)
    for (index, token) in listed.enumerated() {
      let row = try values[prompt.count - 1 + index].doubles()
      #expect(abs(token.logprob - row[tokens[index]]) < 1e-4)
      #expect(token.topLogprobs.map(\.logprob) == token.topLogprobs.map(\.logprob).sorted(by: >))
      #expect(token.topLogprobs.count == 3 && token.topLogprobs[0].token == token.token)
      #expect(
        token.bytes == nil || token.bytes.map { String(decoding: $0.map(UInt8.init), as: UTF8.self) } == token.token)
    }
  }

  @Test("The chunks of a stream are the answer, in OpenAI's order")
  func streams() async throws {
    let whole = try await tiny.chat(body())
    let events = try await TinyEndpoint.events(
      tiny.service.chat(Array(body(#", "stream": true, "stream_options": {"include_usage": true}"#).utf8)))
    #expect(events.last == "[DONE]")
    let chunks = try events.dropLast().map(Answer.init)
    #expect(chunks.allSatisfy { $0.object == "chat.completion.chunk" } && Set(chunks.map(\.id)).count == 1)
    #expect(chunks.first?.choices.first?.delta?.role == "assistant")
    #expect(chunks.last?.choices.isEmpty == true && chunks.last?.usage == whole.usage)
    let text = chunks.compactMap { $0.choices.first?.delta?.content }.joined()
    #expect(text == whole.choices[0].message?.content)
    let reasons = chunks.compactMap { $0.choices.first?.finishReason }
    #expect(reasons == ["length"] && chunks[chunks.count - 2].choices.first?.finishReason == "length")
    #expect(chunks.dropLast().allSatisfy { $0.usage == nil })
    #expect(chunks.count > 4)
  }

  @Test("The last chunk of an edited stream carries the proof")
  func streamedProof() async throws {
    let events = try await TinyEndpoint.events(
      tiny.service.chat(
        Array(
          body(#", "n": 2, "stream": true, "telltale": {"edits": [{"operation": "add", "vector": "steer"}]}"#).utf8)))
    let chunks = try events.dropLast().map(Answer.init)
    let proofs = chunks.compactMap(\.telltale)
    #expect(proofs.count == 1 && chunks.last?.telltale != nil && proofs[0].edits[0].sequences == 2)
    #expect(Set(chunks.flatMap(\.choices).filter { $0.finishReason != nil }.map(\.index)) == [0, 1])
  }
}
