import CommandSupport
import Experiments
import Foundation
import Foundations
import Statistics
import Steering

/// The tables of a run, for a person at a terminal. The CSV files hold more: every position and kind of score.
struct ResultTables {
  let results: ExperimentResults

  func print() {
    Output.line("")
    Output.prose(
      "AUROC: the chance that a row with the behaviour scores above one without: 0.5 is no prediction, 1 a perfect one, "
        + "0 a perfectly reversed ranking. Intervals are clustered by question.")
    if results.vectors.contains(where: { !$0.plantedCosines.isEmpty }) {
      Output.prose("planted: the cosine with the direction that was built into the model, at its layer.")
    }
    for model in results.experiment.modelNames {
      Output.line("")
      Output.title("== \(model)")
      printBehaviour(model)
      for vector in results.experiment.vectors {
        Output.line("")
        printVector(vector, model)
      }
    }
    printTransfer()
  }

  /// Vectors x target sets, the cosine's AUROC at one layer, with the vectors of other models where they fit.
  private func printTransfer() {
    func target(_ row: TransferResult) -> String { "\(row.targetModel)/\(row.target)" }
    func vector(_ row: TransferResult) -> String { "\(row.model)/\(row.vector)" }
    let targets = unique(results.transfer.map(target))
    guard !targets.isEmpty else { return }
    Output.line("")
    Output.title("== transfer: AUROC [95 % interval]; * differs from the first vector of the target's model (p < 0.05)")
    let width = max(6, results.transfer.map { vector($0).count }.max() ?? 6)
    for name in targets {
      Output.line(name)
      for row in results.transfer where target(row) == name {
        let shown = vector(row).padding(toLength: width, withPad: " ", startingAt: 0)
        let mark = (row.difference?.p ?? 1) < 0.05 ? " *" : ""
        let cell = ShownNumber.text(row.auroc, row.interval?.low, row.interval?.high)
        Output.line("  \(shown)  layer \(row.layer), \(row.position)  \(cell)\(mark)")
      }
    }
  }

  /// How often the behaviour was shown: a label that hardly varies cannot be predicted.
  private func printBehaviour(_ model: ModelName) {
    for target in targets {
      guard let row = rows(model, nil, target).first?.row else { continue }
      let share = 100 * Double(row.predictivity.positives) / Double(max(row.predictivity.n, 1))
      let groups = row.predictivity.groups ?? 0
      Output.prose(
        "\(target): \(row.predictivity.n) labelled answers to \(groups) questions, "
          + String(format: "%.0f %% show the behaviour", share) + unreadable(model, target))
    }
  }

  /// ", 12 could not be read, most in <question> (7)": never dropped silently.
  private func unreadable(_ model: ModelName, _ target: TargetName) -> String {
    let counts = results.labels.filter { $0.model == model && $0.target == target && $0.unparsable > 0 }
    guard let worst = counts.max(by: { $0.unparsable < $1.unparsable }) else { return "" }
    let total = counts.reduce(0) { $0 + $1.unparsable }
    return ", \(total) could not be read, most in \(worst.group) (\(worst.unparsable)); see labels.csv"
  }

  private func printVector(_ vector: Experiment.VectorSettings, _ model: ModelName) {
    Output.prose(
      "vector \(vector.name): \(vector.contrast.rawValue) from \(vector.dataset), read at \(vector.read.rawValue); AUROC of "
        + "the cosine at the prompt [95 % interval]")
    let made = results.vectors.filter { $0.model == model && $0.vector == vector.name }
    let judged = judgedLayer(model, vector.name)
    layerTable(model, vector.name).values(made).print(marked: made.firstIndex { $0.layer == judged })
    if let judged { Output.line("* layer \(judged), which the verdicts are about") }
    for audit in results.audits
    where audit.model == model && audit.vector == vector.name && audit.position == "prompt" {
      guard audit.layers != "all" || !hasPlanted(model) else { continue }
      let layer = audit.layers == "all" ? "any layer" : "layer \(audit.layers)"
      Output.prose(
        "  \(audit.target), \(layer): \(shown(audit.audit.verdict)). \(SafeText.visible(audit.audit.reason))", indent: 4
      )
      printFindings(audit.audit)
    }
  }

  /// Findings against the result, and where there are none, those that cast doubt on it; audit.csv has everything.
  private func printFindings(_ audit: Audit) {
    let gravest: Finding.Severity = audit.verdict == .supported ? .warning : .against
    for finding in audit.findings where finding.severity <= gravest && finding.sentence != audit.reason {
      Output.prose("    - \(SafeText.visible(finding.sentence))", indent: 2)
    }
  }

  private func cell(_ model: ModelName, _ vector: VectorName, _ target: TargetName, _ layer: Int) -> String {
    let row = rows(model, vector, target).first { $0.row.layer == layer }?.row.predictivity
    return ShownNumber.text(row?.auroc, row?.aurocLow, row?.aurocHigh)
  }

  private func layerTable(_ model: ModelName, _ vector: VectorName) -> Table<VectorResult> {
    Table(
      "layers", "",
      [
        .integer("layer", "", \.layer),
        .text("reliability") { $0.reliability.map { String(format: "%.3f", $0) } },
        .text("planted") { $0.plantedCosines[.opinions].map { String(format: "%.3f", $0) } },
      ],
      targets.map { target in .text(target.text) { cell(model, vector, target, $0.layer) } })
  }

  /// The one layer that all verdicts on a vector are about, where there is one.
  private func judgedLayer(_ model: ModelName, _ vector: VectorName) -> Int? {
    let own = results.audits.filter { $0.model == model && $0.vector == vector && $0.position == "prompt" }
    let layers = Set(own.map(\.layers)).subtracting(["all"])
    return layers.count == 1 ? layers.first.flatMap { Int($0) } : nil
  }

  private func shown(_ verdict: Verdict) -> String { TerminalColour.ofResults.text(verdict.rawValue, verdict.colour) }

  private func unique<Name: Hashable>(_ names: [Name]) -> [Name] {
    var seen: Set<Name> = []
    return names.filter { seen.insert($0).inserted }
  }

  private var targets: [TargetName] {
    // By other labels than the recorded ones, a target may have none.
    unique(results.experiment.predictions.flatMap(\.targets).map { TargetName($0) }).filter { target in
      results.predictions.contains { $0.row.target == target.text }
    }
  }

  private func rows(_ model: ModelName, _ vector: VectorName?, _ target: TargetName) -> [PredictionResult] {
    results.predictions.filter {
      $0.model == model && $0.row.target == target.text && (vector == nil || $0.row.vector == vector?.text)
        && $0.row.position == "prompt" && $0.row.score == ScoreKind.cosine.rawValue
    }
  }

  private func hasPlanted(_ model: ModelName) -> Bool {
    results.vectors.contains { $0.model == model && !$0.plantedCosines.isEmpty }
  }
}
