import ArgumentParser
import Foundation
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
  @Flag(help: "Prompts are user messages, rendered with the chat template.")
  var chat = false
  @Option(help: "Chat template to use instead of the model's own.")
  var template: String?
  @Option(help: "New tokens at most.")
  var maxTokens = 64
  @Option(help: "0 is greedy; above, tokens are drawn.")
  var temperature = 0.0
  @Option(help: "Draw from the fewest tokens that hold this share of the probability.")
  var topP = 1.0
  @Option(help: "Seed of the draws.")
  var seed: UInt64 = 0
  @Flag(help: "Go on past stop tokens.")
  var ignoreStop = false
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
    guard maxTokens > 0 else { throw ValidationError("--max-tokens must be at least 1") }
  }

  func run() throws {
    var options = GenerationOptions(maxTokens: maxTokens)
    options.sampling = try Sampling(temperature: temperature, topP: topP, seed: seed)
    let rows: [TokenRow]? = try tokens.map { try JSONLines.read($0, expecting: #"{"ids": [1, 2, 3]}"#) }
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let prompts =
      try rows?.map(\.ids)
      ?? prompt.map {
        try PromptTokens.encode($0, loaded.tokenizer, chat: chat, template: template)
      }
    options.edits = try edit.edits(loaded)
    if !ignoreStop { options.stopTokens = loaded.stopTokens }
    var progress = Progress("prompts", total: prompts.count)
    var done = 0
    var results = [Int: Generation]()
    let edited = try Generator.run(loaded.model, prompts: prompts, options: options) { index, generation in
      results[index] = generation
      done += 1
      if prompts.count > 1 { progress.update(done) }
    }
    try EditOptions.prove(edited)
    if let report { try write(edited, to: report) }
    for index in prompts.indices {
      guard let generation = results[index] else { continue }
      let text = loaded.tokenizer.decode(generation.tokens, skipSpecialTokens: true)
      if json { try Output.json(Row(ids: generation.tokens, text: text)) } else { Output.line(Terminal.harmless(text)) }
    }
  }

  private func write(_ report: EditReport, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try AtomicFile.write(try encoder.encode(report.entries.map(EditResult.init)), to: URL(fileURLWithPath: path))
  }
}
