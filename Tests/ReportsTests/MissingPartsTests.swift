import Experiments
import Foundation
import Foundations
import TestSupport
import Testing
import Torch

@testable import Reports

@Suite("A run that lacks parts has a report that says so")
struct MissingPartsTests {
  @Test("Without tables")
  func withoutTables() throws {
    let made = try MadePage(rows: 40, layers: 2)
    try made.remove("results")
    let html = try made.html()
    #expect(html.contains("This run holds no verdicts"))
    let page = try MadePage.document(in: html)
    #expect(page.curves.isEmpty && page.scores.isEmpty && page.transfer.rows.isEmpty)
  }

  @Test("Without store nothing is made")
  func withoutStoreNothingIsMade() throws {
    let made = try MadePage(rows: 40, layers: 2)
    for name in ["telltale.sqlite", "telltale.sqlite-wal", "telltale.sqlite-shm"] { try? made.remove(name) }
    let page = try MadePage.document(in: made.html())
    #expect(page.scores.isEmpty && !page.curves.isEmpty)
    #expect(page.notes.contains { $0.contains("telltale predict builds it") })
    #expect(!FileManager.default.fileExists(atPath: made.url.appending(path: "telltale.sqlite").path))
  }

  @Test("Without steering nulls and manifest")
  func withoutSteeringNullsAndManifest() throws {
    let made = try MadePage(rows: 40, layers: 2)
    for path in ["steering", "results/nulls.csv", "results/steerability.csv", "manifest.json"] { try made.remove(path) }
    let page = try MadePage.document(in: made.html())
    #expect(page.steering.isEmpty)
    #expect(try page.curves[0].table.numbers("null_low") == [nil, nil])
    #expect(try page.curves[0].table.numbers("auroc").allSatisfy { $0 != nil })
  }

  @Test("More scores than a page holds")
  func moreScoresThanAPageHolds() throws {
    let made = try MadePage(rows: 40, layers: 2)
    let contents = try RunContents(StoredRun(made.url))
    // Room for the first series whole (80 scores) and for one layer of the second.
    var library = ScoreLibrary(contents, room: 120)
    try library.load()
    #expect(library.series.map(\.layers.count) == [2, 1])
    let judged = try #require(try contents.judgedLayer(contents.series[1]))
    #expect(library.series[1].layers == [judged.layer])
    #expect(library.notes.contains { $0.contains("1 of 2 combinations") })
  }

  @Test("Without plotly there is one sentence with the remedy")
  func withoutPlotlyThereIsOneSentenceWithTheRemedy() throws {
    let empty = try ScratchFolder()
    let error = try #require(throws: TelltaleError.self) {
      try Plotly.found(environment: ["TELLTALE_CACHE": empty.url.path])
    }
    #expect(error.isBadInput && error.message.contains("run scripts/bootstrap"))
    try empty.write("another library", to: "plotly-\(Plotly.version)/plotly.min.js")
    let wrong = try #require(throws: TelltaleError.self) {
      try Plotly.found(environment: ["TELLTALE_CACHE": empty.url.path])
    }
    #expect(wrong.isBadInput && wrong.message.contains("not the file of version"))
  }
}
