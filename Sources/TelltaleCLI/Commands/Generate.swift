import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continue prompts, plain, steered or ablated.",
    discussion: """
      Greedy unless a temperature is given. Prints the new text of each prompt in the order of the prompts, with --json \
      {"ids": [...], "text": "..."} a line: new tokens only, without the stop token. With edits, stderr says how many \
      positions they changed and by how much (measured), --report writes that as JSON, and an edit that touched nothing \
      is an error.
      """)

  @OptionGroup var model: ModelOptions
  @Option(help: "The prompt; give the option again for more prompts.")
  var prompt: [String] = []
  @Option(help: "JSON Lines of token ids, one {\"ids\": [...]} a line; - reads stdin.")
  var tokens: String?
  @OptionGroup var continuation: ContinuationOptions
  @OptionGroup var edit: EditOptions
  @Option(help: "A JSON file to write with what the edits did.")
  var report: String?
  @Flag(help: "Print one JSON object a prompt.")
  var json = false

  struct Row: Encodable {
    var ids: [Int]
    var text: String
  }

  func validate() throws {
    guard prompt.isEmpty != (tokens == nil) else { throw ValidationError("give either --prompt or --tokens") }
  }

  func run() throws {
    var options = try continuation.generation()
    let rows: [TokenRow]? = try tokens.map { try JSONLines.read($0, expecting: #"{"ids": [1, 2, 3]}"#) }
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let prompts =
      try rows?.map(\.ids)
      ?? prompt.map {
        try continuation.encode($0, loaded.tokenizer)
      }
    options.edits = try edit.edits(loaded)
    options.stopTokens = continuation.stopTokens(loaded)
    Terminal.note("\(loaded.startLine); \(prompts.count) \(prompts.count == 1 ? "prompt" : "prompts")")
    let progress = ProgressBox("generating", unit: "prompts")
    progress.begin(total: prompts.count)
    var results = [Int: Generation]()
    let edited = try Generator.run(loaded.model, prompts: prompts, options: options) { index, generation in
      results[index] = generation
      progress.update(results.count, of: prompts.count)
    }
    try EditOptions.prove(edited)
    if let report { try write(edited, to: report) }
    for index in prompts.indices {
      guard let generation = results[index] else { continue }
      let text = loaded.tokenizer.decode(generation.tokens, skipSpecialTokens: true)
      if json { try Output.json(Row(ids: generation.tokens, text: text)) } else { Output.line(SafeText.visible(text)) }
    }
  }

  private func write(_ report: EditReport, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try AtomicFile.write(try encoder.encode(report.entries.map(EditResult.init)), to: URL(fileURLWithPath: path))
  }
}
