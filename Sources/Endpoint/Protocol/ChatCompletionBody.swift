import Foundations
import Tokenizers

/// The body of `POST /v1/chat/completions`.
struct ChatCompletionBody: Sendable {
  var messages: [ChatMessage]
  var common: CommonParameters
  /// nil: as many as fit.
  var maxTokens: Int?
  /// Alternatives told with every token; nil tells no log-probabilities.
  var logprobs: Int?

  private static let mostMessages = 10_000
  private static let names: Set = ["messages", "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs"]

  init(_ bytes: [UInt8]) throws(EndpointError) {
    let members = try RequestMembers.body(bytes)
    try members.allow(
      Self.names.union(CommonParameters.names), harmless: CommonParameters.harmless, neutral: CommonParameters.neutral)
    common = try CommonParameters(members)
    let (new, old) = (
      try members.integer("max_completion_tokens", in: 1...1 << 20), try members.integer("max_tokens", in: 1...1 << 20)
    )
    maxTokens = new ?? old
    let top = try members.integer("top_logprobs", in: 0...20)
    let asks = try members.flag("logprobs") ?? false
    guard asks || top == nil || top == 0 else { throw .parameter("top_logprobs", "given with \"logprobs\": true") }
    logprobs = asks ? top ?? 0 : nil
    messages = try Self.messages(members)
  }

  private static func messages(_ members: RequestMembers) throws(EndpointError) -> [ChatMessage] {
    let objects = try members.objects("messages", atMost: mostMessages)
    guard !objects.isEmpty else {
      throw .parameter("messages", "a list of one or more messages with role and content", code: "missing")
    }
    var messages: [ChatMessage] = []
    for object in objects { messages.append(try message(object)) }
    return messages
  }

  private static func message(_ members: RequestMembers) throws(EndpointError) -> ChatMessage {
    try members.allow(
      ["role", "content"], neutral: ["tool_calls": { $0.array?.isEmpty == true }, "refusal": { $0.string == "" }])
    let role: ChatMessage.Role
    switch try members.needed("role") {
    case "system", "developer": role = .system
    case "user": role = .user
    case "assistant": role = .assistant
    default: throw .parameter(members.place("role"), "one of system, developer, user, assistant")
    }
    return ChatMessage(role: role, content: try content(members))
  }

  /// A text, or parts of which each is a text.
  private static func content(_ members: RequestMembers) throws(EndpointError) -> String {
    if members["content"]?.array == nil { return try members.needed("content") }
    var text = ""
    for part in try members.objects("content", atMost: 1_000) {
      try part.allow(["type", "text"])
      guard try part.text("type") == "text" else {
        throw .parameter(part.place("type"), "\"text\": the model reads nothing else")
      }
      text += try part.needed("text")
    }
    return text
  }
}
