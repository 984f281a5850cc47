import Experiments

/// Who labelled how much, and labels as CSV.
struct LabelsPage {
  let name: String
  let status: RunStatus
  private var path: String { "/runs/\(Query.encoded(name))" }

  var page: Page {
    Page(
      title: "Labels of \(name)", steps: [.init(name: name, path: path), .init(name: "Labels")], scripts: ["labels.js"],
      body: """
        <h1>Labels</h1>
        <p class="status" role="status" id="said" aria-live="polite">&nbsp;</p>
        <p id="problem" class="error" role="alert" hidden></p>
        \(raters)
        <h2>As CSV</h2>
        <p><a href="\(path)/labels.csv">Save all labels as CSV</a></p>
        <form id="import" data-path="\(path)/labels.csv" class="start">
        <label for="file">Add labels from a CSV</label>
        <input id="file" type="file" accept=".csv,text/csv" required aria-describedby="file-hint">
        <p class="hint" id="file-hint">Columns: label (1, 0 or empty), answer or item, and note, rater, source where there \
        are any. The table is stored whole or not at all.</p>
        <label for="csv-rater">Rater</label>
        <input id="csv-rater" maxlength="\(RaterName.longest)" aria-describedby="csv-rater-hint">
        <p class="hint" id="csv-rater-hint">Whose labels they are; empty where the column rater says it.</p>
        <button>Add</button>
        </form>
        """)
  }

  private var raters: HTML {
    let counts = status.handLabels.sorted { $0.key < $1.key }
    guard !counts.isEmpty else {
      return "<p>Nobody has graded yet. <a href=\"\(path)/grade\">Begin</a></p>"
    }
    return """
      <div class="table"><table><caption class="hidden">Labels by rater</caption>
      <thead><tr><th scope="col">Rater</th><th scope="col" class="number">Labels</th></tr></thead>
      <tbody>\(counts.map(Self.row))</tbody></table></div>
      """
  }

  private static func row(_ rater: String, _ count: Int) -> HTML {
    "<tr><th scope=\"row\">\(rater)</th><td class=\"number\">\(count)</td></tr>\n"
  }
}
