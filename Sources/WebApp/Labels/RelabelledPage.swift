import Experiments

/// A run judged by other labels than its own.
struct RelabelledPage {
  let name: String
  let results: ExperimentResults
  private var path: String { "/runs/\(Query.encoded(name))" }

  var page: Page {
    let phrase = results.labelChoice.phrase
    return Page(
      title: "\(name) by \(phrase)",
      steps: [
        .init(name: name, path: path), .init(name: "Labels", path: "\(path)/labels"), .init(name: "By \(phrase)"),
      ],
      body: """
        <h1>Judged by \(phrase)</h1>
        <ul>\(results.coverage.map { "<li>\($0.model.text)/\($0.target.text): \($0.sentence).</li>" as HTML })</ul>
        <p class="quiet">Vectors are those of the run; class means of recorded labels stay as they were made. All tables are in \
        \(RunLayout.tables(by: results.labelChoice)) of the run directory.</p>
        <h2>Verdicts</h2>
        <div class="table"><table><caption class="hidden">Verdicts of the audits</caption>
        <thead><tr><th scope="col">Vector</th><th scope="col">Target</th><th scope="col">Position</th>\
        <th scope="col">Layers</th><th scope="col">Verdict</th></tr></thead><tbody>
        \(results.audits.map(Self.row))
        </tbody></table></div>
        <h2>What the labels change</h2>
        \(changes)
        """)
  }

  private var changes: HTML {
    let cosines = results.changes.filter { $0.score == "cosine" }
    return ChangesTable(
      caption: "AUROC of the cosine by these labels and by the recorded ones, on answers that have both",
      changes: cosines
    ).html
  }

  private static func row(_ result: AuditResult) -> HTML {
    """
    <tr><th scope="row">\(result.model.text)/\(result.vector.text)</th><td>\(result.target.text)</td><td>\(result.position)</td><td>\(result.layers)</td>\
    <td>\(result.audit.verdict.rawValue)</td></tr>

    """
  }
}
