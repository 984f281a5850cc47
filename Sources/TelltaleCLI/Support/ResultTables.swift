import Experiments
import Foundation
import Steering

/// The tables of a run, for a person at a terminal. The CSV files hold more: every position and kind of score.
struct ResultTables {
  let results: ExperimentResults

  func print() {
    for model in results.experiment.models.map(results.experiment.shortName(of:)) {
      Output.line("")
      Output.line("== \(model)")
      printBehaviour(model)
      for vector in results.experiment.vectors {
        Output.line("")
        printVector(vector, model)
      }
    }
  }

  /// How often the behaviour was shown: a label that hardly varies cannot be predicted.
  private func printBehaviour(_ model: String) {
    for target in targets {
      guard let row = rows(model, nil, target).first?.row else { continue }
      let share = 100 * Double(row.predictivity.positives) / Double(max(row.predictivity.n, 1))
      let groups = row.predictivity.groups ?? 0
      Output.line(
        "\(target): \(row.predictivity.n) labelled answers to \(groups) questions, "
          + String(format: "%.0f %% show the behaviour", share))
    }
  }

  private func printVector(_ vector: Experiment.VectorSettings, _ model: String) {
    Output.line(
      "vector \(vector.name): \(vector.method.rawValue) from \(vector.dataset), read at \(vector.read.rawValue)")
    let wide = targets.map { $0.padding(toLength: 24, withPad: " ", startingAt: 0) }.joined(separator: "  ")
    Output.line("                              AUROC of the cosine at the prompt [95 % interval]")
    Output.line("layer  reliability  planted   \(wide)")
    for made in results.vectors where made.model == model && made.vector == vector.name {
      let planted = made.plantedCosines[.opinions].map { String(format: "%7.3f", $0) } ?? "      -"
      let reliability = made.reliability.map { String(format: "%11.3f", $0) } ?? "          -"
      let cells = targets.map { cell(model, vector.name, $0, made.layer) }.joined(separator: "  ")
      Output.line(String(format: "%5d  ", made.layer) + reliability + "  " + planted + "   " + cells)
    }
    for audit in results.audits where audit.vector == "\(model)/\(vector.name)" && audit.position == "prompt" {
      guard audit.layers != "all" || !hasPlanted(model) else { continue }
      let target = audit.targetSet.replacingOccurrences(of: "\(model)/", with: "")
      let layer = audit.layers == "all" ? "any layer" : "layer \(audit.layers)"
      Output.line("  \(target), \(layer): \(audit.audit.verdict.rawValue). \(Terminal.harmless(audit.audit.reason))")
    }
  }

  private func cell(_ model: String, _ vector: String, _ target: String, _ layer: Int) -> String {
    let row = rows(model, vector, target).first { $0.row.layer == layer }?.row.predictivity
    guard let row, let auroc = row.auroc else { return "undefined".padding(toLength: 24, withPad: " ", startingAt: 0) }
    let interval =
      row.aurocLow.flatMap { low in row.aurocHigh.map { String(format: " [%.3f, %.3f]", low, $0) } } ?? " [undefined]"
    return (String(format: "%.3f", auroc) + interval).padding(toLength: 24, withPad: " ", startingAt: 0)
  }

  private var targets: [String] {
    var seen: Set<String> = []
    return results.experiment.predictions.flatMap(\.targets).filter { seen.insert($0).inserted }
  }

  private func rows(_ model: String, _ vector: String?, _ target: String) -> [PredictionResult] {
    results.predictions.filter {
      $0.row.targetSet == "\(model)/\(target)" && (vector == nil || $0.row.vector == "\(model)/\(vector ?? "")")
        && $0.row.position == "prompt" && $0.row.score == ScoreKind.cosine.rawValue
    }
  }

  private func hasPlanted(_ model: String) -> Bool {
    results.vectors.contains { $0.model == model && !$0.plantedCosines.isEmpty }
  }
}
