import Foundation
import Foundations
import Mustache
import Steering

/// The page of `telltale trace`: one HTML file on which every token is coloured by its score, and says it when pointed at.
///
/// Like the report it loads nothing, and no text of a model or a chat is ever markup.
package struct TracePage {
  private struct Contents: Encodable {
    var score: TraceScore
    var traces: [TraceDocument]
  }

  private let model: String
  private let contents: Contents

  /// - Parameters:
  ///   - traces: at least one; they have the same vectors and layers.
  ///   - score: what is shown first.
  package init(_ traces: [TraceDocument], model: String, score: TraceScore) {
    self.model = model
    contents = Contents(score: score, traces: traces)
  }

  package func html() throws -> String {
    let template = try MustacheTemplate(string: Resource.text(PackageResources.trace_mustache))
    let script = Resource.text(PackageResources.trace_js)
    return template.render([
      "model": SafeText.visible(model, limit: SafeText.longest), "policy": Self.policy(script),
      "style": Style.shared + Resource.text(PackageResources.trace_css), "data": try ScriptSafe.json(contents),
      "script": script,
    ])
  }

  private static func policy(_ script: String) -> String {
    "default-src 'none'; script-src 'sha256-\(Base64.ofHexadecimal(FileDigest.sha256(Data(script.utf8))))'; "
      + "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
  }
}
