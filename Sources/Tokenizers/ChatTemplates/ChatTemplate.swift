import Foundations

/// How a chat is written as one text, as a model was trained to read it.
///
/// The published templates are Jinja programs; the ones in use here are known, and written in Swift.
public struct ChatTemplate: Equatable, Sendable {
  /// The known formats, by the name that the commands take.
  public enum Format: String, CaseIterable, Sendable {
    case zephyr
    case llama2 = "llama-2"
    /// Mistral and Mixtral Instruct.
    case mistral
    /// Llama 3; Llama 3.1 and later write today's date into the system prompt, this format does not.
    case llama3 = "llama-3"
    /// Qwen and others.
    case chatml
    /// For base models: the contents, one a line, and nothing else.
    case plain
  }

  /// The spaces in which Mistral's published templates differ.
  struct MistralStyle: Equatable, Sendable {
    var beforeInstruction = ""
    var beforeAnswer = ""
    var afterAnswer = ""
    /// Whether a system prompt may stand in front of the first instruction.
    var takesSystemPrompt = false
  }

  public let format: Format
  /// BOS as it is written into the text.
  let bosToken: String
  /// EOS as it is written into the text.
  let eosToken: String
  /// Whether a chat may begin with a system message.
  public var takesSystemMessage: Bool { format != .mistral || mistralStyle.takesSystemPrompt }

  /// The system prompt of a chat that has none (Qwen's templates have one).
  public let defaultSystemPrompt: String?
  var mistralStyle = MistralStyle()

  /// - Parameters:
  ///   - bosToken: BOS as the tokenizer spells it, nil for the format's usual spelling.
  ///   - eosToken: EOS likewise.
  ///   - defaultSystemPrompt: the system prompt of a chat that has none; only `chatml` uses it.
  public init(
    _ format: Format, bosToken: String? = nil, eosToken: String? = nil, defaultSystemPrompt: String? = nil
  ) {
    self.format = format
    self.bosToken = bosToken ?? (format == .llama3 ? "<|begin_of_text|>" : "<s>")
    self.eosToken = eosToken ?? "</s>"
    self.defaultSystemPrompt = defaultSystemPrompt
  }

  public var name: String { format.rawValue }

  public static var names: [String] { Format.allCases.map(\.rawValue) }

  /// Whether the rendered text begins with BOS: it is then encoded without adding special tokens.
  public var rendersBOS: Bool {
    switch format {
    case .llama2, .mistral, .llama3: true
    case .zephyr, .chatml, .plain: false
    }
  }

  /// The text of a chat.
  ///
  /// - Parameter addGenerationPrompt: whether to end with the header of an answer; formats without such a header
  ///   (Llama 2, Mistral) end the same either way.
  /// - Throws: `TelltaleError.badInput` for a chat that the published template refuses: no messages, roles that do not
  ///   alternate, a system message where none may stand.
  public func render(messages: [ChatMessage], addGenerationPrompt: Bool) throws(TelltaleError) -> String {
    guard !messages.isEmpty else { throw refusal("needs at least one message") }
    switch format {
    case .zephyr: return zephyr(messages, addGenerationPrompt)
    case .llama2: return try llama2(messages)
    case .mistral: return try mistral(messages)
    case .llama3: return llama3(messages, addGenerationPrompt)
    case .chatml: return chatml(messages, addGenerationPrompt)
    case .plain: return messages.map(\.content).joined(separator: "\n") + (addGenerationPrompt ? "\n" : "")
    }
  }

  func refusal(_ message: String) -> TelltaleError {
    TelltaleError(.badInput, "the chat template \"\(name)\" \(message)")
  }
}
