import LanguageModels
import Statistics
import Torch

/// What an edit of a model does to the rate of the behaviour.
public struct SteeredRate: Sendable, Equatable, Codable {
  /// The direction that is added or removed.
  public enum Direction: String, Sendable, Codable {
    case none
    case finetuning
    case given
    /// A random direction with the fine-tuning vector's length: what any such edit does.
    case random
  }

  public var set: String
  public var model: FinetuningChain.Model
  public var direction: Direction
  public var operation: GridCell.Operation
  public var layer: Int
  public var scale: Double?
  public var rate: Estimate
  /// Minus that of the same model unedited, on the same rows.
  public var gain: Estimate
  public var margin: Estimate
  public var positionsEdited: Int
}

extension FinetuningChain {
  /// Adds the vectors to the base model and removes them from the behaviour-tuned one, from the prompt's end on.
  func steer(
    _ given: SteeringVectors, _ finetuned: SteeringVectors, layer: Int, sets: [ChainSet]
  ) throws -> [SteeredRate] {
    let inputs = try [
      "given": given.numbersFingerprint, "finetuned": finetuned.numbersFingerprint, "layer": "\(layer)",
      "scales": settings.scales.map { "\($0)" }.joined(separator: ","), "seed": "\(settings.seed)",
      "base": identity(.base), "behaviour": identity(.behaviour),
      "items": sets.map { try encoder.dataHash($0.items) }.joined(separator: " "),
    ]
    return try folder.stage("steering", inputs: inputs) {
      let directions = try [
        (SteeredRate.Direction.finetuning, finetuned), (.given, given), (.random, random(like: finetuned, layer)),
      ]
      let added = try directions.flatMap { name, vectors in
        try settings.scales.map {
          (name, try GridCell.adding(vectors, layer: layer, scale: $0, positions: .fromPromptEnd))
        }
      }
      let removed = try directions.map { name, vectors in
        (name, try GridCell.ablating(vectors, layers: [layer], positions: .fromPromptEnd))
      }
      return try rates(.base, added, layer, sets) + rates(.behaviour, removed, layer, sets)
    }
  }

  private func rates(
    _ model: Model, _ edits: [(SteeredRate.Direction, GridCell)], _ layer: Int, _ sets: [ChainSet]
  ) throws -> [SteeredRate] {
    let cells = [(SteeredRate.Direction.none, GridCell.unsteered)] + edits
    let evaluation = ChoiceEvaluation(try self.model(model), encoder)
    return try sets.flatMap { set in
      let result = try evaluation.run(set.items, cells: cells.map(\.1))
      return zip(cells, result.summaries()).map { cell, summary in
        SteeredRate(
          set: set.name, model: model, direction: cell.0, operation: cell.1.operation, layer: layer,
          scale: cell.1.scale, rate: summary.rate, gain: summary.gain, margin: summary.margin,
          positionsEdited: summary.effect.positions)
      }
    }
  }

  private func random(like vectors: SteeringVectors, _ layer: Int) throws -> SteeringVectors {
    let drawn = try Tensor.randomNormal([vectors.hiddenSize], seed: settings.seed)
    let scaled = try drawn * (vectors.norm(layer) / drawn.norm().scalar())
    return SteeringVectors(layers: [layer: try scaled.floats()], provenance: VectorProvenance())
  }
}
