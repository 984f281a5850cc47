import Experiments
import Foundation
import Foundations
import Torch

/// The library that draws the figures, as `scripts/bootstrap` fetches it. It goes whole into every report.
package struct Plotly: Sendable {
  /// The version of the Python package that carries it.
  package static let version = "6.5.0"
  /// SHA-256 of its file in base64. The page names it in its Content-Security-Policy, so that a browser runs no other.
  static let hash = "bO3dS6yCpk9aK4gUpNELtCiDeSYvGYnK7jFI58NQnHI="
  static let bytes = 4_838_098

  package let source: String

  /// Finds it in the cache (`$TELLTALE_CACHE`, else `~/.cache/telltale`) or, where the program was installed by pip, in the
  /// Python package next to it.
  ///
  /// - Throws: `TelltaleError` where it is not there, with the remedy.
  package static func found(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(TelltaleError) -> Plotly {
    let home = environment["TELLTALE_CACHE"] ?? (environment["HOME"] ?? "") + "/.cache/telltale"
    let cached = URL(fileURLWithPath: home).appending(path: "plotly-\(version)/plotly.min.js")
    let place = InputLocation(file: cached.path)
    let found = [cached, inPythonPackage].lazy.compactMap { FileManager.default.contents(atPath: $0.path) }.first
    guard let data = found else {
      throw TelltaleError(
        .badInput,
        "is missing, and reports are drawn with it: run scripts/bootstrap in a checkout, which fetches it once, or "
          + "pip install plotly==\(version) in the environment of the package telltale", at: place)
    }
    guard data.count == bytes else {
      throw TelltaleError(
        .badInput,
        "is not the file of version \(version): remove it and run scripts/bootstrap, or install plotly==\(version)",
        at: place)
    }
    return Plotly(source: String(decoding: data, as: UTF8.self))
  }

  /// Of a program at `site-packages/telltale/bin/telltale`.
  private static var inPythonPackage: URL {
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "../../plotly/package_data/plotly.min.js").standardizedFileURL
  }
}
