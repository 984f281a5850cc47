import Foundation
import Foundations
import Organisms
import Statistics
import Steering
import Torch

/// One row of the predictivity table and the rows it was computed from.
package struct PredictionResult: Sendable {
  package var row: PredictivityRow
  package var scored: ScoredRows
  /// The model it was measured on.
  package var model: ModelName
  /// Whether this is the layer at which the model's truth was planted.
  package var isPlantedLayer: Bool
  /// What the chosen labels do to the AUROC; nil for the recorded ones.
  package var change: LabelChange?
}

/// Scores vectors against recordings of one model: every layer, position and kind of score that an experiment asks for,
/// and the audit of each vector, target and position.
struct Prediction {
  private let settings: Experiment.PredictionSettings
  private let run: StoredRun
  private let model: ModelName
  private let vectors: [VectorName: SteeringVectors]
  private let planted: PlantedDirections?
  private let letters: LetterDirection?
  /// The layer that the study judges, by vector.
  private let layers: LayerChoice
  private let options: RecordingAudit.Options
  private let labels: TargetLabels
  private var seed: UInt64 { run.experiment.seed }

  init(
    _ settings: Experiment.PredictionSettings, _ run: StoredRun, _ model: ModelName,
    _ vectors: [VectorName: SteeringVectors],
    _ layers: LayerChoice, _ labels: TargetLabels, _ options: RecordingAudit.Options
  ) throws {
    (self.settings, self.run, self.model, self.vectors) = (settings, run, model, vectors)
    (self.layers, self.labels, self.options) = (layers, labels, options)
    planted = try run.planted(model)
    letters = try run.letters(model)
  }

  /// Rows and audits in the order of the experiment's vectors, nulls in that of the targets; none for a target without
  /// labels of the chosen source.
  func results() throws -> (rows: [PredictionResult], audits: [AuditResult], nulls: [NullBand]) {
    let names = settings.vectors ?? run.experiment.vectors.map(\.name)
    var rows = names.map { _ in [PredictionResult]() }
    var audits = names.map { _ in [AuditResult]() }
    var nulls: [NullBand] = []
    for target in settings.targets.map({ TargetName($0) }) {
      for position in settings.positions {
        guard let labelled = try labels.target(model, target, at: position) else { continue }
        var made: [(winsorising: Winsorising?, audit: RecordingAudit)] = []
        for (index, name) in names.enumerated() {
          guard let subject = try subject(name, at: position) else { continue }
          let winsorising = subject.vectors.winsorising
          let known = made.first { $0.winsorising == winsorising }?.audit
          let audit = try known ?? self.audit(labelled.recording, target, position, winsorising)
          if known == nil { made.append((winsorising, audit)) }
          let judged = try audit.judge(subject)
          rows[index] += table(judged, audit, name, target, labelled)
          audits[index] += try choices(name, position).compactMap { layers, chosen in
            try judged.verdict(layers: chosen, comparisons: layers == AuditResult.chosenLayer ? comparisons : 1).map {
              AuditResult(
                model: model, vector: name, target: target, position: position.rawValue, layers: layers, audit: $0)
            }
          }
        }
        // Nulls of activations as they are, where any vector is scored on those.
        let plain = made.first { $0.winsorising == nil } ?? made.first
        nulls += plain.map { NullBand.rows($0.audit, model: model, target: target) } ?? []
      }
    }
    return (rows.flatMap { $0 }, audits.flatMap { $0 }, nulls)
  }

  private func audit(
    _ recording: ChunkedRecording, _ target: TargetName, _ position: ReadPosition, _ winsorising: Winsorising?
  ) throws -> RecordingAudit {
    var options = options
    options.seed = seed
    if run.experiment.study?.position == position {
      // Enough for a p-value that can survive the correction: 0.02 at the least.
      options.permutations = max(options.permutations, 50 * comparisons)
    }
    options.scores = ScoreKind.allCases.filter { settings.scores.contains($0) || $0 == .cosine }
    do {
      return try RecordingAudit(AuditTarget(recording, at: position).winsorised(by: winsorising), options: options)
    } catch let error as TelltaleError {
      throw TelltaleError(error.code, "\(model) on \(target): \(error.message)", at: error.location)
    }
  }

