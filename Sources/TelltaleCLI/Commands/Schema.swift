import ArgumentParser
import CommandSupport
import Experiments
import Foundation

struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the JSON Schema of experiment files, or the table of their keys.",
    discussion: """
      Editors complete and check keys by it: with the YAML language server, begin an experiment file with \
      "# yaml-language-server: $schema=docs/experiment.schema.json". docs/experiment.schema.json is what this prints.
      """)

  @Flag(help: "Print the keys as tables in Markdown instead, as docs/experiments.md holds them.")
  var markdown = false

  func run() throws {
    if markdown { return Output.line(ExperimentSchema().markdown) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    Output.line(String(decoding: try encoder.encode(ExperimentSchema()), as: UTF8.self))
  }
}
