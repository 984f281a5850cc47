import Experiments

/// Who labelled how much, how far they agree, what their labels change, and labels as CSV.
struct LabelsPage {
  let name: String
  let status: RunStatus
  /// Nil while the run has no whole recordings.
  let agreement: LabelAgreement?
  let replacement: [LabelChange]
  let unblind: Bool
  private var path: String { "/runs/\(Query.encoded(name))" }

  var page: Page {
    Page(
      title: "Labels of \(name)", steps: [.init(name: name, path: path), .init(name: "Labels")], scripts: ["labels.js"],
      body: """
        <h1>Labels</h1>
        <p class="status" role="status" id="said" aria-live="polite">&nbsp;</p>
        <p id="problem" class="error" role="alert" hidden></p>
        \(sources)
        \(agreement.map { AgreementSection(agreement: $0, replacement: replacement).html } ?? "")
        \(recomputation)
        \(tables)
        \(agreement.map { DisagreementSection(path: path, agreement: $0, unblind: unblind).html } ?? "")
        """)
  }

  private var sources: HTML {
    let people = status.handLabels.map { ("hand:\($0.key)", $0.value) }
    let judges = status.judgeLabels.map { ($0.key, $0.value) }
    let counts = (people + judges).sorted { $0.0 < $1.0 }
    guard !counts.isEmpty else {
      return "<p>Nobody has graded yet. <a href=\"\(path)/grade\">Begin</a></p>"
    }
    return """
      <div class="table narrow"><table><caption class="hidden">Labels by source</caption>
      <thead><tr><th scope="col">Source</th><th scope="col" class="number">Labels</th></tr></thead>
      <tbody>\(counts.map(Self.row))</tbody></table></div>
      """
  }

  private static func row(_ source: String, _ count: Int) -> HTML {
    "<tr><th scope=\"row\">\(source)</th><td class=\"number\">\(count)</td></tr>\n"
  }

  /// A button for what `telltale predict --labels` does.
  private var recomputation: HTML {
    let own = agreement?.sources.filter { $0 != .recorded && $0 != .hand } ?? []
    guard !own.isEmpty else { return "" }
    let people: [LabelChoice] = status.handLabels.isEmpty ? [] : [.hand]
    return """
      <h2>What these labels change</h2>
      <form id="recompute" data-path="\(path)/relabelled" class="inline">
      <label>Judge the run by <select id="labels">\((people + own).map { "<option value=\"\($0.description)\">\($0.phrase)</option>" as HTML })\
      </select></label> <button class="primary">Compute predictivity again</button></form>
      """
  }

  private var tables: HTML {
    """
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
    """
  }
}
