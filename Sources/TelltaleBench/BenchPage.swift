import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Reports

/// How large a report is and how long it takes to write, on a made run.
struct BenchPage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "page", abstract: "Make a run without a model, and its report.",
    discussion: """
      Writes a run directory of made activations with recordings, tables, steering and store, then its report.html, and \
      prints how large that is. --hostile fills it with texts that try to be markup. scripts/browser-test opens such pages.
      """)

  @Option(help: "The run directory to make; it is not removed.") var output: String
  @Option(help: "Answers.") var rows = 5_000
  @Option(help: "Layers.") var layers = 32
  @Flag(help: "Texts that try to be markup.") var hostile = false

  func validate() throws {
    guard (20...100_000).contains(rows) else { throw ValidationError("--rows must be from 20 to 100000, not \(rows)") }
    guard (1...200).contains(layers) else { throw ValidationError("--layers must be from 1 to 200, not \(layers)") }
  }

  func run() throws {
    let url = URL(fileURLWithPath: output)
    let plotly = try Plotly.found()
    try SyntheticRun(rows: rows, layers: layers, hostile: hostile).write(to: url)
    let started = Date()
    let page = try ReportPage(run: StoredRun(url), plotly: plotly).html()
    let seconds = Date().timeIntervalSince(started)
    try Data(page.utf8).write(to: RunLayout(url).report)
    Output.line(
      String(
        format: "%d answers x %d layers x 2 positions: %.1f MB, written in %.1f s", rows, layers,
        Double(page.utf8.count) / 1e6, seconds))
  }
}
