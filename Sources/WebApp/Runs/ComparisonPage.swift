import Experiments

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
        <div class="table"><table>
        <caption class="hidden">AUROC and 95 % interval in both runs</caption>
        <thead><tr><th scope="col">Vector</th><th scope="col">Target</th><th scope="col">Position</th>\
        <th scope="col" class="number">Layer</th><th scope="col">Score</th><th scope="col" class="number">\(first)</th>\
        <th scope="col" class="number">\(second)</th><th scope="col" class="number">Difference</th></tr></thead>
        <tbody>
        \(comparison.rows.map(Self.row))
        </tbody></table></div>
        """)
  }

  private var verdicts: HTML {
    """
    <h2>Verdicts</h2>
    <div class="table"><table>
    <caption class="hidden">Verdicts of the audits of both runs</caption>
    <thead><tr><th scope="col">Vector</th><th scope="col">Target</th><th scope="col">Position</th>\
    <th scope="col">Layers</th><th scope="col">\(first)</th><th scope="col">\(second)</th></tr></thead>
    <tbody>
    \(comparison.verdicts.map(Self.row))
    </tbody></table></div>
    """
  }

  private static func row(_ verdict: RunComparison.Verdict) -> HTML {
    let mark: HTML = verdict.first != verdict.second ? " class=\"differs\"" : ""
    return """
      <tr\(mark)><th scope="row">\(Self.subject(verdict.model, verdict.vector))</th><td>\(verdict.target)</td>\
      <td>\(verdict.position)</td><td>\(verdict.layers)</td><td>\(verdict.first ?? "\u{2013}")</td>\
      <td>\(verdict.second ?? "\u{2013}")</td></tr>

      """
  }

  private static func row(_ row: RunComparison.Row) -> HTML {
    """
    <tr><th scope="row">\(Self.subject(row.name.model, row.name.vector))</th><td>\(row.name.target)</td>\
    <td>\(row.name.position)</td><td class="number">\(row.name.layer)</td><td>\(row.name.score)</td><td class="number">\(cell(row.first))</td>\
    <td class="number">\(cell(row.second))</td><td class="number">\(Numbers.signed(row.difference))</td></tr>

    """
  }

  /// The vector of a model; without the model where two are compared.
  private static func subject(_ model: String, _ vector: String) -> String {
    model.isEmpty ? vector : "\(model)/\(vector)"
  }

  private static func cell(_ measured: RunComparison.Measured?) -> HTML {
    "\(Numbers.text(measured?.auroc)) <span class=\"quiet\">\(Numbers.interval(measured?.low, measured?.high))</span>"
  }
}
