import ArgumentParser
import CommandSupport
import Foundations
import Tokenizers

/// How chats become texts: shared by every command that renders some.
struct TemplateOptions: ParsableArguments {
  @Option(
    name: .customLong("template"),
    help: ArgumentHelp(
      "Chat template to use instead of the model's own: \(ChatTemplate.names.joined(separator: ", ")), one of the model's named templates, or a file of Jinja (.jinja).",
      valueName: "template"))
  var name: String?

  @Option(
    name: .customLong("template-variable"),
    help: ArgumentHelp(
      "A variable of the chat template, such as enable_thinking=false: JSON, or else text; give the option again for more.",
      valueName: "name=value"))
  var variables: [String] = []

  @Option(
    help: "The day, such as 2026-01-15 or \"2026-01-15 12:00\", that a chat template which reads the clock is told.")
  var date: String?

  var settings: ChatSettings {
    get throws { try Self.settings(variables, date, option: "--template-variable") }
  }

  static func settings(_ variables: [String], _ date: String?, option: String) throws -> ChatSettings {
    let read = try variables.map { text in
      guard let variable = ChatSettings.Variable(option: text) else {
        throw TelltaleError(.badInput, "\(option) \(text) has no name; write name=value")
      }
      return variable
    }
    guard let date else { return ChatSettings(variables: read) }
    guard let day = TemplateDate(date) else {
      throw TelltaleError(.badInput, "--date \(date) is no date; write it as 2026-01-15 or \"2026-01-15 12:00\"")
    }
    return ChatSettings(variables: read, date: day)
  }
}

extension Tokenizer {
  /// The chat template that a command's options name.
  func chatTemplate(_ options: TemplateOptions) throws -> ChatTemplate {
    try chatTemplate(named: options.name, settings: options.settings)
  }
}
