import ArgumentParser
import CommandSupport
import Experiments
import Foundation

struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Unite two runs of one experiment: their recordings, vectors and hand labels.",
    discussion: """
      Both must be runs of the same experiment file with the same models and data. What both hold must be equal, byte by \
      byte; labels of all raters are kept. Where a part is in neither, continue the result with telltale run --resume.
      """)

  @Argument(help: "A run directory.")
  var first: String
  @Argument(help: "Another run directory of the same experiment.")
  var second: String
  @Option(help: "The run directory to make.")
  var output: String
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let summary = try RunMerge.merge(
      URL(fileURLWithPath: first), URL(fileURLWithPath: second), output: URL(fileURLWithPath: output),
      onStage: { Terminal.note($0) })
    if printing.json { return try Output.json(summary) }
    Output.line(
      "\(summary.chunks) chunks, \(summary.vectors) vectors, \(summary.handLabels) hand labels written to \(output)")
    if !summary.isComplete { Output.line("parts are missing in both; finish with telltale run --resume") }
  }
}