  /// The vector with what is known of how it was made.
  private func subject(_ name: VectorName, at position: ReadPosition) throws -> AuditedVector? {
    guard let stored = vectors[name], let made = run.experiment.vectors.first(where: { $0.name == name }) else {
      return nil
    }
    var subject = AuditedVector(stored, letters: letters)
    if let differences = try run.differences(model, name) { subject.origin = .pairs(differences) }
    let dataset = TargetName(made.dataset)
    if made.contrast == .spontaneous, run.experiment.recordedDatasets.contains(dataset) {
      let rows = try AuditTarget(run.recording(model, dataset), at: made.read).winsorised(by: stored.winsorising)
      subject.origin = .classes(rows.drawn(seed: seed))
    } else if run.experiment.recordedDatasets.contains(dataset) {
      // A training recording that says nothing at this position is no mark to measure by.
      subject.training = try? AuditTarget(run.recording(model, dataset), at: position)
        .winsorised(by: stored.winsorising)
    }
    return subject
  }

  private func table(
    _ judged: JudgedVector, _ audit: RecordingAudit, _ name: VectorName, _ target: TargetName,
    _ labelled: TargetLabels.Target
  ) -> [PredictionResult] {
    let reference = audit.target.indices.map { labelled.reference[$0] }
    return judged.layers.flatMap { layer in
      settings.scores.compactMap { kind in
        guard let scored = layer.scores[kind] else { return nil }
        var row = PredictivityRow(
          model: model.text, vector: name.text, target: target.text, position: audit.target.position.rawValue,
          layer: layer.layer, score: kind.rawValue, predictivity: Predictivity(scored, seed: seed))
        row.logitBaselineAUROC = audit.target.logitBaselineAUROC
        row.probeAUROC = audit.probeAUROC(layer: layer.layer)
        row.nullPercentile = audit.nullPercentile(of: row.predictivity.auroc, layer: layer.layer, score: kind)
        return PredictionResult(
          row: row, scored: scored, model: model, isPlantedLayer: planted?.layer == layer.layer,
          change: labels.choice == .recorded
            ? nil
            : LabelChange(
              model: model, vector: name, target: target, position: audit.target.position,
              layer: layer.layer, score: kind, scored, labels, reference: reference))
      }
    }
  }

  /// What is judged: all layers, and the planted layer alone where there is one; in a study the layer that it chose on
  /// other data alone, corrected for the number of vectors and targets.
  private func choices(_ name: VectorName, _ position: ReadPosition) -> [(name: String, layers: Set<Int>?)] {
    if run.experiment.study?.position == position {
      return layers.layers[name].map { [(AuditResult.chosenLayer, Set([$0]))] } ?? []
    }
    return [("all", nil)] + (planted.map { [("\($0.layer)", [$0.layer])] } ?? [])
  }

  /// From how many vectors and targets one is looked at.
  private var comparisons: Int {
    (settings.vectors ?? run.experiment.vectors.map(\.name)).count * settings.targets.count
  }
}

/// The verdict on one vector, target and position: rows of the table `audit`.
package struct AuditResult: Sendable {
  package var model: ModelName
  package var vector: VectorName
  package var target: TargetName
  package var position: String
  /// `all`, or the one layer that was judged, or `chosen` for the one that the study chose on other data.
  package var layers: String
  package static let chosenLayer = "chosen"
  package var audit: Audit

  /// Those of a run, each corrected for all of them; those of a study are corrected for its comparisons already.
  static func corrected(_ results: [AuditResult], seed: UInt64) -> [AuditResult] {
    let open = results.indices.filter { results[$0].layers != chosenLayer }
    var corrected = results
    for (index, audit) in zip(open, Audit.correctedForRun(open.map { results[$0].audit }, seed: seed)) {
      corrected[index].audit = audit
    }
    return corrected
  }

  /// A row of the table: one finding with the verdict that all led to.
  package typealias Row = (result: AuditResult, finding: Finding)

  package var rows: [Row] { audit.findings.map { (self, $0) } }

  package static let table = Table<Row>(
    "audit", "One finding of the audit of one vector, target, read position and choice of layers, with the verdict.",
    [
      .text("model", "The model.", \.result.model.text),
      .text("vector", "The vector.", \.result.vector.text),
      .text("target", "The data set whose labels are predicted.", \.result.target.text),
      .text("position", "Where the residual stream was read.", \.result.position),
      .text(
        "layers", "`all`, the one layer that was judged, or `chosen`: by the study, on other data.", \.result.layers),
      .text("verdict", "`supported`, `explained`, `absent` or `cannot tell` (docs/audit.md).") {
        $0.result.audit.verdict.rawValue
      },
      .text("severity", "How grave the finding is.", \.finding.severity.rawValue),
      .text("finding", "Which check it is of.", \.finding.name),
      .number("number", "The number that it rests on.", \.finding.number),
      .text("sentence", "What was found.", \.finding.sentence),
    ])
}
