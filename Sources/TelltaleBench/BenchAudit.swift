import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import Steering
import Torch

/// How long the whole audit of a recording takes, on synthetic activations of a real model's size.
struct BenchAudit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Measure how long the audit of a recording takes.",
    discussion: """
      Makes a recording of random activations with a known effect and audits two vectors on it at every layer of both read \
      positions: nulls of both kinds, probe, geometry, permutations. Prints seconds and the peak of memory.
      """)

  @Option(help: "Rows of the recording.") var rows = 2_000
  @Option(help: "Layers.") var layers = 32
  @Option(help: "Width of the residual stream.") var hidden = 4_096
  @Option(help: "Null directions of each kind.") var draws = 1_000
  @Option(help: "Contrast pairs the vector was made of.") var pairs = 256
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    for (name, value, range) in [
      ("rows", rows, 20...100_000), ("layers", layers, 1...200), ("hidden", hidden, 2...65_536),
      ("draws", draws, 19...100_000), ("pairs", pairs, 2...100_000),
    ] where !range.contains(value) {
      throw ValidationError("--\(name) must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
    }
  }

  func run() throws {
    _ = try compute.prepare()
    let made = try SyntheticRecording(rows: rows, layers: layers, hidden: hidden, pairs: pairs)
    var options = RecordingAudit.Options()
    options.draws = draws
    let started = Date()
    var verdicts: [String] = []
    for position in [ReadPosition.prompt, .continuation] {
      Terminal.note("\(position.rawValue): \(layers) layers")
      let audit = try RecordingAudit(made.recording, at: position, options: options)
      let profiled = Date().timeIntervalSince(started)
      Terminal.note(String(format: "  profiles done after %.1f s", profiled))
      let judged = try audit.judge(AuditedVector(made.vectors, origin: .pairs(made.differences)))
      Terminal.note(String(format: "  scores and nulls of pairs after %.1f s", Date().timeIntervalSince(started)))
      verdicts.append(try judged.verdict()?.verdict.rawValue ?? "none")
    }
    try report(seconds: Date().timeIntervalSince(started), verdicts)
  }

  private struct Report: Encodable {
    var rows: Int
    var layers: Int
    var positions = 2
    var hidden: Int
    var draws: Int
    var pairs: Int
    var threads: Int
    var seconds: Double
    var peakGiB: Double?
    var verdicts: [String]
  }

  private func report(seconds: Double, _ verdicts: [String]) throws {
    let report = Report(
      rows: rows, layers: layers, hidden: hidden, draws: draws, pairs: pairs, threads: Runtime.threadCount,
      seconds: seconds, peakGiB: ProcessMemory.now.peak.map { Double($0) / Double(1 << 30) }, verdicts: verdicts)
    if json { return try Output.json(report) }
    Output.line(
      "\(rows) rows x \(layers) layers x 2 positions x \(hidden), \(draws) null draws of each kind, "
        + "\(report.threads) threads")
    Output.line(String(format: "%.1f s, peak %.2f GiB", seconds, report.peakGiB ?? .nan))
    Output.line("verdicts: \(verdicts.joined(separator: ", "))")
  }
}
