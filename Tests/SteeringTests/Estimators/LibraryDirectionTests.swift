import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Principal and logistic directions against the steering-vectors library's.
@Suite struct LibraryDirectionTests {
  static let positions: [ReadPosition] = [.answer, .continuation]
  /// By estimator, the key of its golden.
  static let goldens: [(Estimator, String)] = [(.pca, "pca"), (.logistic, "logistic_exact")]

  private func golden(_ key: String, _ position: ReadPosition) throws -> Tensor {
    try LibraryPair.golden().tensor("\(key).read\(LibraryPair.index(position))")
  }

  /// The library's own activations of one layer.
  private func stored(_ position: ReadPosition, layer: Int) throws -> LabelledActivations {
    let file = try LibraryPair.golden()
    func side(_ name: String) throws -> Tensor {
      try file.tensor("activations.read\(LibraryPair.index(position)).\(name)").narrowed(1, layer..<layer + 1)
        .reshaped([32, 64]).converted(to: .float64)
    }
    return LabelledActivations(positive: try side("positive"), negative: try side("negative"), arePairs: true)
  }

  @Test("From the library's own activations the directions are the library's", arguments: positions, goldens)
  func fromStoredActivations(_ position: ReadPosition, _ golden: (estimator: Estimator, key: String)) throws {
    let expected = try self.golden(golden.key, position)
    for layer in 0..<4 {
      let found = try golden.estimator.implementation.direction(of: stored(position, layer: layer)).floats()
      #expect(distance(found, try expected[layer].floats()) < 1e-5, "layer \(layer)")
    }
  }

  @Test("From the texts, through the model, the directions are the library's", arguments: positions, goldens)
  func fromTheModel(_ position: ReadPosition, _ golden: (estimator: Estimator, key: String)) throws {
    let loaded = try TinyModel.llama()
    let encoder = PromptEncoder.plain(loaded.tokenizer)
    let pairs = try LibraryPair.all().enumerated().map { index, pair in
      try encoder.readable(positive: pair.positive, negative: pair.negative, group: "\(index)", at: position)
    }
    let recipe = try VectorRecipe(estimator: golden.estimator, read: position)
    let extraction = VectorExtraction(recipe, layers: [0, 1, 2, 3], seed: 1)
    let vectors = try extraction.run(loaded, pairs)
    let expected = try self.golden(golden.key, position)
    for layer in 0..<4 {
      #expect(try distance(vectors.vector(layer), try expected[layer].floats()) < 1e-3, "layer \(layer)")
      #expect(abs(vectors.norm(layer) - 1) < 1e-6)
      #expect(vectors.provenance.reliability[layer] != nil && vectors.provenance.heldOut[layer] != nil)
    }
    #expect(vectors.provenance.estimator == golden.estimator.rawValue && vectors.provenance.positiveShare == nil)
  }

  @Test(
    "The mean through kept activations is the mean of running sums, with the same reliability", arguments: positions)
  func meanBothWays(_ position: ReadPosition) throws {
    let streams = try (0..<4).map { try stored(position, layer: $0) }
    let halves = Halves((0..<32).map { "\($0)" }, splits: 8, seed: 3)
    var sums = try DifferenceSums(layers: [0, 1, 2, 3], hidden: 64, splits: 8)
    let sides = try streams.map { try Tensor.stacked([$0.positive, $0.negative], 1) }  // [32, 2, 64] a layer
    try sums.add(Tensor.stacked(sides, 2).reshaped([64, 4, 64]), halves: halves.sides)
    let result = try sums.result(halvesByGroup: true)
    for layer in 0..<4 {
      let estimate = try LayerEstimate(streams[layer], MeanDifference(), splits: 8, sides: halves.sides)
      expectClose(estimate.direction, try #require(result.difference[layer]), within: 1e-12)
      expectClose([try #require(estimate.reliability)], [try #require(result.reliability[layer])], within: 1e-12)
    }
  }
}
