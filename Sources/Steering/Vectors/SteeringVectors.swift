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
        at: InputLocation(file: provenance.file ?? "the vector file"))
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
        at: InputLocation(file: provenance.file ?? "the vector file"))
    }
    return vector.map { Float(Double($0) / norm) }
  }

  /// Refuses a vector of another width, of layers that the model does not have, or (where both are known and `anyModel`
  /// is false) of another model; returns what the user should know.
  public func check(
    against model: LanguageModel, fingerprint: String?, anyModel: Bool = false
  ) throws(TelltaleError) -> [String] {
    let place = InputLocation(file: provenance.file ?? "the vector file")
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
        "was made from another model (\(provenance.model ?? "unnamed")); use a vector of this model, or say --any-model "
          + "if the transfer is meant", at: place)
    }
    return ["\(place.file) was made from another model (\(provenance.model ?? "unnamed"))"]
  }
}

/// Where a vector comes from: what its file states beside the numbers. Unknown parts are nil.
public struct VectorProvenance: Sendable, Equatable {
  /// The file it was read from; not stored.
  public var file: String?
  public var method: String?
  /// How activations became a direction, by the name of an `Estimator`; nil where that is not stated.
  public var estimator: String?
  public var read: String?
  public var model: String?
  public var modelFingerprint: String?
  public var tokenizerHash: String?
  public var template: String?
  public var promptStyle: String?
  public var data: String?
  public var dataHash: String?
  public var pairs: Int?
  public var groups: Int?
  /// How many pairs have each letter as the matching answer, e.g. "A:100 B:100".
  public var letterBalance: String?
  /// The share of positive examples (rows with the behaviour, matching halves): what class means are computed with.
  public var positiveShare: Double?
  public var seed: UInt64?
  public var dtype: String?
  /// Mean norm of the residual stream at the read position, by layer.
  public var residualNorms: [Int: Double] = [:]
  /// Split-half reliability (Spearman-Brown), by layer.
  public var reliability: [Int: Double] = [:]
  /// How well the direction of one half of the data separates the other half (pairs on the right side, AUROC of rows), by
  /// layer.
  public var heldOut: [Int: Double] = [:]
  /// How the halves were drawn: by group, or by pair where there is one group only.
  public var reliabilityUnit: String?
  /// Of a result of vector arithmetic: what was done with which files.
  public var combined: String?
  /// The model whose activations were subtracted.
  public var against: String?
  /// The file of another tool it came from, and how that tool counts layers.
  public var importedFrom: String?
  public var importedConvention: String?
  /// What could not be balanced and other sentences for the reader.
  public var notes: [String] = []

  public init() {}

  init(_ estimator: Estimator) { self.estimator = estimator.rawValue }
}
