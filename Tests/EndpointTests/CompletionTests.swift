import Foundation
import LanguageModels
import Steering
import TestSupport
import Testing
import Torch

@testable import Endpoint

/// Completions against transformers' reference outputs of the same checkpoint in float32.
@Suite("Text completions") struct CompletionTests {
  private let tiny: TinyEndpoint
  init() throws { tiny = try TinyEndpoint() }

  private func greedy(_ prompts: String, _ more: String = "", maxTokens: Int = 24) -> String {
    #"{"model": "tiny-llama", "prompt": \#(prompts), "max_tokens": \#(maxTokens), "temperature": 0\#(more)}"#
  }

  /// transformers' log-probabilities of tokens 1 ... of a prompt.
  private func reference(_ prompt: Int, _ ids: [Int]) throws -> [Double] {
    let values = try tiny.golden.tensor("prompt.\(prompt).logits").logSoftmax(-1)
    return try (1..<ids.count).map { try values[$0 - 1].doubles()[ids[$0]] }
  }

  @Test("Greedy texts of token ids are transformers', together and alone", arguments: [1, 8])
  func greedyTexts(_ slots: Int) async throws {
    let tiny = try TinyEndpoint { $0.slots = slots }
    let prompts = try (1...3).map(tiny.prompt)
    let answer = try await tiny.complete(greedy("\(prompts)"))
    #expect(answer.object == "text_completion" && answer.model == "tiny-llama" && answer.id.hasPrefix("cmpl-"))
    #expect(answer.choices.map(\.index) == [0, 1, 2] && answer.choices.allSatisfy { $0.finishReason == "length" })
    for number in 1...3 {
      let expected = try tiny.golden.tensor("prompt.\(number).greedy").integers()
      let whole = tiny.text(prompts[number - 1] + expected)
      #expect(tiny.text(prompts[number - 1]) + (answer.choices[number - 1].text ?? "") == whole)
    }
    let tokens = prompts.reduce(0) { $0 + $1.count }
    #expect(answer.usage == .init(promptTokens: tokens, completionTokens: 72, totalTokens: tokens + 72))
  }

