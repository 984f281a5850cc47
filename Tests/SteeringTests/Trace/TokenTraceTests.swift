import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Tokenizers
import Torch

@testable import Steering

/// Scores by token: those of the stream at that token, summed up over the right tokens.
@Suite struct TokenTraceTests {
  private let loaded: LoadedModel
  init() throws { loaded = try LoadedModel(Fixtures.file("models/tiny-qwen2").path) }

  private func vectors() throws -> SteeringVectors {
    let layers = try [1, 3].map { ($0, try Tensor.randomNormal([64], seed: UInt64($0)).floats()) }
    return SteeringVectors(layers: Dictionary(uniqueKeysWithValues: layers), provenance: VectorProvenance())
  }

  private let messages: [ChatMessage] = [
    .system("Be kind."), .user("Is Sydney the capital?"), .assistant("No, Canberra is."), .user("Sure? I doubt it."),
    .assistant("Yes."),
  ]

  private func chat() throws -> TracedText {
    let template = ChatTemplate(.chatml)
    return try TracedText(ChatRequest(messages), ending: .asIs, template: template, loaded.tokenizer)
  }

  @Test("A token's scores are those of a text that ends at it")
  func prefixes() throws {
    let text = try TracedText("The moon is made of cheese, they say.", loaded.tokenizer)
    let trace = try TokenTrace(text, loaded.model, vectors: [("v", vectors())], layers: nil)
    #expect(trace.series.map(\.layer) == [1, 3])
    for length in [1, 4, text.tokens.count] {
      let ids = text.tokens.prefix(length).map(\.id)
      let output = try loaded.model.forward(
        PackedBatch([ids]), taps: Taps(layers: [1, 3], tokens: .tokens([length - 1])))
      for series in trace.series {
        let stream = try #require(output.residuals[series.layer]).reshaped([-1]).doubles()
        let vector = try vectors().vector(series.layer).map(Double.init)
        let product = zip(stream, vector).map(*).reduce(0, +)
        let (own, other) = (norm(stream), norm(vector))
        #expect(abs(series.projections[length - 1] - product / other) < 2e-4)
        #expect(abs(series.cosines[length - 1] - product / own / other) < 1e-5)
      }
    }
  }

  private func norm(_ values: [Double]) -> Double { values.map { $0 * $0 }.reduce(0, +).squareRoot() }

  @Test("A winsorised vector sees winsorised activations")
  func winsorised() throws {
    let text = try TracedText("The moon is made of cheese.", loaded.tokenizer)
    var vectors = try vectors()
    vectors.provenance.winsorised = 0.1
    let trace = try TokenTrace(text, loaded.model, vectors: [("v", vectors)], layers: [3])
    let output = try loaded.model.forward(PackedBatch([text.tokens.map(\.id)]), taps: Taps(layers: [3]))
    let prepared = try Winsorising(share: 0.1)(try #require(output.residuals[3]))
    let expected = try ScoreKind.cosine.scores(prepared, vector: vectors.vector(3))
    #expect(trace.series[0].cosines == expected)
  }

  @Test("The tokens' texts are the text")
  func texts() throws {
    let text = "Naïve 日本 👩‍🔬 cheese\nand more"
    let traced = try TracedText(text, loaded.tokenizer)
    #expect(traced.tokens.filter(\.isContent).map(\.text).joined() == text)
  }

  @Test("Every message has the tokens of its words, and the template's own belong to none")
  func turns() throws {
    let text = try chat()
    #expect(text.turns.map(\.role) == ["system", "user", "assistant", "user", "assistant"])
    for (turn, message) in zip(text.turns, messages) {
      #expect(turn.tokens.map { text.tokens[$0].text }.joined() == message.content)
    }
    let added = text.tokens.filter { $0.turn == nil }
    #expect(
      added.contains { $0.text.contains("im_start") || $0.text.contains("<|") } && added.allSatisfy { !$0.isContent })
  }

  @Test("Means, maxima and last tokens are those of the message, and the first token of a text is not counted")
  func aggregates() throws {
    let trace = try TokenTrace(chat(), loaded.model, vectors: [("v", vectors())], layers: [3])
    let scores = try #require(trace.series.first).projections
    for (turn, own) in zip(trace.text.turns, trace.turns(scores)) {
      let values = turn.tokens.map { scores[$0] }
      let aggregate = try #require(own)
      #expect(aggregate.tokens == values.count && aggregate.max == values.max() && aggregate.last == values.last)
      #expect(abs(aggregate.mean - values.reduce(0, +) / Double(values.count)) < 1e-12)
    }
    let plain = try TracedText("one two three", loaded.tokenizer)
    #expect(!plain.counted.contains(0) && plain.counted.last == plain.tokens.count - 1)
  }

  @Test("The drift is the least-squares slope of the messages' means")
  func drift() throws {
    // numpy.polyfit([0, 1, 2, 3], [1, 2.5, 2, 4.5], 1)[0] is 1.0.
    let drift = try #require(TraceDrift(role: "user", means: [1, 2.5, 2, 4.5]))
    #expect(abs(drift.slope - 1) < 1e-12 && drift.change == 3.5 && drift.turns == 4)
    #expect(TraceDrift(role: "user", means: [1]) == nil)
    let trace = try TokenTrace(chat(), loaded.model, vectors: [("v", vectors())], layers: [1])
    let scores = trace.series[0].cosines
    let means = trace.turns(scores).compactMap { $0?.mean }
    #expect(trace.drifts(scores).map(\.role) == ["user", "assistant"])
    #expect(trace.drifts(scores)[0].change == means[3] - means[1])
  }

  @Test("A layer that the vector does not hold is refused with those that it holds")
  func layers() throws {
    let text = try TracedText("one two", loaded.tokenizer)
    let error = #expect(throws: TelltaleError.self) {
      try TokenTrace(text, loaded.model, vectors: [("v", vectors())], layers: [0])
    }
    #expect(error?.message.contains("it holds 1, 3") == true)
  }
}
