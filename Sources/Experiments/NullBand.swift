import Foundations
import Statistics
import Steering

/// Where the AUROCs of directions that ought not to predict lie at one layer: a row of the table `nulls`. What an AUROC
/// of the same layer is to be compared with; `docs/audit.md` says how the directions are drawn.
package struct NullBand: Sendable {
  package var model: ModelName
  package var target: TargetName
  package var position: String
  package var layer: Int
  package var score: String
  package var draws: Int
  /// The quantiles 0.025, 0.5 and 0.975.
  package var low: Double
  package var median: Double
  package var high: Double

  /// One for every layer and kind of score that the audit drew nulls for, in the order of layers.
  static func rows(_ audit: RecordingAudit, model: ModelName, target: TargetName) -> [NullBand] {
    audit.profiles.sorted { $0.key < $1.key }.flatMap { layer, profile in
      ScoreKind.allCases.compactMap { kind in
        guard let areas = profile.nullAUROCs[kind], let middle = Measures.quantile(of: areas, 0.5),
          let low = Measures.quantile(of: areas, 0.025), let high = Measures.quantile(of: areas, 0.975)
        else { return nil }
        return NullBand(
          model: model, target: target, position: audit.target.position.rawValue, layer: layer, score: kind.rawValue,
          draws: areas.count, low: low, median: middle, high: high)
      }
    }
  }

  package static let table = Table<NullBand>(
    "nulls", "Where the AUROCs of directions that ought not to predict lie, at one layer.",
    [
      .text("model", "The model whose activations these are.", \.model.text),
      .text("target", "The data set whose labels are predicted.", \.target.text),
      .text("position", "Where the residual stream was read.", \.position),
      .integer("layer", "The block after which it was read, counted from 0.", \.layer),
      .text("score", "`cosine`, `centred-cosine` or `projection`.", \.score),
      .integer("draws", "Directions that were drawn from the activations' covariance.", \.draws),
      .number("null_low", "Quantile 0.025 of their AUROCs.", unit: "0 to 1", \.low),
      .number("null_median", "Their median.", unit: "0 to 1", \.median),
      .number("null_high", "Quantile 0.975.", unit: "0 to 1", \.high),
    ])
}
