import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Foundations

/// How fast recordings go to the disk and come back, and in how much memory.
struct BenchChunks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chunks", abstract: "Measure how fast chunks of recordings are written and read.",
    discussion: """
      Writes made activations of two positions, with rows of text, as a run's recording: chunk by chunk, each flushed to \
      the disk and renamed. Then reads every number back. --judge continues to a class mean and its audit at every layer, \
      with 100 null directions and permutations. Prints rows a second, bytes and the peak of memory.
      """)

  @Option(help: "The folder to make; it is not removed.") var output: String
  @Option(help: "Rows of the recording.") var rows = 100_000
  @Option(help: "Layers.") var layers = 32
  @Option(help: "Width of the residual stream.") var hidden = 256
  @Option(help: "Rows of a chunk.") var chunkRows = 256
  @Flag(help: "Also extract a class mean and judge it.") var judge = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    for (name, value, range) in [
      ("rows", rows, 1...1_000_000), ("layers", layers, 1...200), ("hidden", hidden, 2...65_536),
      ("chunk-rows", chunkRows, 2...100_000),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
  }

  private struct Report: Encodable {
    var rows: Int
    var layers: Int
    var hidden: Int
    var chunkRows: Int
    var bytes: Int
    var rowsPerSecondWritten: Double
    var rowsPerSecondRead: Double
    var judgeSeconds: Double?
    var peakGiB: Double?
  }

  func run() throws {
    let benchmark = ChunkBenchmark(rows: rows, layers: layers, hidden: hidden, chunkRows: chunkRows)
    let meter = ProgressMeter()
    let total = rows
    let result = try benchmark.run(in: URL(fileURLWithPath: output), judging: judge) {
      meter.update("writing", done: $0, total: total)
    }
    let report = Report(
      rows: rows, layers: layers, hidden: hidden, chunkRows: chunkRows, bytes: result.bytes,
      rowsPerSecondWritten: Double(rows) / result.writeSeconds, rowsPerSecondRead: Double(rows) / result.readSeconds,
      judgeSeconds: result.judgeSeconds, peakGiB: ProcessMemory.now.peak.map { Double($0) / Double(1 << 30) })
    if json { return try Output.json(report) }
    Output.line("\(rows) rows x \(layers) layers x 2 positions x \(hidden), \(chunkRows) rows a chunk")
    Output.line(String(format: "%.2f GB, peak %.2f GiB of memory", Double(report.bytes) / 1e9, report.peakGiB ?? .nan))
    Output.line(
      String(
        format: "written %.0f rows/s (%.0f MB/s), read %.0f rows/s", report.rowsPerSecondWritten,
        Double(report.bytes) / result.writeSeconds / 1e6, report.rowsPerSecondRead))
    if let seconds = report.judgeSeconds { Output.line(String(format: "judged in %.0f s", seconds)) }
  }
}
