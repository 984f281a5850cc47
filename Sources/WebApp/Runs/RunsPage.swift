import Experiments
import Foundation

/// How far one run is, in a line.
struct RunSummary: Encodable {
  var name: String
  var experiment: String
  var stagesDone: Int
  var stages: Int
  var rowsDone: Int
  var rows: Int
  var handLabels: Int
  var lastActivity: Date?
  var isRunning: Bool
  /// Why the run cannot be read.
  var problem: String?

  init(_ name: String, _ url: URL) {
    self.name = name
    (experiment, stagesDone, stages, rowsDone, rows, handLabels, isRunning) = ("", 0, 0, 0, 0, 0, false)
    do {
      let status = try RunStatus(url)
      experiment = status.experiment
      stages = status.stages.count
      stagesDone = status.stages.count { $0.state == .done }
      rows = status.stages.compactMap(\.rows).reduce(0, +)
      rowsDone = status.stages.compactMap(\.rowsDone).reduce(0, +)
      handLabels = status.handLabels.values.reduce(0, +)
      lastActivity = status.lastActivity
      isRunning = !status.holders.isEmpty
    } catch { problem = "\(error)" }
  }

  var state: String {
    if problem != nil { return "cannot be read" }
    if isRunning { return "running" }
    return stagesDone == stages ? "done" : "stopped"
  }
}

extension RunCatalog {
  var summaries: [RunSummary] {
    names.compactMap { name in (try? url(name)).map { RunSummary(name, $0) } }
  }
}

/// All runs.
struct RunsPage {
  let runs: [RunSummary]

  init(_ runs: [RunSummary]) { self.runs = runs }

  var page: Page {
    Page(
      title: "Runs", scripts: ["progress.js"],
      body: """
        <h1>Runs</h1>
        <p class="status" role="status" id="live" hidden></p>
        <div class="table"><table data-poll="/runs.json">
        <caption class="hidden">Runs and how far they are</caption>
        <thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col" class="number">Stages</th>\
        <th scope="col" class="number">Rows</th><th scope="col" class="number">Hand labels</th>\
        <th scope="col">Last written</th></tr></thead>
        <tbody>
        \(runs.map(Self.row))
        </tbody></table></div>
        \(runs.count > 1 ? compare : "")
        """)
  }

  private static func row(_ run: RunSummary) -> HTML {
    """
    <tr data-key="\(run.name)"><th scope="row"><a href="/runs/\(Query.encoded(run.name))">\(run.name)</a>\
    <span class="quiet"> \(run.problem ?? run.experiment)</span></th>
    <td data-field="state"><span class="state \(run.state)">\(run.state)</span></td>
    <td class="number" data-field="stages">\(run.stagesDone) of \(run.stages)</td>
    <td class="number" data-field="rows">\(run.rowsDone) of \(run.rows)</td>
    <td class="number" data-field="hand_labels">\(run.handLabels)</td>
    <td data-field="last_activity">\(HTML.time(run.lastActivity))</td></tr>

    """
  }

  private var compare: HTML {
    let options = runs.map { run -> HTML in "<option>\(run.name)</option>" }
    let last: [HTML] = runs.indices.map { index in
      index == 1 ? "<option selected>\(runs[index].name)</option>" : "<option>\(runs[index].name)</option>"
    }
    return """
      <section aria-labelledby="compare"><h2 id="compare">Compare two runs</h2>
      <form action="/compare" method="get" class="inline">
      <label>First <select name="first">\(options)</select></label>
      <label>Second <select name="second">\(last)</select></label>
      <button>Compare</button></form></section>
      """
  }
}
