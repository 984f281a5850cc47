import Foundations

/// The body of `POST /v1/completions`.
struct CompletionBody: Sendable {
  enum Prompt: Sendable, Equatable {
    case text(String)
    case tokens([Int])
  }

  var prompts: [Prompt]
  var common: CommonParameters
  /// As in OpenAI's API, 16 where nothing is said.
  var maxTokens = 16
  /// Whether the answer begins with the prompt.
  var echo = false
  /// Alternatives told with every token; nil tells no log-probabilities.
  var logprobs: Int?

  private static let names: Set = ["prompt", "max_tokens", "echo", "logprobs"]

  init(_ bytes: [UInt8]) throws(EndpointError) {
    let members = try RequestMembers.body(bytes)
    common = try CommonParameters(members)
    let choices = common.choices
    var neutral = CommonParameters.neutral
    neutral["suffix"] = { $0.string == "" }
    neutral["best_of"] = { $0.integer == choices }
    try members.allow(
      Self.names.union(CommonParameters.names), harmless: CommonParameters.harmless, neutral: neutral)
    maxTokens = try members.integer("max_tokens", in: 0...1 << 20) ?? 16
    echo = try members.flag("echo") ?? false
    logprobs = try members.integer("logprobs", in: 0...20)
    guard maxTokens > 0 || echo else { throw .parameter("max_tokens", "at least 1, or 0 with \"echo\": true") }
    prompts = try Self.prompts(members["prompt"])
    guard prompts.count * choices <= CommonParameters.mostSequences else {
      throw .parameter("prompt", "so that prompts times n are at most \(CommonParameters.mostSequences)")
    }
  }

  private static func prompts(_ value: JSONValue?) throws(EndpointError) -> [Prompt] {
    let expected = "a string, a list of strings, a list of token ids, or a list of such lists; none of them empty"
    guard let value else { throw .parameter("prompt", "given: \(expected)", code: "missing") }
    if let one = Prompt(value) { return [one] }
    let values = value.array ?? []
    let prompts = values.compactMap(Prompt.init)
    guard !prompts.isEmpty, prompts.count == values.count else {
      throw .parameter("prompt", expected, code: "invalid_type")
    }
    return prompts
  }
}

extension CompletionBody.Prompt {
  /// nil for what is neither a text nor token ids.
  init?(_ value: JSONValue) {
    if let text = value.string {
      self = .text(text)
      return
    }
    guard let values = value.array, !values.isEmpty else { return nil }
    let ids = values.compactMap(\.integer)
    guard ids.count == values.count else { return nil }
    self = .tokens(ids)
  }
}
