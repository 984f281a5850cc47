/// What a chat is rendered with: what transformers' `apply_chat_template` takes.
package struct ChatRequest {
  /// Dictionaries with `role`, `content` and what else a template reads.
  package var messages: [JinjaValue]
  /// Whether to end with the header of an answer.
  package var addsGenerationPrompt = false
  /// Whether the last message is to be continued: the text ends where its content does.
  package var continuesFinalMessage = false
  /// Further variables such as `enable_thinking`, `tools` and `documents`.
  package var variables: [(name: String, value: JinjaValue)] = []
  /// `bos_token` and the other special tokens of the tokenizer by these names.
  package var specialTokens: [(name: String, text: String)] = []
  /// What a template reads as today.
  package var date: TemplateDate?

  package init(messages: [JinjaValue]) { self.messages = messages }
}

/// A chat as one text.
package struct RenderedChat {
  package let text: String
  /// What the generation blocks of the template wrote, in Unicode scalars of `text`: an assistant's words.
  package let generationRanges: [Range<Int>]
}

extension JinjaTemplate {
  /// The text of a chat, as transformers 4.57 renders it.
  ///
  /// - Throws: the template's sentence where it refuses the chat, or what is wrong and where.
  package func render(_ request: ChatRequest) throws(JinjaError) -> RenderedChat {
    let (text, ranges) = try scalars(request)
    return RenderedChat(text: text.string, generationRanges: ranges)
  }

  func scalars(_ request: ChatRequest) throws(JinjaError) -> (text: PythonString, generations: [Range<Int>]) {
    guard request.continuesFinalMessage else { return try run(request, request.messages) }
    if request.addsGenerationPrompt {
      throw JinjaError(
        .runtime,
        "a final message is either continued or followed by the header of a new answer, not both")
    }
    let (messages, final) = try FinalMessage.marked(request.messages)
    let (text, ranges) = try run(request, messages)
    let cut = try FinalMessage.cut(text, final)
    let kept = ranges.compactMap { range in
      range.lowerBound < cut.count ? range.lowerBound..<min(range.upperBound, cut.count) : nil
    }
    return (cut, kept)
  }

  private func run(
    _ request: ChatRequest, _ messages: [JinjaValue]
  ) throws(JinjaError) -> (text: PythonString, generations: [Range<Int>]) {
    var variables: [(name: String, value: JinjaValue)] = request.specialTokens.map { ($0.name, .string($0.text)) }
    variables += [("tools", .none), ("documents", .none)]
    let reserved = ["messages", "add_generation_prompt"]
    if let taken = request.variables.first(where: { reserved.contains($0.name) }) {
      throw JinjaError(.runtime, "the variable \"\(taken.name)\" is the chat's own; give another name")
    }
    variables += request.variables
    variables += [("messages", .list(messages)), ("add_generation_prompt", .bool(request.addsGenerationPrompt))]
    let interpreter = Interpreter(self, date: request.date)
    let text = try interpreter.run(variables)
    return (text, interpreter.generationRanges)
  }
}

/// How transformers continues a final message: a mark is put behind its content, and the text is cut at the mark.
private enum FinalMessage {
  private static let mark: PythonString = "CONTINUE_FINAL_MESSAGE_TAG "

  /// The messages with the mark, and the content that it was put behind.
  static func marked(
    _ messages: [JinjaValue]
  ) throws(JinjaError) -> (messages: [JinjaValue], content: PythonString) {
    guard case .dict(let last)? = messages.last, let content = last["content"] else {
      throw JinjaError(.runtime, "the chat's last message has no content that could be continued")
    }
    let (marked, text) = try marked(content)
    return (messages.dropLast() + [.dict(last.setting("content", to: marked))], text)
  }

  private static func marked(_ content: JinjaValue) throws(JinjaError) -> (JinjaValue, PythonString) {
    if let text = content.text { return (.string(text + mark), text) }
    guard case .list(let parts) = content else {
      throw JinjaError(.runtime, "the content of the chat's last message is \(content.typeName), which has no text")
    }
    var items = parts.items
    for index in items.indices.reversed() {
      guard case .dict(let part) = items[index], let text = part["text"]?.text else { continue }
      items[index] = .dict(part.setting("text", to: .string(text + mark)))
      return (.list(items), text)
    }
    throw JinjaError(
      .runtime, "continue_final_message is set but we could not find any text to continue in the final message!")
  }

  static func cut(_ text: PythonString, _ content: PythonString) throws(JinjaError) -> PythonString {
    guard text.contains(content.stripped()), let place = text.lastIndex(of: mark.stripped()) else {
      throw JinjaError(
        .runtime,
        "the final message cannot be continued: it does not appear in the chat after applying the template")
    }
    let before = text[0..<place]
    return text.matches(mark, at: place) ? before : before.stripped(.right)
  }
}
