import Foundation
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// The ablation experiment against passes over one text at a time and areas counted pair by pair.
@Suite struct AblationExperimentTests {
  private static let ablated = 1
  private static let layers = [1, 3]

  /// What a model gives with edits: its choices, and its streams [hidden] at each prompt's last token by layer.
  private struct Direct {
    var labels: [Double] = []
    var streams: [Int: [[Double]]] = [:]

    init(_ loaded: LoadedModel, _ items: [Item], _ edits: [Edit]) throws {
      for item in items {
        let prompt = loaded.tokenizer.encode(item.text, addSpecialTokens: true).ids
        let sums = try ([item.matchingAnswer ?? ""] + item.otherAnswers).map { answer in
          let ids = loaded.tokenizer.encode(item.text + answer, addSpecialTokens: true).ids
          return try GridScorerTests.explicit(loaded.model, ids, from: prompt.count, edits: edits).reduce(0, +)
        }
        labels.append(sums[0] > sums[1] ? 1 : 0)
        let pass = try loaded.model.forward(PackedBatch([prompt]), taps: Taps(layers: layers), edits: edits)
        for layer in layers {
          let stream = try #require(pass.residuals[layer])
          streams[layer, default: []].append(try stream[prompt.count - 1].doubles())
        }
      }
    }

    var rate: Double { labels.reduce(0, +) / Double(labels.count) }
  }

  private static func cosine(_ a: [Double], _ b: [Double]) -> Double {
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
  }

  /// The share of pairs of a positive and a negative in which the positive scores higher.
  private static func area(_ scores: [Double], _ labels: [Double]) -> Double {
    let positives = zip(scores, labels).filter { $0.1 == 1 }.map(\.0)
    let negatives = zip(scores, labels).filter { $0.1 == 0 }.map(\.0)
    let won = positives.flatMap { p in negatives.map { n in p > n ? 1 : p == n ? 0.5 : 0 } }
    return won.reduce(0, +) / Double(won.count)
  }

  @Test("Rates, differences and areas are those of single passes with the component removed")
  func equalsDirectPasses() throws {
    let loaded = try TinyModel.llama()
    let items = try fixtureItems("political.jsonl") + fixtureItems("survival-instinct.jsonl")
    let plain = try Direct(loaded, items, [])
    // A direction that the model uses: where the stream of the first prompt lies.
    let first = try #require(plain.streams[Self.ablated]?.first)
    let vectors = SteeringVectors(
      layers: [
        Self.ablated: first.map { Float($0) }, Self.layers[1]: try Tensor.randomNormal([64], seed: 8).floats(),
      ], provenance: VectorProvenance())
    var options = AblationExperiment.Options()
    options.layers = [Self.ablated]
    options.seed = 5
    let report = try AblationExperiment(loaded, .plain(loaded.tokenizer), vectors, options).run(items)

    let raw = try Tensor(first)
    let removed = try Direct(loaded, items, [Edit(layer: Self.ablated, .ablate(raw / raw.norm().scalar()))])
    let drawn = try Tensor.randomNormal([64], seed: 5)
    let random = try Direct(loaded, items, [Edit(layer: Self.ablated, .ablate(drawn / drawn.norm().scalar()))])
    #expect(Set(plain.labels).count == 2 && plain.labels != removed.labels, "the case says something")
    #expect(report.rows == items.count && report.unparsableBefore == 0 && report.unparsableAfter == 0)
    #expect(abs(report.before.value - plain.rate) < 1e-12 && abs(report.after.value - removed.rate) < 1e-12)
    #expect(abs(report.difference.value - (removed.rate - plain.rate)) < 1e-12)
    #expect(abs(report.control.value - (random.rate - plain.rate)) < 1e-12)

    for (predictive, layer) in zip(report.predictivity, Self.layers) {
      let vector = try #require(vectors.layers[layer]).map(Double.init)
      let own = try #require(plain.streams[layer]).map { Self.cosine($0, vector) }
      let later = try #require(removed.streams[layer]).map { Self.cosine($0, vector) }
      #expect(predictive.layer == layer)
      #expect(try abs(#require(predictive.before).auroc - Self.area(own, plain.labels)) < 1e-9)
      #expect(try abs(#require(predictive.beforeOfAfter).auroc - Self.area(own, removed.labels)) < 1e-9)
      if layer == Self.ablated {
        #expect(predictive.after == nil, "the component is gone")
      } else {
        #expect(try abs(#require(predictive.after).auroc - Self.area(later, removed.labels)) < 1e-9)
      }
    }
  }

  @Test("The report of a forced choice is of the texts that were scored: every token but the last of each")
  func reportsItsEdits() throws {
    let loaded = try TinyModel.llama()
    let items = try Array(fixtureItems("political.jsonl").prefix(4))
    let vectors = SteeringVectors(
      layers: [2: try Tensor.randomNormal([64], seed: 8).floats()], provenance: VectorProvenance())
    let report = try AblationExperiment(loaded, .plain(loaded.tokenizer), vectors).run(items)
    let tokens = items.flatMap { item in
      ([item.matchingAnswer ?? ""] + item.otherAnswers).map {
        loaded.tokenizer.encode(item.text + $0, addSpecialTokens: true).ids.count - 1
      }
    }
    let entry = try #require(report.edits.entries.first)
    #expect(entry.positions == tokens.reduce(0, +) && entry.sequences == 4)
    #expect(entry.operation == "ablate" && entry.layer == 2 && entry.meanAbsoluteShift > 0)
  }

  @Test("A vector that is zero, or of a layer that the model lacks, is refused")
  func refusals() throws {
    let loaded = try TinyModel.llama()
    let items = try Array(fixtureItems("political.jsonl").prefix(2))
    for (layer, value) in [(1, Float(0)), (9, 1)] {
      let vectors = SteeringVectors(
        layers: [layer: [Float](repeating: value, count: 64)], provenance: VectorProvenance())
      let experiment = AblationExperiment(loaded, .plain(loaded.tokenizer), vectors)
      #expect(throws: (any Error).self) { try experiment.run(items) }
    }
  }
}
