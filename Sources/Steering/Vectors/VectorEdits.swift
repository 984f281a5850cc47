import Foundations
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
  /// Adds `scale` times the layer's vector at that block's output. The shift is measured along the vector itself: below
  /// zero where `scale` is.
  public func addition(
    layer: Int, scale: Double, unit: ScaleUnit = .raw, positions: EditPositions = .all
  ) throws -> SteeringEdit {
    guard scale.isFinite else {
      throw TelltaleError(.badInput, "the scale \(scale) is no number to multiply with; give a finite one")
    }
    let factor: Double
    switch unit {
    case .raw: factor = scale
    case .unit: factor = scale
    case .residual:
      guard let norm = provenance.residualNorms[layer], norm > 0 else {
        throw TelltaleError(
          .badInput, "states no residual norm for layer \(layer), which the unit residual needs; use raw or unit",
          at: place)
      }
      factor = scale * norm
    }
    let direction = try self.unit(layer)
    let vector = unit == .raw ? try self.vector(layer) : direction
    let largest = vector.reduce(0) { max($0, abs($1)) }
    guard abs(factor) * Double(largest) <= Double(Float.greatestFiniteMagnitude) else {
      throw TelltaleError(.badInput, "the scale \(scale) makes the vector overflow float32; give a smaller one")
    }
    var edit = SteeringEdit(layer: layer, .add(try Tensor(vector) * factor), positions: positions)
    edit.measured = try Tensor(direction)
    return edit
  }

  /// Removes each layer's own direction at that block's output; nil layers means all that the file holds.
  public func ablations(layers: [Int]? = nil, positions: EditPositions = .all) throws -> [SteeringEdit] {
    try (layers ?? sortedLayers).map { layer in
      SteeringEdit(layer: layer, .ablate(try Tensor(unit(layer))), positions: positions)
    }
  }

  /// Sets each layer's projection on its own direction to `target` at that block's output; nil layers means all that the
  /// file holds.
  public func clamps(
    layers: [Int]? = nil, to target: ProjectionTarget, positions: EditPositions = .all
  ) throws -> [SteeringEdit] {
    try (layers ?? sortedLayers).map { layer in
      let direction = try Tensor(unit(layer))
      let value = try projection(target, layer: layer)
      return SteeringEdit(layer: layer, .setProjection(direction, value), positions: positions)
    }
  }

  /// The condition that the projection on a layer's unit vector lies above or below a threshold, in units of the
  /// residual stream.
  public func condition(layer: Int, _ side: EditCondition.Side, _ threshold: Double) throws -> EditCondition {
    guard threshold.isFinite else {
      throw TelltaleError(.badInput, "the threshold \(threshold) is no number to compare with; give a finite one")
    }
    try requireUnwinsorised("conditions compare the projection of the stream as it is")
    return EditCondition(layer: layer, direction: try Tensor(unit(layer)), side, threshold)
  }

  /// Edits see the residual stream as it is, where the scores and class means of winsorised vectors are of another one.
  private func requireUnwinsorised(_ reason: String) throws(TelltaleError) {
    guard let winsorising else { return }
    throw TelltaleError(
      .badInput,
      "is made of winsorised activations (\(winsorising.share)), and \(reason); extract it without winsorising",
      at: place)
  }

  /// What a target means at a layer: a projection on the unit vector, in units of the residual stream.
  ///
  /// The class means are m + (1 - p) v and m - p v for the mean m of the training activations, the vector v (the
  /// difference of the class means) and the share p of positive examples; their projections are m.r + (1 - p) |v| and
  /// m.r - p |v| for the unit vector r.
  public func projection(_ target: ProjectionTarget, layer: Int) throws(TelltaleError) -> Double {
    if case .value(let value) = target {
      guard value.isFinite else {
        throw TelltaleError(.badInput, "the projection \(value) is no number to set; give a finite one")
      }
      return value
    }
    try requireUnwinsorised("the class means that it is set to are of winsorised ones")
    guard let mean = means[layer] else {
      throw TelltaleError(
        .badInput, "states no mean activation for layer \(layer), which a class mean needs; give a number instead",
        at: place)
    }
    let centre = zip(mean, try unit(layer)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    if target == .mean { return centre }
    guard let share = provenance.positiveShare else {
      throw TelltaleError(
        .badInput,
        "does not state how many of its examples were positive, which a class mean needs; give a number "
          + "instead or make the vector again", at: place)
    }
    return target == .positiveMean ? centre + (1 - share) * norm(layer) : centre - share * norm(layer)
  }
}

/// What a projection is set to.
public enum ProjectionTarget: Sendable, Equatable {
  /// In units of the residual stream.
  case value(Double)
  /// The mean of the training activations that showed the behaviour (or were the matching half of a pair).
  case positiveMean
  /// The mean of those that did not.
  case negativeMean
  /// The mean of all of them: mean ablation.
  case mean

  /// Reads `positive`, `negative`, `mean` or a number; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "positive": self = .positiveMean
    case "negative": self = .negativeMean
    case "mean": self = .mean
    default:
      guard let value = Double(text), value.isFinite else { return nil }
      self = .value(value)
    }
  }
}
