import Foundation
import Foundations
import TestSupport
import Torch

@testable import LanguageModels

/// Adapters small enough to calculate with.
enum AdapterSupport {
  static func model(_ name: String) throws -> LanguageModel {
    try LanguageModel.load(Fixtures.file("models/\(name)"), dtype: .float32)
  }

  static func fixture(_ name: String) -> URL { Fixtures.file("adapters/\(name)") }

  /// An adapter whose matrices are all random, so that it changes the model everywhere.
  static func random(_ configuration: LoRAConfiguration, for model: LanguageModel, seed: UInt64) throws -> LoRAAdapter {
    let initial = try LoRAAdapter.initial(configuration, for: model.configuration, seed: seed)
    var factors = initial.factors
    for (index, place) in initial.places.enumerated() {
      guard let b = factors[place]?.b else { continue }
      factors[place]?.b = try Tensor.randomNormal(b.shape, seed: seed &+ UInt64(index) &+ 1) * 0.1
    }
    return try LoRAAdapter(configuration, factors: factors)
  }

  static func logits(_ model: LanguageModel, _ ids: [Int]) throws -> Tensor {
    guard let logits = try model.forward(PackedBatch([ids]), logits: .all).logits else {
      throw TelltaleError(.failed, "the pass gave no logits")
    }
    return logits
  }
}
