import Experiments
import Foundations

/// Two runs side by side.
struct ComparisonPage {
  let first: String
  let second: String
  let comparison: RunComparison

  var page: Page {
    let shared = comparison.rows.count { $0.first != nil && $0.second != nil }
    return Page(
      title: "\(first) and \(second)", steps: [.init(name: "Compare \(first) and \(second)")],
      body: """
        <h1>\(first) and \(second)</h1>
        <p>\(shared) of \(comparison.rows.count) measures are in both runs. The difference is the second AUROC minus the \
        first; no test of it is made here.</p>
        \(comparison.rows.isEmpty ? "" : verdicts)
        <h2>AUROC</h2>
        \(HTML.table("AUROC and 95 % interval in both runs", areas, comparison.rows, isCaptionHidden: true))
        """)
  }

  private var verdicts: HTML {
    let table = Table<RunComparison.Verdict>(
      "verdicts", "",
      [
        .text("vector") { Self.subject($0.model, $0.vector) }, .text("target", "", \.target),
        .text("position", "", \.position), .text("layers", "", \.layers), .text(first) { $0.first ?? "\u{2013}" },
        .text(second) { $0.second ?? "\u{2013}" },
      ])
    return """
      <h2>Verdicts</h2>
      \(HTML.table(
        "Verdicts of the audits of both runs", table, comparison.verdicts, isCaptionHidden: true,
        mark: { $0.first != $0.second }))
      """
  }

  private var areas: Table<RunComparison.Row> {
    Table(
      "areas", "",
      [
        .text("vector") { Self.subject($0.name.model, $0.name.vector) }, .text("target", "", \.name.target),
        .text("position", "", \.name.position), .integer("layer", "", \.name.layer), .text("score", "", \.name.score),
      ], area(first, \.first), area(second, \.second),
      [.text("difference") { ShownNumber.signed($0.difference, missing: "\u{2013}") }])
  }

  private func area(
    _ run: String, _ measured: @escaping @Sendable (RunComparison.Row) -> RunComparison.Measured?
  ) -> [TableColumn<RunComparison.Row>] {
    .estimate(
      run, "AUROC with its 95 % interval.", value: { measured($0)?.auroc }, low: { measured($0)?.low },
      high: { measured($0)?.high })
  }

  /// The vector of a model; without the model where two are compared.
  private static func subject(_ model: String, _ vector: String) -> String {
    model.isEmpty ? vector : "\(model)/\(vector)"
  }
}
