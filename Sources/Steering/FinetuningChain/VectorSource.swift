import LanguageModels

/// Where the given vector comes from, that a fine-tuning vector is compared with.
public enum VectorSource: Sendable {
  /// A vector file, with its pairs' differences where they lie in the same folder.
  case file(ComparedVector)
  /// Made from the base model; of the contrast `spontaneous`, rows are labelled by the likelier of their choices.
  case recipe(VectorRecipe, [Item])
}

extension FinetuningChain {
  /// The given vector at the chain's layers.
  func vector(_ source: VectorSource) throws -> ComparedVector {
    switch source {
    case .file(let vector):
      for layer in settings.layers { _ = try vector.vectors.unit(layer) }
      return vector
    case .recipe(let recipe, let items):
      let inputs = try [
        "recipe": recipe.identity, "items": encoder.dataHash(items), "model": identity(.base), "layers": layerList,
        "seed": "\(settings.seed)",
      ]
      return try folder.vector("vector", inputs: inputs) { try make(recipe, items) }
    }
  }

  private func make(_ recipe: VectorRecipe, _ items: [Item]) throws -> ComparedVector {
    let extraction = VectorExtraction(recipe, layers: settings.layers, seed: settings.seed)
    guard recipe.contrast == .spontaneous else {
      return try extraction.compared("vector") { try $0.run(loaded, encoder, items) }
    }
    return try ComparedVector(name: "vector", vectors: extraction.run(recorder(loaded).record(items), of: loaded))
  }

  /// The difference between the two fine-tuned models' activations on the same prompts: what training the behaviour did to
  /// the residual stream that training its opposite did not. The mean over the prompts, in units of the stream.
  func difference(_ recordings: ChainRecordings) throws -> ComparedVector {
    let inputs = try [
      "behaviour": identity(.behaviour), "opposite": identity(.opposite), "layers": layerList,
      "items": DataHash.of(recordings.base.rows.map { [$0.prompt] }), "seed": "\(settings.seed)",
    ]
    return try folder.vector("finetune-difference", inputs: inputs) {
      let recipe = try VectorRecipe(.models, against: "\(loaded.name) + \(Model.opposite.rawValue)")
      let streams = [recordings.behaviour, recordings.opposite].compactMap { $0.activations[.prompt] }
      return try VectorExtraction(recipe, layers: settings.layers, seed: settings.seed)
        .compared("finetune-difference") {
          var vectors = try $0.run(streams, groups: recordings.groups, ifZero: Self.notTrained)
          vectors.provenance.state(loaded)
          try vectors.provenance.state(items.training, encoder)
          vectors.provenance.data = settings.dataName
          vectors.provenance.against = recipe.against
          vectors.provenance.notes = ["adapters \(try identity(.behaviour)) minus \(try identity(.opposite))"]
          return vectors
        }
    }
  }

  static let notTrained =
    "the two fine-tuned models have the same activations, so there is no vector; train longer, or look at layers from the "
    + "first adapted block on"
}

extension VectorRecipe {
  /// All that it says, for telling it from others.
  fileprivate var identity: String {
    let parts = [contrast.rawValue, estimator.rawValue, read.rawValue, against ?? "", "\(maxTokens)"]
    return (parts + positive + ["against"] + negative).joined(separator: "\n")
  }
}
