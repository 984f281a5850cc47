import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations
import Reports
import Torch

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the report of a run: one HTML file that works offline.",
    discussion: """
      The answer first, then AUROC by layer, every score against its label, ROC and calibration, transfer, agreement of \
      the vectors, steering, the most telling answers in full, and the methods. It is made from what the run directory \
      stores and needs no model; telltale predict computes the tables where they are missing.

      --recording with --vector makes the page of a recording and a vector that no run has put together; name the file with \
      --output.

      --figures writes the figures for a paper instead: AUROC by layer, transfer, agreement of the vectors and steering, \
      each as SVG and as PDF.
      """)

  @OptionGroup var source: RunSource
  @Option(help: "The file to write (default: report.html in the run directory).")
  var output: String?
  @Option(help: "A folder for the figures as SVG and PDF; no page is written.")
  var figures: String?
  @OptionGroup var printing: PrintOptions

  private struct Summary: Encodable {
    var file: String
    var bytes: Int
  }

  func validate() throws {
    guard figures == nil || output == nil else { throw ValidationError("--figures and --output exclude each other") }
    guard source.directory != nil || figures != nil || output != nil else {
      throw ValidationError("--recording has no run directory to write to; name the file with --output")
    }
  }

  func run() throws { try source.withRun(write) }

  private func write(_ run: StoredRun) throws {
    if let figures { return try draw(run, to: figures) }
    let file = output.map { URL(fileURLWithPath: $0) } ?? run.layout.report
    let page = Data(try ReportPage(run: run, plotly: Plotly.found()).html().utf8)
    try AtomicFile.write(page, to: file)
    if printing.json { return try Output.json(Summary(file: file.path, bytes: page.count)) }
    Output.line(String(format: "%@ (%.1f MB)", file.path, Double(page.count) / 1e6))
  }

  private func draw(_ run: StoredRun, to folder: String) throws {
    let files = try RunFigures(run).write(to: URL(fileURLWithPath: folder, isDirectory: true))
    if printing.json { return try Output.json(["files": files]) }
    Output.line("\(files.count) files written to \(folder)")
  }
}
