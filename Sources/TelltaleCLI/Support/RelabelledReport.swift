import CommandSupport
import Experiments
import Foundation
import Foundations
import Statistics
import Steering
import Torch

/// A run judged by other labels than its own: whose they are, how many there are, the tables, and what the labels change.
struct RelabelledReport {
  private let results: ExperimentResults

  init(_ results: ExperimentResults) { self.results = results }

  /// Judges a run by labels that must be there.
  init(_ run: StoredRun, by labels: LabelChoice) throws {
    results = try Analysis(run, labels: labels, onStage: { Terminal.note($0) }).write()
    guard results.hasLabels else { throw TelltaleError(.badInput, results.missingLabels ?? "there are no such labels") }
  }

  private struct Document: Encodable {
    struct Target: Encodable {
      var model: ModelName
      var target: TargetName
      var answers: Int
      var labelled: Int
      var cannotTell: Int
      var unlabelled: Int
    }
    struct Verdict: Encodable {
      var model: ModelName
      var vector: VectorName
      var target: TargetName
      var position: String
      var layers: String
      var audit: Audit
    }

    var labels: String
    var targets: [Target]
    var predictivity: [PredictivityRow]
    var changes: TableValues
    var audits: [Verdict]
  }

  func print(json: Bool) throws {
    guard json else { return print() }
    let targets = results.coverage.map {
      Document.Target(
        model: $0.model, target: $0.target, answers: $0.answers, labelled: $0.labelled, cannotTell: $0.cannotTell,
        unlabelled: $0.unlabelled)
    }
    let audits = results.audits.map {
      Document.Verdict(
        model: $0.model, vector: $0.vector, target: $0.target, position: $0.position, layers: $0.layers, audit: $0.audit
      )
    }
    try Output.json(
      Document(
        labels: results.labelChoice.description, targets: targets, predictivity: results.predictions.map(\.row),
        changes: LabelChange.table.values(results.changes), audits: audits))
  }

  func print() {
    Output.line("")
    Output.line("== labels: \(SafeText.visible(results.labelChoice.description))")
    guard results.hasLabels else { return Output.line(SafeText.visible(results.missingLabels ?? "")) }
    for coverage in results.coverage {
      Output.line(SafeText.visible("\(coverage.model)/\(coverage.target): \(coverage.sentence)."))
    }
    Output.line("Vectors are those of the run; class means of recorded labels stay as they were made.")
    ResultTables(results: results).print()
    Output.line("")
    Output.line("== what the \(SafeText.visible(results.labelChoice.phrase)) change, on answers that have both labels")
    LabelChange.table.values(shown).print()
    Output.line("Every layer, position and score: \(RunLayout.tables(by: results.labelChoice))/changes.csv")
  }

  /// The cosine at the first position, at the layer at which transfer is judged.
  private var shown: [LabelChange] {
    let own = results.transfer.filter { $0.model == $0.targetModel }
    let layers = Dictionary(
      own.map { ([$0.model.text, $0.vector.text, $0.target.text, $0.position], $0.layer) },
      uniquingKeysWith: { first, _ in first })
    return results.changes.filter {
      $0.score == ScoreKind.cosine.rawValue
        && layers[[$0.model.text, $0.vector.text, $0.target.text, $0.position]] == $0.layer
    }
  }
}
