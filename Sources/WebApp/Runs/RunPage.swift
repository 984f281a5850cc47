import Experiments
import Foundation
import Foundations
import Reports

/// One run: how far it is, and the ways on.
struct RunPage {
  let name: String
  let status: RunStatus
  let hasReport: Bool
  /// Nil where none were given yet, or their tables cannot be read.
  var verdicts: RunVerdicts?
  private var path: String { "/runs/\(Query.encoded(name))" }

  var page: Page {
    Page(
      title: name, steps: [.init(name: name)], scripts: ["progress.js"],
      body: """
        <h1>\(name)</h1>
        \(experiment)\(found)
        <nav class="cards" aria-label="This run">\(report)
        <a href="\(path)/grade"><strong>Grade by hand</strong><span>Answer by answer, blind and by keyboard</span></a>
        <a href="\(path)/labels"><strong>Labels</strong><span>Agreement, disagreements, CSV, recomputation</span></a>
        </nav>
        <p class="status" role="status" id="live" hidden></p>
        <details class="stages"\(isDone ? "" : " open")><summary><h2>Stages: \(doneStages) of \(status.stages.count) done</h2></summary>
        <div class="table"><table data-poll="\(path)/status.json">
        <caption class="hidden">Stages of the run</caption>
        <thead><tr><th scope="col">Stage</th><th scope="col">Model</th><th scope="col">Of</th><th scope="col">State</th>\
        <th scope="col" class="number">Rows</th><th scope="col" class="number">Rows/s</th></tr></thead>
        <tbody>
        \(status.stages.map(Self.row))
        </tbody></table></div></details>
        <dl class="facts">
        <dt>Worked on by</dt><dd data-fact="holders">\(holders)</dd>
        \(left)<dt>Last written</dt><dd data-fact="last_activity">\(HTML.time(status.lastActivity))</dd>
        <dt>Hand labels</dt><dd data-fact="hand_labels">\(labels)</dd>
        </dl>
        """)
  }

  private var doneStages: Int { status.stages.count { $0.state == .done } }
  private var isDone: Bool { doneStages == status.stages.count }

  /// What was found, before how far it is.
  private var found: HTML {
    guard let verdicts, let headline = verdicts.headline else { return "" }
    return "<p class=\"headline\">\(headline)</p>\(verdicts.models.map(Self.table))"
  }

  private static func table(_ model: RunVerdicts.Model) -> HTML {
    """
    <div class="table verdicts" tabindex="0" role="region" aria-label="Verdicts on \(model.name)"><table>
    <caption class="hidden">Verdicts on \(model.name): vectors by targets</caption>
    <thead><tr><th scope="col">\(model.name)</th>\(model.targets.map { "<th scope=\"col\">\($0)</th>" })</tr></thead>
    <tbody>
    \(model.lines.map { "<tr><th scope=\"row\">\($0.vector)</th>\($0.cells.map(cell))</tr>\n" })
    </tbody></table></div>

    """
  }

  private static func cell(_ cell: RunVerdicts.Cell?) -> HTML {
    guard let cell else { return "<td>\u{2013}</td>" }
    return """
      <td><span class="verdict \(cell.style)" data-symbol="\(cell.symbol)">\(cell.word)</span>
      <span class="quiet">\(cell.details)</span></td>
      """
  }

  private var experiment: HTML {
    status.experiment == name ? "" : "<p class=\"lead\">Experiment \(status.experiment)</p>"
  }

  private var report: HTML {
    guard hasReport else { return "" }
    return """

      <a href="\(path)/report"><strong>Report</strong><span>What was found, with every figure</span></a>
      """
  }

  /// As of when the page was loaded.
  private var left: HTML {
    guard let seconds = status.recordingSecondsLeft, seconds > 0 else { return "" }
    return "<dt>Recordings</dt><dd>about \(Int(saturating: min(seconds / 60, 1e9).rounded(.up))) min left</dd>\n"
  }

  private var holders: String {
    status.holders.isEmpty ? "nobody" : status.holders.map(\.description).joined(separator: "; ")
  }

  private var labels: String {
    let raters = status.handLabels.sorted { $0.key < $1.key }.map { "\($0.value) by \($0.key)" }
    return raters.isEmpty ? "none" : raters.joined(separator: ", ")
  }

  private static func row(_ stage: RunStatus.StageStatus) -> HTML {
    let rows = stage.rows.map { "\(stage.rowsDone ?? 0) of \($0)" } ?? ""
    return """
      <tr data-key="\(stage.kind) \(stage.model) \(stage.subject)"><th scope="row">\(stage.kind)</th>\
      <td>\(stage.model)</td><td>\(stage.subject)</td>
      <td data-field="state"><span class="state \(stage.state.rawValue)">\(stage.state.rawValue)</span></td>
      <td class="number" data-field="rows">\(rows)</td>
      <td class="number" data-field="rows_per_second">\(stage.rowsPerSecond.map { String(format: "%.1f", $0) } ?? "")</td>
      </tr>

      """
  }
}
