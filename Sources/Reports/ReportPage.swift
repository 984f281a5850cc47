import Experiments
import Foundation
import Foundations
import Mustache

/// The report of one run: one HTML file that needs no other file, made from what the run directory stores.
///
/// Numbers are those of `results/*.csv`; figures and tables are drawn in the browser from one JSON document inside the
/// page. Every text of a data set or model goes into that document or through Mustache's escaping, and is shown with
/// `textContent`: nothing of it is ever markup.
package struct ReportPage {
  private let run: StoredRun
  private let plotly: Plotly

  /// - Parameter plotly: the library that draws, from `Plotly.found()`.
  package init(run: StoredRun, plotly: Plotly) { (self.run, self.plotly) = (run, plotly) }

  /// The whole page.
  ///
  /// - Throws: `TelltaleError` where a file of the run is damaged.
  package func html() throws -> String {
    let contents = try RunContents(run)
    let answer = try AnswerSection(contents)
    let data = try ReportData(contents)
    return try Page.render(
      Page.Parts(
        title: run.experiment.name, about: run.experiment.about, answer: answer, methods: try MethodsSection(contents),
        data: try ScriptSafe.json(data), plotly: plotly.source))
  }
}

/// The template of the page with what goes into it.
enum Page {
  struct Parts {
    var title: String
    var about: String?
    var answer: AnswerSection
    var methods: MethodsSection
    /// JSON in which no character can end its script element.
    var data: String
    var plotly: String
  }

  static func render(_ parts: Parts) throws -> String {
    let template = try MustacheTemplate(string: Resource.text(PackageResources.report_mustache))
    let script = Script.source
    var values: [String: Any] = [
      "title": SafeText.visible(parts.title, limit: SafeText.longest), "policy": policy(script), "style": Style.report,
      "cards": parts.answer.cards, "overviews": parts.answer.overviews,
      "methods": parts.methods.rows, "models": parts.methods.models, "vectors": parts.methods.vectors,
      "experiment": parts.methods.experiment, "commands": parts.methods.commands, "labels": parts.methods.labels,
      "data": parts.data, "plotly": parts.plotly, "script": script,
    ]
    values["about"] = parts.about.map { SafeText.visible($0, limit: SafeText.longest) }
    values["empty"] = parts.answer.note
    values["headline"] = parts.answer.headline
    return template.render(values)
  }

  /// Nothing is loaded from anywhere; only the two scripts of this page run, named by their hashes. Plotly styles its
  /// figures with inline styles.
  static func policy(_ script: String) -> String {
    "default-src 'none'; script-src 'sha256-\(Plotly.hash)' 'sha256-\(Base64.ofHexadecimal(ContentHash.sha256(script)))'; "
      + "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
  }
}
