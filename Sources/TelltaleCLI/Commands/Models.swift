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

  @OptionGroup var printing: PrintOptions

  func run() throws {
    let models = ModelLocator.models()
    if printing.json { return try Output.json(models) }
    guard !models.isEmpty else {
      return Output.line("no models; fetch one with hf download owner/name, or scripts/fetch-model smollm2")
    }
    Self.table.values(models).print()
  }

  private static let table = Table<LocalModel>(
    "models", "A model on this machine.",
    [
      .text("model") { $0.name },
      .text("revision") { $0.references.isEmpty ? nil : $0.references.joined(separator: ", ") },
      .number("gigabytes") { Double($0.bytes) / 1e9 },
      .text("parameters") { model in model.parameters.map { "\($0 / 1_000_000) M" } },
      .text("family") { $0.family },
      .text("weights") { $0.quantisation },
      .text("opens") { model in model.problem.map { "no: \($0)" } ?? "yes" },
    ])
}
