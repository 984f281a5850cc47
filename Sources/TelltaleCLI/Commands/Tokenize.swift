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
      "add_generation_prompt": true} (or "continue_final_message": true, and "variables" of the chat template), and prints {"ids": [...]}. The directory needs tokenizer files only.
      """)

  @Option(help: "A directory with tokenizer.json or tokenizer.model, a Hugging Face id, or an embedded model.")
  var model: String
  @Option(help: "JSON Lines; - reads stdin.")
  var file: String
  @Flag(help: "Lines are chats, rendered with the model's chat template.")
  var chat = false
  @Flag(help: "Add the special tokens that the model puts in front (<s>).")
  var bos = false
  @OptionGroup var template: TemplateOptions
  @Flag(help: "Print the tokens' texts with the ids.")
  var tokens = false

  struct TextRow: Decodable { var text: String }
  struct Row: Encodable {
    var ids: [Int]
    var tokens: [String]?
  }

  func run() throws {
    let tokenizer = try Tokenizer.load(directory: ModelLocator.directory(for: model))
    if chat {
      let chats = try ChatLines.read(file)
      let template = try tokenizer.chatTemplate(template)
      let texts = try chats.map { try $0.rendered(by: template, file: file) }
      try emit(texts, tokenizer)
    } else {
      let rows: [TextRow] = try JSONLines.read(file, expecting: #"{"text": "Hello"}"#)
      try emit(rows.map(\.text), tokenizer)
    }
  }

  private func emit(_ texts: [String], _ tokenizer: Tokenizer) throws {
    var twice = 0
    for text in texts {
      let ids = tokenizer.encode(text, addSpecialTokens: bos).ids
      if let bos = tokenizer.bosTokenID, ids.starts(with: [bos, bos]) { twice += 1 }
      try emit(ids, tokenizer)
    }
    if twice > 0 {
      Terminal.warning(
        "\(twice) of \(texts.count) lines begin with BOS twice: the text has it already; leave --bos out")
    }
  }

  private func emit(_ ids: [Int], _ tokenizer: Tokenizer) throws {
    try Output.json(Row(ids: ids, tokens: tokens ? ids.map { tokenizer.token($0) ?? "" } : nil))
  }
}
