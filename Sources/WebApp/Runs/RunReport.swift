import Experiments
import Foundation
import Foundations
import Reports
import Torch

/// The report of a run, made where the run has none that is as new as its tables.
struct RunReport {
  /// No report is larger.
  private static let largest = 64 << 20
  let run: URL

  private var page: URL { RunLayout(run).report }
  private var tables: URL { RunLayout(run).table(.predictivity) }

  /// Whether there is a report or what one is made of.
  var isThere: Bool { RunFile.isPlain(page) || RunFile.isPlain(tables) }

  /// The page. What lies in its place and is no plain file, a link say, is neither followed nor replaced.
  func contents() throws -> Data {
    if isDue { try AtomicFile.write(Data(ReportPage(run: StoredRun(run), plotly: .found()).html().utf8), to: page) }
    guard let data = RunFile.contents(page, largest: Self.largest) else {
      throw RequestError(.notFound, "This run has no tables yet to report on.")
    }
    return data
  }

  private var isDue: Bool {
    guard RunFile.isPlain(tables) else { return false }
    guard let made = Self.changed(page) else { return !FileManager.default.fileExists(atPath: page.path) }
    return Self.changed(tables).map { made < $0 } ?? false
  }

  private static func changed(_ url: URL) -> Date? {
    guard RunFile.isPlain(url) else { return nil }
    return try? FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate] as? Date
  }
}
