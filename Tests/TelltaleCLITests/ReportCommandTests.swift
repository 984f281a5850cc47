import Foundation
import TestSupport
import Testing

@Suite("telltale report writes one file or says what is missing", .tags(.process))
struct ReportCommandTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  @Test("What is no run directory is refused")
  func whatIsNoRunDirectoryIsRefused() throws {
    let outcome = try Binary.run(["report", "."], in: folder)
    #expect(outcome.code == 2)
    #expect(outcome.errors.contains("is no run directory") && outcome.errors.split(separator: "\n").count == 1)
    #expect(try folder.names().isEmpty)
  }

  @Test("Without plotly the remedy is named and nothing is written")
  func withoutPlotlyTheRemedyIsNamedAndNothingIsWritten() throws {
    try folder.write(Self.experiment, to: "run/experiment.yaml")
    let outcome = try Binary.run(["report", "run"], in: folder, environment: ["TELLTALE_CACHE": folder.url.path])
    #expect(outcome.code == 2)
    #expect(outcome.errors.contains("plotly.min.js") && outcome.errors.contains("run scripts/bootstrap"))
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "run/report.html").path))
  }

  private static let experiment = """
    name: made
    models: [one]
    datasets: {test: {files: [test.jsonl]}}
    vectors: [{name: planted, contrast: spontaneous, dataset: test, read: prompt}]
    predictions: [{targets: [test], shared-questions: true}]
    """
}
