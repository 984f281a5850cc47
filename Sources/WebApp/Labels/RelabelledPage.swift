import Experiments
import Foundations

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
        \(HTML.table("Verdicts of the audits", AuditResult.table.only(Self.verdict), verdicts, isCaptionHidden: true))
        <h2>What the labels change</h2>
        \(changes)
        """)
  }

  private static let verdict = ["vector", "model", "target", "position", "layers", "verdict"]

  /// The first finding of each says it.
  private var verdicts: [AuditResult.Row] { results.audits.compactMap(\.rows.first) }

  private var changes: HTML {
    LabelChange.html(
      "AUROC of the cosine by these labels and by the recorded ones, on answers that have both",
      results.changes.filter { $0.score == "cosine" })
  }
}
