import Foundation
import Foundations
import TestSupport
import Tokenizers

/// A line of a file with renderings by Jinja.
struct TemplateRow {
  let template: String
  let request: ChatRequest
  /// What Jinja rendered, nil where it refused.
  let text: String?
  /// What Jinja said when it refused.
  let error: String?
  /// The sentence that must be the same here.
  let message: String?

  static func read(_ file: URL) throws -> [TemplateRow] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      let bytes = Array(line.utf8)
      return TemplateRow(try JSONParser.parse(bytes), bytes)
    }
  }

  private init(_ json: JSONValue, _ bytes: [UInt8]) {
    template = json["template"]?.string ?? ""
    text = (json["rendered"] ?? json["text"])?.string
    error = json["error"]?.string
    message = json["message"]?.string
    var request = ChatRequest(messages: json["messages"]?.array?.map { JinjaValue($0, in: bytes) } ?? [])
    request.addsGenerationPrompt = json["add_generation_prompt"]?.bool ?? false
    request.continuesFinalMessage = json["continue_final_message"]?.bool ?? false
    request.variables = json["variables"]?.object?.map { ($0.key.string, JinjaValue($0.value, in: bytes)) } ?? []
    request.date = TemplateDate("2026-01-15 12:00")
    self.request = request
  }
}

extension ChatRequest {
  /// The tokens of the golden renderings.
  static let goldenTokens = ["bos", "eos", "unk", "pad"].map { ("\($0)_token", "<|\($0)|>") }

  /// Messages of roles and contents.
  init(_ messages: [(role: String, content: String)], addsGenerationPrompt: Bool = false) {
    self.init(messages: messages.map { .dict([("role", .string($0.role)), ("content", .string($0.content))]) })
    self.addsGenerationPrompt = addsGenerationPrompt
    specialTokens = Self.goldenTokens
    date = TemplateDate("2026-01-15 12:00")
  }
}

/// What a template renders, or its refusal.
func outcome(_ template: String, _ request: ChatRequest, limits: JinjaLimits = JinjaLimits()) -> Result<
  String, JinjaError
> {
  do {
    return .success(try JinjaTemplate(template, limits: limits).render(request).text)
  } catch {
    return .failure(error)
  }
}

/// What a template renders without messages.
func outcome(_ template: String, limits: JinjaLimits = JinjaLimits()) -> Result<String, JinjaError> {
  outcome(template, ChatRequest(messages: []), limits: limits)
}
