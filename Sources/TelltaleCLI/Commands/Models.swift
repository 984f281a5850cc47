import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models on this machine, and whether each opens.",
    discussion: """
      Looks into the local Hugging Face cache and Telltale's own, and reads configurations, tokenizers and the headers of \
      weights. The names are what --model takes.
      """)

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let models = ModelLocator.models()
    if json { return try Output.json(models) }
    guard !models.isEmpty else {
      return Output.line("no models; fetch one with hf download owner/name, or scripts/fetch-model smollm2")
    }
    var table = TableValues(["model", "revision", "gigabytes", "parameters", "family", "weights", "opens"])
    table.rows = models.map(Self.cells)
    table.print()
  }

  private static func cells(_ model: LocalModel) -> [TableValue] {
    [
      .text(model.name), .text(model.references.isEmpty ? nil : model.references.joined(separator: ", ")),
      .number(Double(model.bytes) / 1e9), .text(model.parameters.map { "\($0 / 1_000_000) M" }), .text(model.family),
      .text(model.quantisation), .text(model.problem.map { "no: \($0)" } ?? "yes"),
    ]
  }
}
