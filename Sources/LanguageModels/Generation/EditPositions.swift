/// Which tokens of a prompt and its continuation an edit changes. The rule is resolved for every sequence by itself.
public enum EditPositions: String, Sendable, CaseIterable {
  case all
  /// The last prompt token and every later one.
  case fromPromptEnd = "from-prompt-end"
  /// Every token after the prompt.
  case generated
  /// The prompt's tokens only.
  case prompt
  /// Only the first generated token.
  case firstGenerated = "first-generated"
  /// As LM-exp did it: once on the prompt, twice after it.
  case legacyDouble = "legacy-double"

  /// How often the edit is applied to prompt token `position` of `length`.
  func times(promptPosition position: Int, of length: Int) -> Int {
    switch self {
    case .all, .prompt, .legacyDouble: 1
    case .fromPromptEnd: position == length - 1 ? 1 : 0
    case .generated, .firstGenerated: 0
    }
  }

  /// How often the edit is applied to the generated token number `index`, counted from 0.
  func times(generated index: Int) -> Int {
    switch self {
    case .all, .fromPromptEnd, .generated: 1
    case .prompt: 0
    case .firstGenerated: index == 0 ? 1 : 0
    case .legacyDouble: 2
    }
  }

  /// How often the edit is applied to token `position` of a sequence whose first `promptLength` tokens are its prompt.
  func times(position: Int, promptLength: Int) -> Int {
    position < promptLength
      ? times(promptPosition: position, of: promptLength) : times(generated: position - promptLength)
  }
}
