import Foundations

/// How a chat is written as one text, as a model was trained to read it: the Jinja program that a checkpoint comes
/// with, run as transformers runs it, and the special tokens that it writes.
public struct ChatTemplate: Sendable {
  /// The name it was asked for by: a built-in format, one of the checkpoint's named templates, or a file.
  public let name: String
  /// What the template reads in addition to the messages.
  public let settings: ChatSettings
  private let program: JinjaTemplate
  private let specialTokens: [(name: String, text: String)]

  /// Whether the rendered text begins with BOS: it is then encoded without adding special tokens.
  public let rendersBOS: Bool
  /// Whether a chat may begin with a system message, and its words reach the text.
  public let takesSystemMessage: Bool
  /// What vectors and recordings say of the template they were made with: the name, for a checkpoint's own template
  /// the beginning of its source's SHA-256, and the settings.
  public let identity: String

  /// - Parameter specialTokens: the tokenizer's, by names such as `bos_token`.
  private init(
    name: String, hash: String?, program: JinjaTemplate, specialTokens: [(name: String, text: String)],
    settings: ChatSettings
  ) {
    self.name = name
    identity = ([name + (hash.map { "@" + $0.prefix(12) } ?? "")] + settings.described).joined(separator: " ")
    self.program = program
    self.specialTokens = specialTokens
    self.settings = settings
    let probe = TemplateProbe(program, specialTokens, settings)
    rendersBOS = probe.rendersBOS
    takesSystemMessage = probe.takesSystemMessage
  }

  /// A template that comes with Telltale.
  ///
  /// - Parameters:
  ///   - bosToken: BOS as the tokenizer spells it, nil for the format's usual spelling.
  ///   - eosToken: EOS likewise.
  public init(_ format: Format, bosToken: String? = nil, eosToken: String? = nil, settings: ChatSettings = .init()) {
    self.init(
      name: format.rawValue, hash: nil, program: format.program,
      specialTokens: [
        ("bos_token", bosToken ?? format.usualBOSToken), ("eos_token", eosToken ?? Format.usualEOSToken),
      ], settings: settings)
  }

  /// A template from its Jinja source.
  ///
  /// - Parameter specialTokens: the tokenizer's, by names such as `bos_token`.
  /// - Throws: `TelltaleError.badInput` if the source cannot be read, with its line.
  package init(
    source: String, name: String, specialTokens: [(name: String, text: String)] = [], settings: ChatSettings = .init()
  ) throws(TelltaleError) {
    let program: JinjaTemplate
    do { program = try JinjaTemplate(source) } catch {
      throw TelltaleError(.badInput, "the chat template \"\(name)\" cannot be read: \(error.sentence)")
    }
    self.init(
      name: name, hash: SHA256.hexadecimalDigest(of: Array(source.utf8)), program: program,
      specialTokens: specialTokens, settings: settings)
  }

  public static var names: [String] { Format.allCases.map(\.rawValue) }
}

/// How the text of a chat ends.
public enum ChatEnding: String, Sendable {
  /// After the last message.
  case asIs
  /// With the header of an answer, for the model to go on from; some formats (Llama 2, Mistral) have none.
  case generationPrompt
  /// Within the last message, for the model to go on with its words.
  case openMessage
}

extension ChatTemplate {
  /// The text of a chat.
  ///
  /// - Throws: `TelltaleError.badInput` with the template's sentence for a chat that it refuses.
  public func render(messages: [ChatMessage], ending: ChatEnding) throws(TelltaleError) -> String {
    try render(ChatRequest(messages), ending: ending).text
  }

  public func render(messages: [ChatMessage], addGenerationPrompt: Bool) throws(TelltaleError) -> String {
    try render(messages: messages, ending: addGenerationPrompt ? .generationPrompt : .asIs)
  }

  /// The text of a chat whose messages may have more than words: tool calls, parts, reasoning.
  package func render(_ request: ChatRequest, ending: ChatEnding) throws(TelltaleError) -> RenderedChat {
    do {
      try checkMessages(request)
      return try program.render(request, ending: ending, settings: settings, specialTokens: specialTokens)
    } catch { throw refusal(error) }
  }

  /// The text of a chat and where the words of each message are in it, in Unicode scalars.
  package func turns(_ request: ChatRequest, ending: ChatEnding) throws(TelltaleError) -> ChatTurns {
    do {
      try checkMessages(request)
      return try program.turns(settings.completing(request, ending, specialTokens))
    } catch { throw refusal(error) }
  }

  private func checkMessages(_ request: ChatRequest) throws(JinjaError) {
    guard !request.messages.isEmpty else { throw JinjaError(.runtime, "a chat needs at least one message") }
  }

  private func refusal(_ error: JinjaError) -> TelltaleError {
    switch error.code {
    case .refused: TelltaleError(.badInput, "the chat template \"\(name)\" refuses the chat: \(error.sentence)")
    default: TelltaleError(.badInput, "the chat template \"\(name)\" cannot render the chat: \(error.sentence)")
    }
  }
}

extension JinjaTemplate {
  /// The text of a chat by a template without a tokenizer, whose tokens may stand among the variables.
  package func render(
    _ request: ChatRequest, ending: ChatEnding, settings: ChatSettings,
    specialTokens: [(name: String, text: String)] = []
  ) throws(JinjaError) -> RenderedChat {
    try render(settings.completing(request, ending, specialTokens))
  }
}

extension ChatRequest {
  package init(_ messages: [ChatMessage]) {
    self.init(
      messages: messages.map {
        .dict([("role", .string($0.role.rawValue)), ("content", .string($0.content))])
      })
  }
}

/// What is asked of a template before it is used, by small chats: no reading of its source could tell.
private struct TemplateProbe {
  let rendersBOS: Bool
  let takesSystemMessage: Bool

  init(_ program: JinjaTemplate, _ specialTokens: [(name: String, text: String)], _ settings: ChatSettings) {
    func text(_ messages: [ChatMessage]) -> String? {
      var request = settings.completing(ChatRequest(messages), .generationPrompt, specialTokens)
      // Whether a text has BOS does not depend on the day.
      request.date = request.date ?? TemplateDate(year: 2024, month: 1, day: 1)
      return try? program.render(request).text
    }
    let words = "telltale-probe"
    let withSystem = text([.system(words), .user("Hi")])
    let plain = text([.user("Hi")]) ?? withSystem
    let bos = specialTokens.first { $0.name == "bos_token" }?.text ?? ""
    rendersBOS = !bos.isEmpty && plain?.unicodeScalars.starts(with: bos.unicodeScalars) == true
    takesSystemMessage = withSystem?.contains(words) == true
  }
}
