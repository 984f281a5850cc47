import Foundation
import Foundations
import LanguageModels
import Torch

/// One direction of the residual stream per layer, stored raw: nothing is normalised silently.
public struct SteeringVectors: Sendable {
  /// By layer (the output of decoder block i, counted from 0): float32 [hidden].
  public var layers: [Int: [Float]]
  /// The mean activation of the training data at the read position, by layer: what centred scores subtract. Empty where
  /// it is not known.
  public var means: [Int: [Float]]
  public var provenance: VectorProvenance

  public init(layers: [Int: [Float]], means: [Int: [Float]] = [:], provenance: VectorProvenance) {
    self.layers = layers
    self.means = means
    self.provenance = provenance
  }

  /// What was done to the activations that they are made of, and is done to those that are scored by them.
  public var winsorising: Winsorising? { provenance.winsorised.flatMap { try? Winsorising(share: $0) } }

  /// Activations as the vectors were made of them, which is how their scores are computed: winsorised or as they are.
  public func prepared(_ activations: Tensor) throws(TelltaleError) -> Tensor {
    try winsorising?(activations) ?? activations
  }

  /// The file that errors name.
  var place: InputLocation { InputLocation(file: provenance.file ?? "the vector file") }

  /// The width of the residual stream.
  public var hiddenSize: Int { layers.values.first?.count ?? 0 }

  public var sortedLayers: [Int] { layers.keys.sorted() }

  /// The Euclidean norm of a layer's vector, in units of the residual stream.
  public func norm(_ layer: Int) -> Double {
    (layers[layer] ?? []).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  /// The vector of a layer; refuses a layer that the file does not hold.
  public func vector(_ layer: Int) throws(TelltaleError) -> [Float] {
    guard let vector = layers[layer] else {
      let held = sortedLayers.map(String.init).joined(separator: ", ")
      throw TelltaleError(
        .badInput, "has no vector for layer \(layer); it holds layers \(held)",
        at: place)
    }
    return vector
  }

  /// The unit vector of a layer; refuses a zero vector.
  public func unit(_ layer: Int) throws(TelltaleError) -> [Float] {
    let vector = try vector(layer)
    let norm = norm(layer)
    guard norm > 0 else {
      throw TelltaleError(
        .badInput, "is zero at layer \(layer), which has no direction; extract it at another read position",
        at: place)
    }
    return vector.map { Float(Double($0) / norm) }
  }

  /// Refuses a vector of another width, of layers that the model does not have, or (where both are known and `anyModel`
  /// is false) of another model; returns what the user should know.
  public func check(
    against model: LanguageModel, fingerprint: String?, anyModel: Bool = false
  ) throws(TelltaleError) -> [String] {
    guard hiddenSize == model.configuration.hiddenSize else {
      throw TelltaleError(
        .badInput,
        "holds vectors of width \(hiddenSize) where the model's residual stream has \(model.configuration.hiddenSize); "
          + "use a vector made from this model", at: place)
    }
    if let layer = sortedLayers.last, layer >= model.configuration.layerCount {
      throw TelltaleError(
        .badInput,
        "holds a vector for layer \(layer), and the model has layers 0 to \(model.configuration.layerCount - 1); "
          + "use a vector made from this model", at: place)
    }
    guard let own = provenance.modelFingerprint else {
      return ["\(place.file) says nothing of its origin; whether it was made from this model cannot be checked"]
    }
    guard let fingerprint, own != fingerprint else { return [] }
    guard anyModel else {
      throw TelltaleError(
        .badInput,
        "was made from another model (\(provenance.model ?? "unnamed")); use a vector of this model, or allow "
          + "any model if the transfer is meant", at: place, remedy: .allowAnyModel)
    }
    return ["\(place.file) was made from another model (\(provenance.model ?? "unnamed"))"]
  }
}
