import Foundations
import Statistics
import Steering

/// One vector of one model in the study's summary: a row of the table `study`.
package struct StudyRow: Sendable {
  /// How the vector predicts one data set, at the layer chosen on another.
  package struct Prediction: Sendable {
    package var auroc: Double?
    package var low: Double?
    package var high: Double?
    /// Corrected for all comparisons of the run (Benjamini-Hochberg).
    package var qFDR: Double?
    /// Of the audit, corrected for the number of vectors and target sets.
    package var verdict: String?
  }

  package var model: ModelName
  package var vector: Experiment.VectorSettings
  /// Rows or pairs it was really made of.
  package var pairs: Int?
  /// Where it predicts best on the data set set aside for that.
  package var layer: Int?
  /// Split-half, at that layer.
  package var reliability: Double?
  package var inside: Prediction?
  package var outside: Prediction?
  package var steeringInside: ChosenSteering?
  package var steeringOutside: ChosenSteering?
  /// The cosine with the direction planted for the data set's kind of question (opinions where it has none), at the
  /// planted layer.
  package var plantedCosine: Double?

  package static let table = Table<StudyRow>(
    "study", "One vector of one model: how it was made, predicts and steers.",
    [
      .text("model", "The model.", \.model.text),
      .text("vector", "The vector.", \.vector.name.text),
      .text("contrast", "What was compared to make it.", \.vector.contrast.rawValue),
      .text("estimator", "How activations became a direction.", \.vector.estimator.rawValue),
      .text("dataset", "The data set that it was made from.", \.vector.dataset),
      .integer("pairs", "Rows or pairs that it was made of.", \.pairs),
      .text("read", "Where activations were read.", \.vector.read.rawValue),
      .integer("layer", "Where it predicts best on the data set that the study sets aside for that.", \.layer),
      .number("reliability", "Split-half, at that layer.", unit: "-1 to 1", \.reliability),
    ],
    .of(Prediction.columns, suffix: "_in", about: "In distribution: ", \.inside),
    .of(Prediction.columns, suffix: "_out", about: "Out of distribution: ", \.outside),
    .of(ChosenSteering.columns, prefix: "steering_", suffix: "_in", about: "In distribution: ", \.steeringInside),
    .of(ChosenSteering.columns, prefix: "steering_", suffix: "_out", about: "Out of distribution: ", \.steeringOutside),
    [.number("cosine_planted", "Of an organism: cosine with the planted direction, at its layer.", \.plantedCosine)])
}

extension StudyRow.Prediction {
  fileprivate static let columns: [TableColumn<Self>] =
    .estimate(
      "auroc", "AUROC of the cosine at the chosen layer.", unit: "0 to 1", value: \.auroc, low: \.low, high: \.high)
    + [
      .number("q_fdr", "permutation p, corrected for all rows of the run (Benjamini-Hochberg).", \.qFDR),
      .text("verdict", "the audit's, corrected for the vectors and targets of the study.", \.verdict),
    ]
}

extension ChosenSteering {
  fileprivate static let columns: [TableColumn<Self>] =
    [.text("layers", "layers that do most on other questions.") { $0.layers.map(String.init).joined(separator: " ") }]
    + .estimate("slope", "mean slope of the margin against the scale.", unit: "nats per scale", \.slope)
    + .estimate("anti_steerable", "share of items that move against the vector.", unit: "0 to 1", \.antiSteerable)
    + .estimate("gain", "share of matching answers at the largest scale minus that without.", \.gain)
}

/// The rows of the study from what the analysis found.
struct StudySummary {
  let results: ExperimentResults
  let study: Experiment.StudySettings
  /// By model and vector.
  let layers: [ModelName: [VectorName: Int]]

  var rows: [StudyRow] {
    results.experiment.modelNames.flatMap { model in
      results.experiment.vectors.map { row(model, $0) }
    }
  }

  private func row(_ model: ModelName, _ vector: Experiment.VectorSettings) -> StudyRow {
    let layer = layers[model]?[vector.name]
    let own = results.vectors.filter { $0.model == model && $0.vector == vector.name }
    let inside = steering(model, vector.name, study.inside)
    let outside = study.outside.map { steering(model, vector.name, $0) } ?? []
    let kind = results.experiment.datasets[vector.dataset]?.organism ?? .opinions
    return StudyRow(
      model: model, vector: vector, pairs: own.first?.pairs, layer: layer,
      reliability: own.first { $0.layer == layer }?.reliability,
      inside: prediction(model, vector.name, study.inside, layer),
      outside: study.outside.flatMap { prediction(model, vector.name, $0, layer) },
      steeringInside: ChosenSteering(inside, seed: results.experiment.seed),
      steeringOutside: ChosenSteering(outside, chosenOn: inside),
      plantedCosine: own.compactMap { $0.plantedCosines[kind] }.first)
  }

  private func steering(_ model: ModelName, _ vector: VectorName, _ target: String) -> [Steerability] {
    results.steerability.filter { $0.model == model && $0.vector == vector && $0.target.text == target }
  }

  private func prediction(
    _ model: ModelName, _ vector: VectorName, _ target: String, _ layer: Int?
  ) -> StudyRow.Prediction? {
    let place = (model.text, vector.text, target, study.position.rawValue)
    let found = results.predictions.first {
      ($0.row.model, $0.row.vector, $0.row.target, $0.row.position) == place && $0.row.layer == layer
        && $0.row.score == ScoreKind.cosine.rawValue
    }
    guard let row = found?.row else { return nil }
    let audit = results.audits.first {
      ($0.model.text, $0.vector.text, $0.target.text, $0.position) == place && $0.layers == AuditResult.chosenLayer
    }
    return StudyRow.Prediction(
      auroc: row.predictivity.auroc, low: row.predictivity.aurocLow, high: row.predictivity.aurocHigh, qFDR: row.qFDR,
      verdict: audit?.audit.verdict.rawValue)
  }
}
