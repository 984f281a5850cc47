import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Reading vectors: a direction made from unembeddings must speak for its tokens.
@Suite struct VectorLensTests {
  private let loaded: LoadedModel
  init() throws { loaded = try LoadedModel(Fixtures.file("models/tiny-qwen2").path) }

  private func vectors(_ layers: [Int: [Float]]) -> SteeringVectors {
    SteeringVectors(layers: layers, provenance: VectorProvenance())
  }

  @Test("The readout of A minus B has a letter cosine of 1, its opposite -1, and A stands above B in it")
  func letters() throws {
    let lens = try VectorLens(loaded, top: 1024)
    let (a, b) = try lens.letters(after: "Answer: (")
    #expect(loaded.tokenizer.token(a)?.contains("A") == true && loaded.tokenizer.token(b)?.contains("B") == true)
    let readout = try LogitLens(loaded.model).readout(a, minus: b).map(Float.init)
    let readings = try lens.readings(
      of: vectors([0: readout, 2: readout.map { -7 * $0 }]), layers: [0, 2], letterContext: "Answer: (")
    #expect(abs(try #require(readings[0].letterCosine) - 1) < 1e-6)
    #expect(abs(try #require(readings[1].letterCosine) + 1) < 1e-6)
    func logit(_ id: Int) -> Double { readings[0].promoted.first { $0.id == id }?.logit ?? 0 }
    #expect(logit(a) > logit(b))
    #expect(readings.map(\.layer) == [0, 2])
  }

  @Test("Promoted and suppressed tokens are the ends of the logits, and change places with the sign")
  func ends() throws {
    let vector = try Tensor.randomNormal([1, 64], seed: 5)
    let logits = try LogitLens(loaded.model).logits(vector)[0].doubles()
    let lens = try VectorLens(loaded, top: 3)
    let found = try lens.readings(of: vector, layers: [1])[0]
    let opposite = try lens.readings(of: -vector, layers: [1])[0]
    let order = logits.indices.sorted { logits[$0] > logits[$1] }
    #expect(found.promoted.map(\.id) == Array(order[..<3]))
    #expect(found.suppressed.map(\.id) == Array(order.reversed()[..<3]))
    #expect(opposite.promoted.map(\.id) == found.suppressed.map(\.id) && found.letterCosine == nil)
    #expect(abs(found.promoted[0].logit - logits[order[0]]) < 1e-5)
    #expect(found.promoted[0].text == loaded.tokenizer.token(order[0]))
  }

  @Test("The activations of the last layer speak for the token that the model says next")
  func activations() throws {
    let ids = loaded.tokenizer.encode("The answer is", addSpecialTokens: true).ids
    let last = loaded.model.configuration.layerCount - 1
    let output = try loaded.model.forward(
      PackedBatch([ids]), taps: Taps(layers: [last], tokens: .tokens([ids.count - 1])), logits: .tokens([ids.count - 1])
    )
    let next = try #require(output.logits).argmax(-1).integers()[0]
    let reading = try VectorLens(loaded, top: 1).readings(of: #require(output.residuals[last]), layers: [last])
    #expect(reading[0].promoted[0].id == next)
  }

  @Test("A zero vector, a layer that is not there and a number of tokens that cannot be are refused")
  func refusals() throws {
    let lens = try VectorLens(loaded)
    let zero = vectors([1: [Float](repeating: 0, count: 64)])
    for (layer, expected) in [(1, "is zero at layer 1"), (2, "has no vector for layer 2")] {
      #expect { try lens.readings(of: zero, layers: [layer], letterContext: "(") } throws: {
        "\($0)".contains(expected)
      }
    }
    #expect { try VectorLens(loaded, top: 0) } throws: { "\($0)".contains("0 tokens cannot be shown") }
    #expect(throws: TelltaleError.self) { try VectorLens(loaded, top: 5000) }
  }
}
