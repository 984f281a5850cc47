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
      var targetSet: String
      var answers: Int
      var labelled: Int
      var cannotTell: Int
      var unlabelled: Int
    }
    struct Verdict: Encodable {
      var vector: String
      var targetSet: String
      var position: String
      var layers: String
      var audit: Audit
    }

    var labels: String
    var targets: [Target]
    var predictivity: [PredictivityRow]
    var changes: ResultTable
    var audits: [Verdict]
  }

  func print(json: Bool) throws {
    guard json else { return print() }
    let targets = results.coverage.map {
      Document.Target(
        targetSet: "\($0.model)/\($0.dataset)", answers: $0.answers, labelled: $0.labelled, cannotTell: $0.cannotTell,
        unlabelled: $0.unlabelled)
    }
    let audits = results.audits.map {
      Document.Verdict(
        vector: $0.vector, targetSet: $0.targetSet, position: $0.position, layers: $0.layers, audit: $0.audit)
    }
    try Output.json(
      Document(
        labels: results.labelChoice.description, targets: targets, predictivity: results.predictions.map(\.row),
        changes: LabelTables.changes(results.changes), audits: audits))
  }

  func print() {
    Output.line("")
    Output.line("== labels: \(Terminal.harmless(results.labelChoice.description))")
    guard results.hasLabels else { return Output.line(Terminal.harmless(results.missingLabels ?? "")) }
    for coverage in results.coverage {
      Output.line(Terminal.harmless("\(coverage.model)/\(coverage.dataset): \(coverage.sentence)."))
    }
    Output.line("Vectors are those of the run; class means of recorded labels stay as they were made.")
    ResultTables(results: results).print()
    Output.line("")
    Output.line("== what the \(Terminal.harmless(results.labelChoice.phrase)) change, on answers that have both labels")
    LabelTables.changes(shown).print()
    Output.line("Every layer, position and score: \(results.labelChoice.folder ?? "")/changes.csv")
  }

  /// The cosine at the first position, at the layer at which transfer is judged.
  private var shown: [LabelChange] {
    let layers = Dictionary(
      results.transfer.map { ("\($0.vector) \($0.targetSet) \($0.position)", $0.layer) },
      uniquingKeysWith: { first, _ in first })
    return results.changes.filter {
      $0.score == ScoreKind.cosine.rawValue && layers["\($0.vector) \($0.targetSet) \($0.position)"] == $0.layer
    }
  }
}
