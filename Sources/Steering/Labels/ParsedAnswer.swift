/// What a generated text answers.
public enum ParsedAnswer: Sendable, Hashable {
  /// The position of the choice in the item's choices.
  case choice(Int)
  case unparsable(UnparsableReason)
}

/// Why no choice could be read from a text.
public enum UnparsableReason: String, Sendable, CaseIterable, Codable {
  /// Nothing but white space.
  case empty
  /// The model declines to answer.
  case refusal
  /// Two different choices are named, or a letter and another choice's text.
  case ambiguous
  /// A choice is named only to be rejected ("not (A)"); that another is meant would be a guess.
  case rejected
  /// Reasoning begins and does not end: there is no answer yet.
  case unfinished
  /// The answer that is doubted was not the likelier one before: there was no right answer to leave.
  case wrongBefore = "wrong-before"
  /// None of the choices is named.
  case unrecognised
}
