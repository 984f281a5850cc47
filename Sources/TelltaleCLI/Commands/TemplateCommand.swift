import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import Tokenizers

/// Work on chat templates without a model.
struct TemplateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "template", abstract: "Render chats with a chat template.", subcommands: [TemplateRender.self])
}

struct TemplateRender: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Print the text that a chat template makes of each chat, one JSON object a line.",
    discussion: """
      Reads {"messages": [{"role": "user", "content": "..."}]} a line, optionally with "add_generation_prompt", \
      "continue_final_message" and "variables" (which go before --variable), and prints {"text": "..."}, or \
      {"error": "..."} where the template refuses the chat, in the template's own words.
      """)

  @Argument(help: "A file with a chat template in Jinja.")
  var template: String
  @Option(help: "Chats as JSON Lines; - reads stdin.")
  var messages: String
  @Option(
    name: .customLong("variable"),
    help: ArgumentHelp(
      "A variable of the template, such as enable_thinking=false or bos_token=<s>: JSON, or else text; give the option again for more.",
      valueName: "name=value"))
  var variables: [String] = []
  @Option(help: "The day that a template which reads the clock is told, such as 2026-01-15 or \"2026-01-15 12:00\".")
  var date: String?

  struct Row: Encodable {
    var text: String?
    var error: String?
  }

  func run() throws {
    let program = try program()
    let settings = try TemplateOptions.settings(variables, date, option: "--variable")
    for chat in try ChatLines.read(messages) { try Output.json(row(chat, program, settings)) }
  }

  private func program() throws -> JinjaTemplate {
    guard let data = FileManager.default.contents(atPath: template) else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: InputLocation(file: template))
    }
    do { return try JinjaTemplate(String(decoding: data, as: UTF8.self)) } catch {
      throw TelltaleError(.badInput, error.message, at: InputLocation(file: template, line: error.line))
    }
  }

  private func row(_ chat: ChatLine, _ program: JinjaTemplate, _ settings: ChatSettings) -> Row {
    do { return Row(text: try program.render(chat.request, ending: chat.ending, settings: settings).text) } catch {
      return Row(error: "\(error)")
    }
  }
}
