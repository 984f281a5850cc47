import Foundation
import Foundations
import Statistics
import Steering
import Torch

/// How one vector does on one target set: a cell of the transfer matrix, a row of the table `transfer`.
package struct TransferResult: Sendable {
  /// The model that the vector is of.
  package var model: ModelName
  package var vector: VectorName
  /// The model whose answers are predicted.
  package var targetModel: ModelName
  package var target: TargetName
  package var position: String
  /// The layer of the vector and of the activations: see `Transfer.layer`.
  package var layer: Int
  package var n: Int
  package var groups: Int
  package var positives: Int
  package var auroc: Double?
  package var interval: Interval?
  /// The vector it is compared with on the same rows: the first one of the target's own model.
  package var reference: (model: ModelName, vector: VectorName)
  /// AUROC minus that of the reference; `nil` for the reference itself and where no test exists.
  package var difference: AUROCDifference?

  package static let table = Table<TransferResult>(
    "transfer", "One vector on one target, by cosine, at one layer that no label of the target chose.",
    [
      .text("model", "The model that the vector is of.", \.model.text),
      .text("vector", "The vector.", \.vector.text),
      .text("target_model", "The model whose answers are predicted.", \.targetModel.text),
      .text("target", "The data set whose labels are predicted.", \.target.text),
      .text("position", "Where the residual stream was read.", \.position),
      .integer("layer", "The planted layer, else the most reliable, else the middle one.", \.layer),
      .text("score", "Always `cosine`.") { _ in ScoreKind.cosine.rawValue },
      .integer("n", "Rows that have a score and a label.", unit: "rows", \.n),
      .integer("groups", "Distinct questions among them.", unit: "questions", \.groups),
      .integer("positives", "Rows whose label is 1.", unit: "rows", \.positives),
    ],
    .estimate(
      "auroc", "Chance that a row with the behaviour scores above one without.", unit: "0 to 1", \.auroc,
      interval: \.interval),
    [
      .text("reference_model", "The model of the vector that it is compared with.", \.reference.model.text),
      .text("reference", "That vector: the first one of the target's own model.", \.reference.vector.text),
    ],
    .estimate(
      "difference", "AUROC minus that of the reference on the same rows; empty for the reference itself.",
      { $0.difference?.difference }, interval: \.difference?.interval),
    [.number("p_difference", "Two-sided p of that difference, clustered by question.", \.difference?.p)])
}

/// Every vector of every model on every target set whose residual stream is as wide, by cosine, each at one layer that no
/// label of a target chose.
struct Transfer {
  private struct Source {
    let model: ModelName
    let name: VectorName
    let layer: Int
    let vector: [Float]
    let winsorising: Winsorising?

    var named: (model: ModelName, vector: VectorName) { (model, name) }
  }

  private let run: StoredRun
  private let labels: TargetLabels
  private let sources: [Source]

  init(_ run: StoredRun, _ vectors: [ModelName: [VectorName: SteeringVectors]], _ labels: TargetLabels) throws {
    (self.run, self.labels) = (run, labels)
    var sources: [Source] = []
    for model in run.experiment.modelNames {
      let planted = try run.planted(model)?.layer
      for settings in run.experiment.vectors {
        guard let stored = vectors[model]?[settings.name], let layer = Self.layer(stored, planted: planted) else {
          continue
        }
        sources.append(
          Source(
            model: model, name: settings.name, layer: layer, vector: try stored.vector(layer),
            winsorising: stored.winsorising))
      }
    }
    self.sources = sources
  }

  /// The planted layer; else the one at which the vector is most reliable between halves of its training data; else
  /// the middle one.
  static func layer(_ vectors: SteeringVectors, planted: Int?) -> Int? {
    let layers = vectors.sortedLayers
    if let planted, layers.contains(planted) { return planted }
    let reliable = vectors.provenance.reliability.filter { layers.contains($0.key) }
    let best = reliable.max { ($0.value, -$0.key) < ($1.value, -$1.key) }
    return best?.key ?? (layers.isEmpty ? nil : layers[layers.count / 2])
  }

  /// The layer that is read for most vectors of a model, the lowest of several: where they are compared with each other.
  static func commonestLayer(_ vectors: [VectorName: SteeringVectors], planted: Int?) -> Int? {
    let layers = vectors.values.compactMap { layer($0, planted: planted) }
    let counts = layers.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
    return counts.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
  }

  /// - Parameter targets: the target sets that are asked for.
  func results(_ targets: [TargetName]) throws -> [TransferResult] {
    var results: [TransferResult] = []
    for model in run.experiment.modelNames {
      for target in targets { results += try self.results(model, target) }
    }
    return results
  }

  private func results(_ model: ModelName, _ target: TargetName) throws -> [TransferResult] {
    guard let position = run.experiment.position(of: target),
      let labelled = try labels.target(model, target, at: position)
    else { return [] }
    let rows = try AuditTarget(labelled.recording, at: position)
    let own = sources.filter { $0.model == model } + sources.filter { $0.model != model }
    var reference: (source: Source, scored: ScoredRows)?
    var results: [TransferResult] = []
    for source in own {
      guard let scored = try rows.winsorised(by: source.winsorising).cosines(source.vector, layer: source.layer) else {
        continue
      }
      results.append(
        TransferResult(
          model: source.model, vector: source.name, targetModel: model, target: target, position: position.rawValue,
          layer: source.layer, n: scored.count, groups: Set(rows.groups).count, positives: scored.positives,
          auroc: scored.auroc,
          interval: scored.tableInterval, reference: (reference?.source ?? source).named,
          difference: reference.flatMap { AUROCDifference(scored, $0.scored) }))
      if reference == nil { reference = (source, scored) }
    }
    return results
  }
}

extension [Experiment.PredictionSettings] {
  /// Target sets in the order in which they are named.
  var distinctTargets: [TargetName] {
    var seen: Set<TargetName> = []
    return flatMap(\.targets).map { TargetName($0) }.filter { seen.insert($0).inserted }
  }
}

extension Experiment {
  /// Target sets in the order in which they are named.
  var targets: [TargetName] {
    predictions.distinctTargets
  }

  /// The first position at which a target is judged.
  func position(of target: TargetName) -> ReadPosition? {
    predictions.first { $0.targets.contains(target.text) }?.positions.first
  }
}
