import Foundation
import LanguageModels
import Torch

/// Where the given vector comes from, that a fine-tuning vector is compared with.
public enum VectorSource: Sendable {
  /// A vector file, with its pairs' differences where they lie beside it.
  case file(ComparedVector)
  /// The mean difference of contrast pairs.
  case pairs([Item], read: ReadPosition)
  /// The base model's own behaviour: prompts after which it showed the behaviour minus those after which it did not.
  case classMean([Item])
  /// Prompts under contrasting instructions.
  case instructions([Item], InstructionPairs)

  var inputs: (name: String, items: [Item], more: String) {
    switch self {
    case .file(let vector): ("file", [], vector.vectors.numbersFingerprint)
    case .pairs(let items, let read): ("pairs", items, read.rawValue)
    case .classMean(let items): ("class-mean", items, "")
    case .instructions(let items, let pairs):
      ("instructions", items, (pairs.positive + ["against"] + pairs.negative).joined(separator: "\n"))
    }
  }
}

extension FinetuningChain {
  /// The given vector at the chain's layers.
  func vector(_ source: VectorSource) throws -> ComparedVector {
    if case .file(let vector) = source {
      for layer in settings.layers { _ = try vector.vectors.unit(layer) }
      return vector
    }
    let (name, items, more) = source.inputs
    let inputs = try [
      "method": name, "items": encoder.fingerprint(items), "more": more, "model": identity(.base), "layers": layerList,
      "seed": "\(settings.seed)",
    ]
    return try folder.vector("vector", inputs: inputs) { try make(source) }
  }

  private func make(_ source: VectorSource) throws -> ComparedVector {
    switch source {
    case .file(let vector): return vector
    case .classMean(let items): return try classMean(items)
    case .pairs(let items, let read):
      let pairs = try items.map { try encoder.builder.pair(for: $0) }
      return try extracted(read) { try $0.run(loaded, encoder, pairs) }
    case .instructions(let items, let instructions):
      let pairs = try instructions.readable(items, encoder)
      return try extracted(.prompt) { try $0.run(loaded, pairs) }
    }
  }

  private func extracted(
    _ read: ReadPosition, _ run: (VectorExtraction) throws -> SteeringVectors
  ) throws -> ComparedVector {
    var extraction = VectorExtraction(read: read, layers: settings.layers, seed: settings.seed)
    var kept: PairDifferences?
    extraction.onDifferences = { kept = $0 }
    return try ComparedVector(name: "vector", vectors: run(extraction), pairs: kept)
  }

  private func classMean(_ items: [Item]) throws -> ComparedVector {
    let recording = try recorder(loaded).record(items)
    var vectors = try recording.vectors(at: .prompt, seed: settings.seed)
    vectors.provenance.model = loaded.name
    vectors.provenance.modelFingerprint = loaded.fingerprint
    vectors.provenance.data = Set(items.map(\.source)).sorted().joined(separator: " ")
    return try ComparedVector(name: "vector", vectors: vectors)
  }
}
