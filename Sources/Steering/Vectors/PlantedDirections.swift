import Foundation
import LanguageModels
import Torch

/// The true directions of an organism, committed beside its weights as `planted.safetensors`: what extracted vectors are
/// scored against.
public struct PlantedDirections: Sendable {
  /// The layer after which they were planted.
  public let layer: Int
  /// Unit vectors [hidden] by the kind of question they drive: `opinions`, `facts`.
  public let directions: [String: [Float]]

  /// nil where the model has none, as real models do.
  public init?(modelDirectory: URL) throws {
    let url = modelDirectory.appendingPathComponent("planted.safetensors")
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let file = try SafetensorsFile(url)
    var directions: [String: [Float]] = [:]
    var layer: Int?
    for name in file.names {
      let parts = name.split(separator: ".")
      guard parts.count == 3, parts[1] == "layer", let number = Int(parts[2]), layer ?? number == number else {
        throw SteeringError(
          .badInput, "is not named like opinions.layer.2; the file states no planted directions",
          at: InputLocation(file: url.path, item: name))
      }
      layer = number
      directions[String(parts[0])] = try file.tensor(name).floats()
    }
    guard let layer else { return nil }
    self.layer = layer
    self.directions = directions
  }

  /// The cosine of a layer's vector with each planted direction; empty at other layers.
  public func cosines(_ vectors: SteeringVectors) throws -> [String: Double] {
    guard let vector = vectors.layers[layer] else { return [:] }
    return try directions.mapValues { planted in
      try ScoreKind.cosine.scores(Tensor(vector).unsqueezed(0), vector: planted)[0]
    }
  }
}
