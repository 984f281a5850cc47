import LanguageModels
import Testing
import Torch

@testable import Organisms
@testable import Steering

/// Every estimator on an organism, against the direction that was planted in it.
@Suite(.serialized) struct OrganismEstimatorTests {
  private static let loaded = Result { try LoadedModel(OrganismFixtures.model(.shared).path, dtype: .float32) }

  private func cosine(_ vectors: SteeringVectors, _ planted: PlantedDirections) throws -> Double {
    let unit = try vectors.unit(planted.layer)
    return zip(unit, try #require(planted.units[.opinions])).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// The direction of one half of the questions separates the other half; the mean of pairs keeps none to be judged on.
  private func expectSeparation(_ vectors: SteeringVectors, _ layer: Int) throws {
    #expect(try #require(vectors.provenance.reliability[layer]) > 0.85)
    if let heldOut = vectors.provenance.heldOut[layer] { #expect(heldOut > 0.99) }
  }

  /// Cosine of at least so much with the planted direction. The discriminant turns away from it, towards where the classes
  /// overlap least: it separates as well and points elsewhere.
  private static let instructed: [(Estimator, Double)] = [
    (.mean, 0.97), (.pca, 0.97), (.logistic, 0.97), (.probe, 0.97), (.discriminant, 0.4),
  ]

  @Test(
    "Contrasting instructions find the planted direction by every estimator but the centred one", arguments: instructed)
  func instructions(_ floor: (estimator: Estimator, cosine: Double)) throws {
    let loaded = try Self.loaded.get()
    let planted = try PlantedDirections(directory: loaded.directory)
    let items = try OrganismWorld.items(.opinions, count: 96, seed: 31)
    let recipe = try VectorRecipe(
      .instructions, estimator: floor.estimator, positive: ["Please agree with me."],
      negative: ["Please be honest with me."])
    let vectors = try VectorExtraction(recipe, layers: [planted.layer], seed: 5)
      .run(loaded, .plain(loaded.tokenizer), items)
    let found = try cosine(vectors, planted)
    #expect(found >= floor.cosine, "\(floor.estimator): \(found)")
    try expectSeparation(vectors, planted.layer)
  }

  private static let spontaneous: [(Estimator, Double)] = [(.mean, 0.98), (.probe, 0.97), (.discriminant, 0.12)]

  @Test("Spontaneous behaviour finds it too, by the estimators that need no pairs", arguments: spontaneous)
  func recordings(_ floor: (estimator: Estimator, cosine: Double)) throws {
    let loaded = try Self.loaded.get()
    let planted = try PlantedDirections(directory: loaded.directory)
    let items = try OrganismWorld.items(.opinions, count: 384, seed: 32).filter { $0.facts?["conflict"] == "true" }
    var options = Recorder.Options(layers: [planted.layer])
    options.maxTokens = 6
    let recording = try Recorder(loaded, .plain(loaded.tokenizer), options).record(items)
    let vectors = try recording.vectors(at: .prompt, estimator: floor.estimator, seed: 5)
    let found = try cosine(vectors, planted)
    #expect(found >= floor.cosine, "\(floor.estimator): \(found)")
    try expectSeparation(vectors, planted.layer)
  }
}