  @Test("With echo the log-probabilities of the prompt are transformers'", arguments: [0, 1])
  func echo(_ maxTokens: Int) async throws {
    let ids = try tiny.prompt(3)
    let answer = try await tiny.complete(greedy("\(ids)", #", "echo": true, "logprobs": 2"#, maxTokens: maxTokens))
    let choice = try #require(answer.choices.first)
    let logprobs = try #require(choice.logprobs)
    let values = try #require(logprobs.tokenLogprobs)
    #expect(values.count == ids.count + maxTokens && values[0] == nil && logprobs.topLogprobs?[0] == nil)
    for (found, expected) in zip(values.dropFirst(), try reference(3, ids)) {
      #expect(abs((found ?? 0) - expected) < 1e-3)
    }
    let greedy = try tiny.golden.tensor("prompt.3.greedy").integers()
    #expect(choice.text == tiny.text(ids + greedy.prefix(maxTokens)))
    #expect(logprobs.tokens?.count == values.count && logprobs.textOffset?.count == values.count)
    // The most probable token is the largest of the row; a harness tells greedy answers by that.
    let rows = try tiny.golden.tensor("prompt.3.logits").logSoftmax(-1)
    for place in 1..<ids.count {
      let top = try #require(logprobs.topLogprobs?[place])
      #expect(abs(top.values.reduce(-.infinity, max) - (try rows[place - 1].max().scalar())) < 1e-3)
    }
    #expect(answer.usage?.completionTokens == maxTokens && choice.finishReason == "length")
  }

  @Test("Offsets say where the text of each token begins")
  func offsets() async throws {
    let answer = try await tiny.complete(greedy(#""I think that""#, #", "echo": true, "logprobs": 1"#, maxTokens: 0))
    let choice = try #require(answer.choices.first)
    let offsets = try #require(choice.logprobs?.textOffset)
    let scalars = Array((choice.text ?? "").unicodeScalars)
    #expect(choice.text == "I think that" && offsets == offsets.sorted() && offsets.first == 0)
    #expect(offsets.allSatisfy { $0 <= scalars.count })
    // Of tokens that are whole words the text stands at its offset.
    for (text, offset) in zip(choice.logprobs?.tokens ?? [], offsets) where text.count > 2 && !text.hasPrefix("<") {
      let word = text.unicodeScalars.drop { $0 == " " }
      let place = scalars[offset...].drop { $0 == " " }
      #expect(place.starts(with: word))
    }
  }

  @Test("Steered and ablated texts are transformers', and the answer proves the edits")
  func edits() async throws {
    let ids = try tiny.prompt(2)
    for (edit, name) in [
      (#"{"operation": "add", "vector": "steer", "scale": 3}"#, "steered_greedy"),
      (#"{"operation": "ablate", "vector": "ablate"}"#, "ablated_greedy"),
    ] {
      let answer = try await tiny.complete(greedy("\(ids)", #", "telltale": {"edits": [\#(edit)]}"#))
      let expected = try tiny.golden.tensor("prompt.2.\(name)").integers()
      let plain = try tiny.golden.tensor("prompt.2.greedy").integers()
      #expect(tiny.text(ids) + (answer.choices[0].text ?? "") == tiny.text(ids + expected) && expected != plain)
      // All prompt tokens and all generated ones but the last, which is not fed again.
      let proofs = try #require(answer.telltale?.edits)
      #expect(proofs.allSatisfy { $0.positions == ids.count + 23 && $0.sequences == 1 })
      #expect(proofs.count == (name == "steered_greedy" ? 1 : 4))
    }
    let steer = try tiny.golden.tensor("steer.vector").norm().scalar()
    let answer = try await tiny.complete(
      greedy("\(ids)", #", "telltale": {"edits": [{"operation": "add", "vector": "steer", "scale": 3}]}"#))
    #expect(abs((answer.telltale?.edits.first?.meanShift ?? 0) - 3 * steer) < 1e-3)
    #expect(try await tiny.complete(greedy("\(ids)")).telltale == nil)
  }

  @Test("An edit that touched nothing is an error, in a stream too")
  func withoutEffect() async throws {
    let body = greedy(
      #""I think""#,
      #", "telltale": {"edits": [{"operation": "add", "vector": "steer", "positions": "generated"}]}"#, maxTokens: 1)
    do {
      _ = try await tiny.complete(body)
      Issue.record("nothing was thrown")
    } catch let error as EndpointError {
      #expect(error.status == 400 && error.code == "edit_without_effect" && error.parameter == "telltale.edits")
      #expect(error.message.contains("touched nothing"))
    }
    let streamed = body.replacing("{\"model\"", with: "{\"stream\": true, \"model\"")
    let events = try await TinyEndpoint.events(tiny.service.completion(Array(streamed.utf8)))
    #expect(events.last == "[DONE]" && events[events.count - 2].contains("edit_without_effect"))
  }

  @Test("Scores are those of a pass over prompt and answer")
  func scores() async throws {
    let ids = try tiny.prompt(2)
    var winsorised = try tiny.shelf["ablate"]
    winsorised.provenance.winsorised = 0.1
    _ = try tiny.shelf.put("winsorised", winsorised)
    let answer = try await tiny.complete(
      greedy(
        "\(ids)",
        #", "telltale": {"scores": [{"vector": "ablate", "layers": [1, 3]}, {"vector": "steer", "score": "projection", "tokens": "answer"}, {"vector": "winsorised", "layers": [3]}]}"#,
        maxTokens: 6))
    let readings = try #require(answer.choices[0].telltale)
    let whole = ids + (try tiny.golden.tensor("prompt.2.greedy").integers()).prefix(6)
    let model = try LanguageModel.load(TinyEndpoint.directory, dtype: .float32)
    let output = try model.forward(PackedBatch([whole]), taps: Taps(layers: [1, 2, 3]))
    let scores = try #require(readings.scores)
    #expect(scores.map(\.layer) == [1, 3, 2, 3] && readings.tokens?.prompt.count == ids.count)
    for own in scores {
      let vectors = try tiny.shelf[own.vector]
      let kind = try #require(ScoreKind(rawValue: own.score))
      let stream = try vectors.prepared(#require(output.residuals[own.layer]))
      let expected = try kind.scores(stream, vector: vectors.vector(own.layer))
      let found = own.prompt + own.answer
      for (a, b) in zip(found, own.prompt.isEmpty ? Array(expected.suffix(6)) : expected) {
        #expect(abs((a ?? .nan) - b) < 1e-4)
      }
      #expect(own.answer.count == 6 && (own.prompt.isEmpty || own.prompt.count == ids.count))
    }
  }

  @Test("A stop string ends an answer before it, with the tokens and scores of what is left")
  func stops() async throws {
    let plain = try await tiny.complete(greedy(#""I think that""#))
    let text = try #require(plain.choices[0].text)
    let stop = String(text.dropFirst(6).prefix(4))
    let body = greedy(
      #""I think that""#,
      #", "stop": ["never seen", "\#(stop)"], "logprobs": 0, "telltale": {"scores": [{"vector": "steer"}]}"#)
    let stopped = try await tiny.complete(body)
    let choice = stopped.choices[0]
    let cut = try #require(text.range(of: stop)).lowerBound
    #expect(choice.text == String(text[..<cut]) && choice.finishReason == "stop")
    #expect(choice.logprobs?.textOffset?.allSatisfy { $0 < text.distance(from: text.startIndex, to: cut) } == true)
    let usage = try #require(stopped.usage)
    #expect(choice.telltale?.scores?.first?.answer.count == usage.completionTokens && usage.completionTokens < 24)
  }

  @Test("Draws repeat with their seed, differ between answers, and a temperature near zero is greedy")
  func draws() async throws {
    func texts(_ more: String) async throws -> [String?] {
      try await tiny.complete(
        #"{"prompt": "I think", "max_tokens": 12, "n": 3\#(more)}"#
      ).choices.map(\.text)
    }
    let first = try await texts(#", "seed": 5"#)
    #expect(try await texts(#", "seed": 5"#) == first && Set(first).count == 3)
    #expect(try await texts(#", "seed": 6"#) != first)
    let cold = try await texts(#", "temperature": 0.0001"#)
    #expect(Set(cold).count == 1)
    #expect(try await texts(#", "temperature": 0"#) == cold)
  }
}
