import LanguageModels
import Torch

/// What a steering scale counts.
public enum ScaleUnit: String, Sendable, CaseIterable, Codable {
  /// Stored vectors: 1 adds the vector as it is.
  case raw
  /// Units of the residual stream: 1 adds the unit vector.
  case unit
  /// Mean residual norms at the layer, as the vector file states them.
  case residual
}

/// Edits made from vectors.
extension SteeringVectors {
  /// Adds `scale` times the layer's vector at that block's output.
  public func addition(
    layer: Int, scale: Double, unit: ScaleUnit = .raw, positions: EditPositions = .all
  ) throws -> SteeringEdit {
    guard scale.isFinite else {
      throw SteeringError(.badInput, "the scale \(scale) is no number to multiply with; give a finite one")
    }
    let factor: Double
    switch unit {
    case .raw: factor = scale
    case .unit: factor = scale
    case .residual:
      guard let norm = provenance.residualNorms[layer], norm > 0 else {
        throw SteeringError(
          .badInput, "states no residual norm for layer \(layer), which --scale-unit residual needs; use raw or unit",
          at: InputLocation(file: provenance.file ?? "the vector file"))
      }
      factor = scale * norm
    }
    let vector = unit == .raw ? try self.vector(layer) : try self.unit(layer)
    return SteeringEdit(layer: layer, .add(try Tensor(vector) * factor), positions: positions)
  }

  /// Removes each layer's own direction at that block's output; nil layers means all that the file holds.
  public func ablations(layers: [Int]? = nil, positions: EditPositions = .all) throws -> [SteeringEdit] {
    try (layers ?? sortedLayers).map { layer in
      SteeringEdit(layer: layer, .ablate(try Tensor(unit(layer))), positions: positions)
    }
  }
}
