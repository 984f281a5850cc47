import Foundations
import Statistics
import Steering

/// One vector of one model in the study's summary: a row of the table `study`.
public struct StudyRow: Sendable {
  /// How the vector predicts one data set, at the layer chosen on another.
  public struct Prediction: Sendable {
    public var auroc: Double?
    public var low: Double?
    public var high: Double?
    /// Corrected for all comparisons of the run (Benjamini-Hochberg).
    public var qFDR: Double?
    /// Of the audit, corrected for the number of vectors and target sets.
    public var verdict: String?
  }

  public var model: ModelName
  public var vector: Experiment.VectorSettings
  /// Rows or pairs it was really made of.
  public var pairs: Int?
  /// Where it predicts best on the data set set aside for that.
  public var layer: Int?
  /// Split-half, at that layer.
  public var reliability: Double?
  public var inside: Prediction?
  public var outside: Prediction?
  public var steeringInside: ChosenSteering?
  public var steeringOutside: ChosenSteering?
  /// The cosine with the direction planted for the data set's kind of question (opinions where it has none), at the
  /// planted layer.
  public var plantedCosine: Double?

  static func csv(_ rows: [StudyRow]) -> String {
    let predicted = ["auroc", "auroc_low", "auroc_high", "q_fdr", "verdict"]
    let steered = ["layers"] + ["slope", "anti_steerable", "gain"].flatMap { [$0, "\($0)_low", "\($0)_high"] }
    return CSVWriter.text(
      header: ["model", "vector", "contrast", "estimator", "dataset", "pairs", "read", "layer", "reliability"]
        + predicted.map { "\($0)_in" } + predicted.map { "\($0)_out" } + steered.map { "steering_\($0)_in" }
        + steered.map { "steering_\($0)_out" } + ["cosine_planted"],
      rows: rows.map(\.fields))
  }

  private var fields: [String] {
    let made = [
      model.text, vector.name.text, vector.contrast.rawValue, vector.estimator.rawValue, vector.dataset,
      pairs.map(String.init) ?? "", vector.read.rawValue, layer.map(String.init) ?? "", text(reliability),
    ]
    return made + fields(inside) + fields(outside) + fields(steeringInside) + fields(steeringOutside)
      + [text(plantedCosine)]
  }

  private func fields(_ prediction: Prediction?) -> [String] {
    [prediction?.auroc, prediction?.low, prediction?.high, prediction?.qFDR].map(text) + [prediction?.verdict ?? ""]
  }

  private func fields(_ steering: ChosenSteering?) -> [String] {
    guard let steering else { return [String](repeating: "", count: 10) }
    return [steering.layers.map(String.init).joined(separator: " ")]
      + [steering.slope, steering.antiSteerable, steering.gain].flatMap(\.fields)
  }

  private func text(_ number: Double?) -> String { number.map { "\($0)" } ?? "" }
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
