import Foundation
import LanguageModels
import Statistics
import Steering
import Torch

/// From recordings and vectors to tables and verdicts: the part of a run that needs no model and can be done again.
package struct Analysis {
  private let run: StoredRun
  private let labels: LabelChoice
  private let onStage: (String) -> Void
  /// How thoroughly recordings are audited.
  var auditOptions = RecordingAudit.Options()
  private var experiment: Experiment { run.experiment }

  /// - Parameter labels: what the targets are judged by; vectors and the layers that a study chose stay as they were made.
  package init(
    _ run: StoredRun, labels: LabelChoice = .recorded, onStage: @escaping (String) -> Void = { _ in }
  ) {
    (self.run, self.labels, self.onStage) = (run, labels, onStage)
  }

  /// Computes every table of the run and writes them; those by other labels than the recorded ones, asked for here or in the
  /// experiment file, to their own folder among them.
  package func write() throws -> ExperimentResults {
    var results = try ThreadPolicy.withoutModel { try self.results() }
    guard labels == .recorded else {
      if results.hasLabels {
        try write([.predictivity, .audit, .transfer] + RunTable.byOtherLabels, of: results)
      }
      return results
    }
    try write([.predictivity, .vectors, .audit, .transfer, .labels, .nulls], of: results)
    try writeStudy(results)
    for choice in experiment.otherLabels {
      results.byOtherLabels.append(try Analysis(run, labels: choice, onStage: onStage).write())
    }
    return results
  }

  /// The tables of steering, agreement, comparisons and study, where the experiment has them.
  private func writeStudy(_ results: ExperimentResults) throws {
    if experiment.steering != nil { try write([.steerability], of: results) }
    if !results.agreement.isEmpty { try write([.agreement], of: results) }
    if experiment.comparisons != nil {
      try write([.comparisons], of: results)
    } else {
      // Of an earlier run, whose experiment file compared vectors.
      try? FileManager.default.removeItem(at: run.directory.layout.table(.comparisons))
    }
    if experiment.study != nil {
      try write([.study, .studyChoices, .studyCorrelations, .studyRegression], of: results)
    }
  }

  private func write(_ tables: [RunTable], of results: ExperimentResults) throws {
    for table in tables {
      try run.directory.write(table.values(results).csv, to: run.directory.layout.table(table, by: labels))
    }
  }

  private func steerability(_ model: ModelName) throws -> [Steerability] {
    try experiment.steeringVectors.flatMap { settings in
      Steerability.rows(model: model, vector: settings.name, try run.steering(model, settings.name))
    }
  }

  private func results() throws -> ExperimentResults {
    var results = ExperimentResults(experiment: experiment, labels: labels)
    let targetLabels = try TargetLabels(run, labels)
    let predictions = experiment.predictions(judgedBy: labels)
    var vectors: [ModelName: [VectorName: SteeringVectors]] = [:]
    var chosen: [ModelName: [VectorName: Int]] = [:]
    for model in experiment.modelNames {
      for target in experiment.recordedDatasets {
        results.labels += LabelCount.counts(model: model, target: target, try run.recording(model, target).rows)
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
    results.audits = AuditResult.corrected(results.audits, seed: experiment.seed)
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
