import Foundation
import LanguageModels
import Statistics
import Steering
import Torch

/// From recordings and vectors to tables and verdicts: the part of a run that needs no model and can be done again.
public struct Analysis {
  private let run: StoredRun
  private let labels: LabelChoice
  private let onStage: (String) -> Void
  /// How thoroughly recordings are audited.
  var auditOptions = RecordingAudit.Options()
  private var experiment: Experiment { run.experiment }

  /// - Parameter labels: what the targets are judged by; vectors and the layers that a study chose stay as they were made.
  public init(
    _ run: StoredRun, labels: LabelChoice = .recorded, onStage: @escaping (String) -> Void = { _ in }
  ) {
    (self.run, self.labels, self.onStage) = (run, labels, onStage)
  }

  /// Computes every table of the run and writes them to its folder `results`; those by other labels than the recorded ones,
  /// asked for here or in the experiment file, to a folder of their own in it.
  public func write() throws -> ExperimentResults {
    var results = try ThreadPolicy.withoutModel { try self.results() }
    let directory = run.directory
    if let folder = labels.folder {
      if results.hasLabels { try directory.write(results, byOtherLabels: labels, to: folder) }
      return results
    }
    try directory.write(PredictivityRow.csv(results.predictions.map(\.row)), to: "results/predictivity.csv")
    try directory.write(VectorResult.csv(results.vectors), to: "results/vectors.csv")
    try directory.write(AuditResult.csv(results.audits), to: "results/audit.csv")
    try directory.write(TransferResult.csv(results.transfer), to: "results/transfer.csv")
    try directory.write(LabelCount.csv(results.labels), to: "results/labels.csv")
    try directory.write(NullBand.csv(results.nulls), to: "results/nulls.csv")
    try writeStudy(results)
    for choice in experiment.otherLabels {
      results.byOtherLabels.append(try Analysis(run, labels: choice, onStage: onStage).write())
    }
    return results
  }

  /// The tables by the names of their files.
  static let tables = [
    "predictivity", "vectors", "audit", "transfer", "labels", "nulls", "steerability", "agreement", "study",
    "study-choices", "study-correlations", "comparisons",
  ]

  /// The tables of steering, agreement, comparisons and study, where the experiment has them.
  private func writeStudy(_ results: ExperimentResults) throws {
    let directory = run.directory
    if experiment.steering != nil {
      try directory.write(Steerability.csv(results.steerability), to: "results/steerability.csv")
    }
    if !results.agreement.isEmpty {
      try directory.write(VectorAgreement.csv(results.agreement), to: "results/agreement.csv")
    }
    if experiment.comparisons != nil {
      try directory.write(VectorPair.csv(results.vectorPairs), to: "results/comparisons.csv")
    } else {
      // Of an earlier run, whose experiment file compared vectors.
      try? FileManager.default.removeItem(at: directory.file("results/comparisons.csv"))
    }
    guard experiment.study != nil else { return }
    try directory.write(StudyRow.csv(results.study), to: "results/study.csv")
    try directory.write(StudyChoice.csv(results.choices), to: "results/study-choices.csv")
    try directory.write(StudyCorrelation.csv(results.correlations), to: "results/study-correlations.csv")
  }

  private func steerability(_ model: String) throws -> [Steerability] {
    try experiment.steeringVectors.flatMap { settings in
      Steerability.rows(model: model, vector: settings.name, try run.steering(model, settings.name))
    }
  }

  private func results() throws -> ExperimentResults {
    var results = ExperimentResults(experiment: experiment, labels: labels)
    let targetLabels = try TargetLabels(run, labels)
    let predictions = experiment.predictions(judgedBy: labels)
    var vectors: [String: [String: SteeringVectors]] = [:]
    var chosen: [String: [String: Int]] = [:]
    for model in experiment.models.map(experiment.shortName(of:)) {
      for dataset in experiment.recordedDatasets {
        results.labels += LabelCount.counts(model: model, dataset: dataset, try run.recording(model, dataset).rows)
      }
      let planted = try run.planted(model)
      for settings in experiment.vectors {
        let stored = try run.vectors(model, settings.name)
        vectors[model, default: [:]][settings.name] = stored
        results.vectors += try VectorResult.rows(model: model, settings: settings, vectors: stored, planted: planted)
      }
      let layers = try LayerChoice(run, model, vectors[model] ?? [:])
      chosen[model] = layers.layers
      for settings in predictions {
        let by = labels == .recorded ? "" : " by \(labels.phrase)"
        onStage("\(model): judging \(settings.targets.joined(separator: ", "))\(by)")
        let prediction = try Prediction(
          settings, run, model, vectors[model] ?? [:], layers, targetLabels, auditOptions)
        let found = try prediction.results()
        results.predictions += found.rows
        results.audits += found.audits
        results.nulls += found.nulls
      }
      guard labels == .recorded else { continue }
      results.steerability += try steerability(model)
      if let layer = layers.commonest ?? Transfer.commonestLayer(vectors[model] ?? [:], planted: planted?.layer) {
        onStage("\(model): comparing vectors at layer \(layer)")
        results.agreement += try VectorAgreement.rows(run, model, vectors[model] ?? [:], layer: layer)
      }
    }
    applyFalseDiscoveryRate(&results.predictions)
    if let study = experiment.study, labels == .recorded {
      results.study = StudySummary(results: results, study: study, layers: chosen).rows
    }
    let targets = predictions.distinctTargets
    results.transfer = try Transfer(run, vectors, targetLabels).results(targets)
    if labels != .recorded {
      results.coverage = try run.models.flatMap { model in
        try targets.map { try targetLabels.coverage(model, $0) }
      }
    }
    if labels == .recorded, experiment.comparisons != nil { results.vectorPairs = try run.comparisons() }
    return results
  }

  /// Benjamini-Hochberg over all the comparisons of the run.
  private func applyFalseDiscoveryRate(_ predictions: inout [PredictionResult]) {
    let tested = predictions.indices.filter { predictions[$0].row.predictivity.pPermutation != nil }
    let p = tested.compactMap { predictions[$0].row.predictivity.pPermutation }
    guard let q = FalseDiscovery.benjaminiHochberg(p) else { return }
    for (index, value) in zip(tested, q) { predictions[index].row.qFDR = value }
  }
}
