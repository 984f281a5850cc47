import ArgumentParser
import CommandSupport
import Experiments
import Foundation

struct Schema: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the JSON Schema of experiment files, the table of their keys, or what the columns of results are.",
    discussion: """
      Editors complete and check keys by it: with the YAML language server, begin an experiment file with \
      "# yaml-language-server: $schema=docs/experiment.schema.json". docs/experiment.schema.json is what this prints.
      """)

  @Flag(help: "Print the keys as tables in Markdown instead, as docs/experiments.md holds them.")
  var markdown = false
  @Flag(help: "Print every column of every result table instead, as docs/results.md holds them.")
  var results = false

  func validate() throws {
    guard !(markdown && results) else { throw ValidationError("give one of --markdown and --results") }
  }

  func run() throws {
    if results { return Output.line(ResultReference.markdown) }
    if markdown { return Output.line(ExperimentSchema().markdown) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    Output.line(String(decoding: try encoder.encode(ExperimentSchema()), as: UTF8.self))
  }
}
