/// The part of a generated text that answers, after a block of reasoning.
///
/// Reasoning models write their thoughts before the answer, between marks that differ from maker to maker: `<think>`
/// (DeepSeek, Qwen), `[THINK]` (Mistral), `<reasoning>` and its like, `<|channel|>analysis` (gpt-oss), `◁think▷` (Kimi),
/// `<|START_THINKING|>` (Cohere), sentences (Granite). What stands in them weighs choices and is no answer: the text after
/// the last end of a block is read, and a block that does not end before the tokens do leaves nothing to read.
struct ReasoningText {
  /// nil where reasoning begins and does not end.
  let answer: Substring?
  /// Whether there was a block at all.
  let hasReasoning: Bool

  /// - Parameter isOpen: whether the prompt ends within reasoning, as templates have it that begin the block.
  init(_ text: String, isOpen: Bool = false) {
    let closed = text.matches(of: Self.close).last?.range.upperBound
    let tail = text[(closed ?? text.startIndex)...]
    let opened = tail.firstMatch(of: Self.open)?.range.lowerBound
    hasReasoning = closed != nil || opened != nil || isOpen
    if let opened {
      // An answer may stand before thoughts that follow it.
      let before = tail[..<opened]
      answer = before.contains(where: { !$0.isWhitespace }) && !(isOpen && closed == nil) ? before : nil
    } else {
      answer = closed == nil && isOpen ? nil : tail
    }
  }

  /// Whether a prompt ends within reasoning, for the model to go on with.
  static func isOpen(atEndOf prompt: String) -> Bool {
    let end = prompt.suffix(200)
    guard let opened = end.matches(of: open).last?.range, end[opened.upperBound...].allSatisfy(\.isWhitespace) else {
      return false
    }
    return true
  }

  private static var open: Regex<Substring> {
    #/
      (?i: <\s*(?:think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|analysis|cot|seed:think|inner_monologue)\s*> )
      | (?i: \[ (?:THINK|THINKING|REASONING|THOUGHT) \] )
      | ◁think▷
      | <\|(?:START_THINKING|begin_of_thought|start_thinking|think|thinking)\|>
      | <\|channel\|>\s*(?:analysis|commentary)\b | <\|channel> | (?-i: ^analysis(?=[A-Z"'(]) )
      | (?i: Here\ is\ my\ thought\ process: )
    /#
  }

  private static var close: Regex<Substring> {
    #/
      (?i: <\s*/\s*(?:think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|analysis|cot|seed:think|inner_monologue)\s*> )
      | (?i: \[ / (?:THINK|THINKING|REASONING|THOUGHT) \] )
      | ◁/think▷
      | <\|(?:END_THINKING|end_of_thought|end_thinking|/think|/thinking)\|>
      | <\|channel\|>\s*final\s*(?:<\|message\|>)? | <channel\|> | assistantfinal
      | (?i: Here\ is\ my\ response: )
    /#
  }
}
