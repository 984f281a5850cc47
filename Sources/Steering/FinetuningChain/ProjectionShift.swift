import LanguageModels
import Statistics
import Torch

/// Directions that the activations vary along and that are at right angles to the given vector: how far does fine-tuning
/// move things along any such direction?
struct ShiftNull {
  let layer: Int
  /// Float64 [hidden]: the given vector's direction.
  let unit: Tensor
  /// Of the given vector, in units of the residual stream.
  let norm: Double
  /// Float64 [hidden, draws]: unit vectors of the activations' covariance, without their part along the vector.
  let directions: Tensor

  static let draws = 1_000

  init(_ base: Recording, _ vectors: SteeringVectors, layer: Int, seed: UInt64) throws {
    (self.layer, norm) = (layer, vectors.norm(layer))
    unit = try Tensor(vectors.unit(layer)).converted(to: .float64)
    let rows = try base.stream(.prompt, layer: layer).converted(to: .float64)
    let centred = try rows - rows.mean(0, keep: true)
    let weights = try NullDirections.covariance(rows: base.rows.count, draws: Self.draws, seed: seed).weights
      .converted(to: .float64)
    let drawn = try centred.transposed(0, 1).matmul(weights)  // [hidden, draws]
    let along = try unit.unsqueezed(0).matmul(drawn)  // [1, draws]
    let aside = try drawn - unit.unsqueezed(1) * along
    directions = try aside / (aside.norm(0, keep: true) + 1e-30)
  }

  /// (1 + directions along which `shift` [hidden] is as long) / (1 + directions).
  func p(_ shift: Tensor) throws -> Double {
    let observed = abs(try (shift * unit).sum().scalar())
    let others = try shift.unsqueezed(0).matmul(directions).doubles()
    return Double(1 + others.count { abs($0) >= observed }) / Double(1 + others.count)
  }
}

/// How far fine-tuning moved the projections on the given vector, and whether the items that it moved are those whose
/// behaviour it changed.
public struct ProjectionShift: Sendable {
  public struct Item: Sendable, Equatable {
    public var id: String
    public var group: String
    /// Projection of the fine-tuned model's activation on the unit vector minus the base model's, in units of the stream.
    public var shift: Double
    /// Of the logit margin of the behaviour, in nats.
    public var marginChange: Double
  }

  public var set: String
  public var model: FinetuningChain.Model
  public var layer: Int
  /// In units of the residual stream, mean over items.
  public var shift: Estimate
  /// The same as a share of the given vector's length.
  public var inVectors: Double
  /// P of a shift as long along a direction that the activations vary along, at right angles to the vector.
  public var nullP: Double
  /// Rank correlation over items of the shift with the margin's change; nil where either does not vary.
  public var spearman: Estimate?
  public var items: [Item]
}

extension ProjectionShift {
  init(_ recordings: ChainRecordings, _ tuned: ChainRecordings.Tuned, _ null: ShiftNull, seed: UInt64) throws {
    let base = recordings.base
    let before = try base.stream(.prompt, layer: null.layer).converted(to: .float64)
    let moved = try tuned.recording.stream(.prompt, layer: null.layer).converted(to: .float64) - before
    let shifts = try moved.matmul(null.unit.unsqueezed(1)).doubles()
    let margins = zip(ChainRecordings.margins(tuned.recording), ChainRecordings.margins(base)).map { $0 - $1 }
    (set, model, layer) = (recordings.set, tuned.model, null.layer)
    shift = Estimate(shifts, groups: recordings.groups)
    inVectors = shift.value / null.norm
    nullP = try null.p(moved.mean(0))
    spearman = ClusteredSpearman(shifts, margins, groups: recordings.groups, seed: seed).map {
      Estimate($0.coefficient, $0.interval())
    }
    items = base.rows.indices.map {
      Item(id: base.rows[$0].id, group: base.rows[$0].group, shift: shifts[$0], marginChange: margins[$0])
    }
  }
}
