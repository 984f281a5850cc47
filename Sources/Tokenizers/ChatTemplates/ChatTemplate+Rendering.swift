import Foundations

/// What the published templates write.
extension ChatTemplate {
  /// HuggingFaceH4/zephyr-7b-beta.
  func zephyr(_ messages: [ChatMessage], _ addGenerationPrompt: Bool) -> String {
    let turns = messages.map { "<|\($0.role.rawValue)|>\n\($0.content)\(eosToken)\n" }
    return turns.joined() + (addGenerationPrompt ? "<|assistant|>\n" : "")
  }

  /// meta-llama/Llama-2-7b-chat-hf.
  func llama2(_ messages: [ChatMessage]) throws(TelltaleError) -> String {
    let (system, turns) = splitSystemPrompt(messages)
    try checkAlternation(turns)
    return turns.enumerated().map { index, turn in
      var content = turn.content
      if index == 0, let system { content = "<<SYS>>\n\(system)\n<</SYS>>\n\n\(content)" }
      let trimmed = content.trimmedLikePython
      return turn.role == .user ? "\(bosToken)[INST] \(trimmed) [/INST]" : " \(trimmed) \(eosToken)"
    }.joined()
  }

  /// mistralai/Mistral-7B-Instruct-v0.1 and v0.2, mistralai/Mixtral-8x7B-Instruct-v0.1.
  func mistral(_ messages: [ChatMessage]) throws(TelltaleError) -> String {
    let (system, turns) = splitSystemPrompt(messages)
    guard system == nil || mistralStyle.takesSystemPrompt else {
      throw refusal("takes no system message; put it in front of the first user message")
    }
    try checkAlternation(turns)
    let style = mistralStyle
    return bosToken
      + turns.enumerated().map { index, turn in
        if turn.role == .assistant { return style.beforeAnswer + turn.content + eosToken + style.afterAnswer }
        let instruction = index == 0 ? (system.map { $0 + "\n\n" } ?? "") + turn.content : turn.content
        return "\(style.beforeInstruction)[INST] \(instruction) [/INST]"
      }.joined()
  }

  /// meta-llama/Meta-Llama-3-8B-Instruct.
  func llama3(_ messages: [ChatMessage], _ addGenerationPrompt: Bool) -> String {
    func header(_ role: ChatMessage.Role) -> String { "<|start_header_id|>\(role.rawValue)<|end_header_id|>\n\n" }
    let turns = messages.map { header($0.role) + $0.content.trimmedLikePython + "<|eot_id|>" }
    return bosToken + turns.joined() + (addGenerationPrompt ? header(.assistant) : "")
  }

  /// OpenAI's chat markup language, as in Qwen/Qwen2.5-7B-Instruct.
  func chatml(_ messages: [ChatMessage], _ addGenerationPrompt: Bool) -> String {
    var messages = messages
    if let defaultSystemPrompt, messages.first?.role != .system {
      messages.insert(.system(defaultSystemPrompt), at: 0)
    }
    let turns = messages.map { "<|im_start|>\($0.role.rawValue)\n\($0.content)<|im_end|>\n" }
    return turns.joined() + (addGenerationPrompt ? "<|im_start|>assistant\n" : "")
  }

  private func splitSystemPrompt(_ messages: [ChatMessage]) -> (system: String?, turns: ArraySlice<ChatMessage>) {
    guard let first = messages.first, first.role == .system else { return (nil, messages[...]) }
    return (first.content, messages.dropFirst())
  }

  private func checkAlternation(_ turns: ArraySlice<ChatMessage>) throws(TelltaleError) {
    for (index, turn) in turns.enumerated() where turn.role != (index.isMultiple(of: 2) ? .user : .assistant) {
      throw refusal("needs roles that alternate user/assistant/user/assistant after an optional system message")
    }
    guard !turns.isEmpty else { throw refusal("needs at least one user message") }
  }
}

extension String {
  /// Without white space at either end, by the definition of Python's `str.strip()`.
  fileprivate var trimmedLikePython: String {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    var scalars = unicodeScalars[...].drop(while: isSpace)
    while let last = scalars.last, isSpace(last) { scalars.removeLast() }
    return String(String.UnicodeScalarView(scalars))
  }
}
