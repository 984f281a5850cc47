/// What a chat template reads in addition to the messages: variables such as `enable_thinking`, and what day it is.
public struct ChatSettings: Sendable, Equatable, Codable {
  /// A variable of the template.
  public struct Variable: Sendable, Equatable, Codable {
    public let name: String
    /// JSON (`false`, `3`, `"text"`, a list) or else the text itself.
    public let text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }

    /// Reads `name=value`; nil for what has no name.
    public init?(option: String) {
      guard let mark = option.firstIndex(of: "="), mark > option.startIndex else { return nil }
      self.init(name: String(option[..<mark]), text: String(option[option.index(after: mark)...]))
    }
  }

  public var variables: [Variable]
  /// What a template that reads the clock is told; nil refuses such templates, whose texts would change from day to day.
  package var date: TemplateDate?

  public init(variables: [Variable] = []) { self.variables = variables }

  package init(variables: [Variable] = [], date: TemplateDate?) {
    self.variables = variables
    self.date = date
  }

  /// The settings as a person would write them, for provenance.
  var described: [String] { variables.map { "\($0.name)=\($0.text)" } + (date.map { ["date=\($0)"] } ?? []) }

  /// A request with these variables in front of those it has, and this date where it has none.
  func completing(
    _ request: ChatRequest, _ ending: ChatEnding, _ specialTokens: [(name: String, text: String)]
  ) -> ChatRequest {
    var request = request
    request.addsGenerationPrompt = ending == .generationPrompt
    request.continuesFinalMessage = ending == .openMessage
    request.specialTokens = specialTokens
    request.variables = variables.map { ($0.name, JinjaValue(option: $0.text)) } + request.variables
    request.date = request.date ?? date
    return request
  }
}
