import Foundations

extension ChatTemplate {
  /// The template that a checkpoint comes with, as Jinja source.
  struct Source: Sendable {
    /// The checkpoint's directory, for messages.
    let file: String
    let jinja: String?
    let bosToken: String?
    let eosToken: String?

    /// - Parameter name: the template to use whatever the source says, nil to recognise the source.
    func template(named name: String?) throws(TelltaleError) -> ChatTemplate {
      let own = jinja.flatMap { ChatTemplate(recognising: $0, bosToken: bosToken, eosToken: eosToken) }
      guard let name else {
        if let own { return own }
        let problem = jinja == nil ? "has no chat template" : "has a chat template that is not known"
        throw failure("\(problem); name one of \(ChatTemplate.names.joined(separator: ", "))")
      }
      guard let format = Format(rawValue: name) else {
        throw failure(
          "\"\(name)\" is not a chat template; name one of \(ChatTemplate.names.joined(separator: ", "))")
      }
      if let own, own.format == format { return own }
      return ChatTemplate(format, bosToken: bosToken, eosToken: eosToken)
    }

    private func failure(_ message: String) -> TelltaleError {
      TelltaleError(.badInput, message, at: .init(file: file))
    }
  }

  /// Recognises a template by the passages that tell the published ones apart; nil if it is none of them.
  init?(recognising jinja: String, bosToken: String?, eosToken: String?) {
    // Sources write a line feed in a literal as it is or as an escape, and quote with either mark.
    let source = jinja.replacing("\\n", with: "\n").replacing("\"", with: "'")
    func has(_ passage: String) -> Bool { source.contains(passage) }

    var style = MistralStyle()
    let format: Format
    if has("<|start_header_id|>"), has("<|eot_id|>"), !has("date_string"), !has("Cutting Knowledge") {
      format = .llama3
    } else if has("<|im_start|>"), has("<|im_end|>"), !has("<think>") {
      format = .chatml
    } else if has("'<|user|>\n' + message['content'] + eos_token") {
      format = .zephyr
    } else if has("<<SYS>>"), has("bos_token + '[INST] '") {
      format = .llama2
    } else if let known = MistralStyle(recognising: source) {
      format = .mistral
      style = known
    } else {
      return nil
    }
    let prompt = format == .chatml ? Self.defaultSystemPrompt(in: source) : nil
    self.init(format, bosToken: bosToken, eosToken: eosToken, defaultSystemPrompt: prompt)
    mistralStyle = style
  }

  /// The system prompt that stands as a literal in a ChatML template.
  private static func defaultSystemPrompt(in source: String) -> String? {
    for passage in source.split(separator: "<|im_start|>system\n", omittingEmptySubsequences: false).dropFirst() {
      guard let end = passage.firstRange(of: "<|im_end|>") else { continue }
      let prompt = passage[..<end.lowerBound]
      // A quotation mark ends the literal: what follows is an expression, not the prompt.
      if !prompt.contains("'") { return String(prompt) }
    }
    return nil
  }
}

extension ChatTemplate.MistralStyle {
  /// The published templates that have no tools; nil for others.
  fileprivate init?(recognising source: String) {
    self.init()
    if source.contains("{{ '[INST] ' + message['content'] + ' [/INST]' }}") {
      if source.contains("{{ message['content'] + eos_token + ' ' }}") {
        afterAnswer = " "
      } else if !source.contains("{{ message['content'] + eos_token}}") {
        return nil
      }
    } else if source.contains("' [INST] ' + system_message + '\n\n' + message['content'] + ' [/INST]'"),
      source.contains("' ' + message['content'] + eos_token")
    {
      (beforeInstruction, beforeAnswer, takesSystemPrompt) = (" ", " ", true)
    } else {
      return nil
    }
  }
}
