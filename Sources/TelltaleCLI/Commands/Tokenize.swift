import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the token ids of texts or chats, one JSON object a line.",
    discussion: """
      Reads {"text": "..."} a line, or with --chat {"messages": [{"role": "user", "content": "..."}], \
      "add_generation_prompt": true}, and prints {"ids": [...]}. The directory needs tokenizer files only.
      """)

  @Option(help: "A directory with tokenizer.json or tokenizer.model, a Hugging Face id, or an embedded model.")
  var model: String
  @Option(help: "JSON Lines; - reads stdin.")
  var file: String
  @Flag(help: "Lines are chats, rendered with the model's chat template.")
  var chat = false
  @Flag(help: "Add the special tokens that the model puts in front (<s>).")
  var bos = false
  @Option(help: "Chat template to use instead of the model's own: \(ChatTemplate.names.joined(separator: ", ")).")
  var template: String?
  @Flag(help: "Print the tokens' texts beside the ids.")
  var tokens = false

  struct TextRow: Decodable { var text: String }
  struct ChatRow: Decodable {
    var messages: [ChatMessage]
    var addGenerationPrompt: Bool?
  }
  struct Row: Encodable {
    var ids: [Int]
    var tokens: [String]?
  }

  func run() throws {
    let tokenizer = try Tokenizer.load(directory: ModelLocator.directory(for: model))
    if chat {
      let rows: [(line: Int, row: ChatRow)] = try JSONLines.numbered(
        file, expecting: #"{"messages": [{"role": "user", "content": "Hi"}]}"#)
      let template = try tokenizer.chatTemplate(named: template)
      for (line, row) in rows {
        let text = try render(row, template, line)
        try emit(tokenizer.encode(text, addSpecialTokens: bos).ids, tokenizer)
      }
    } else {
      let rows: [TextRow] = try JSONLines.read(file, expecting: #"{"text": "Hello"}"#)
      for row in rows { try emit(tokenizer.encode(row.text, addSpecialTokens: bos).ids, tokenizer) }
    }
  }

  private func render(_ row: ChatRow, _ template: ChatTemplate, _ line: Int) throws -> String {
    do {
      return try template.render(messages: row.messages, addGenerationPrompt: row.addGenerationPrompt ?? false)
    } catch {
      throw TelltaleError(.badInput, error.message, at: InputLocation(file: file, line: line))
    }
  }

  private func emit(_ ids: [Int], _ tokenizer: Tokenizer) throws {
    try Output.json(Row(ids: ids, tokens: tokens ? ids.map { tokenizer.token($0) ?? "" } : nil))
  }
}
