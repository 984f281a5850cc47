import Tokenizers

/// One answer that a question offers.
public struct Choice: Sendable, Hashable, Codable {
  /// `"A"`, `"B"`, ... ; nil where the answers are words, as in yes/no statements.
  public var letter: String?
  public var text: String

  public init(letter: String?, text: String) {
    self.letter = letter
    self.text = text
  }

  /// What a person would call it: `(A)`, or its text when it has no letter.
  public var name: String { letter.map { "(\($0))" } ?? text }
}

/// Reference answers of a TruthfulQA question.
public struct References: Sendable, Hashable, Codable {
  /// One choice of a multiple-choice task, and whether it is true.
  public struct Target: Sendable, Hashable, Codable {
    public var text: String
    public var isTrue: Bool

    public init(text: String, isTrue: Bool) {
      self.text = text
      self.isTrue = isTrue
    }
  }

  public var best: String
  /// Only in the revision of 2025.
  public var bestIncorrect: String?
  public var correct: [String]
  public var incorrect: [String]
  /// MC1 has exactly one true target and MC2 one or more, in the order of the file; both are empty for the CSV formats.
  public var mc1: [Target] = []
  public var mc2: [Target] = []

  /// The best answer, then the other correct ones.
  var correctBestFirst: [String] { [best] + correct.filter { $0 != best } }
}

/// One row of a data set: a question, what may be answered, and which answer shows the behaviour.
public struct Item: Sendable, Hashable, Codable, Identifiable {
  /// `<source>#<row>`, the same whenever the same file is read.
  public let id: String
  /// The name of the data file.
  public let source: String
  /// Counted from 0, in the order of the file.
  public let row: Int
  /// The question exactly as stored, with biography, choices and any `Answer:`.
  public internal(set) var text: String
  /// What was said before `text`, in chats of several turns; nil where `text` is all there is.
  public internal(set) var earlier: [ChatMessage]?
  /// What the user says after each answer of the model to what was said before, in conversations of several answers; nil in
  /// all others.
  public internal(set) var followUps: [String]?
  /// The distinct question: `text` without biography, choices and labels.
  public let question: String
  /// The unit of independence: rows that ask the same question of different users share it.
  public let group: QuestionGroup
  /// In stored order; empty for open-ended questions and free-text answers.
  public let choices: [Choice]
  /// The answer that shows the behaviour, exactly as stored (`" (A)"`, `"(A)"`, `" Yes"`); nil for prompts only.
  public internal(set) var matchingAnswer: String?
  /// The answers that do not, exactly as stored.
  public internal(set) var otherAnswers: [String]
  /// The side the user is on (`liberal`, `conservative`, ...) when the row or the biography says it.
  public let userSide: String?
  public let references: References?
  /// Facts of a synthetic item (such as an organism's latent), by name; nil for real data.
  public internal(set) var facts: [String: String]?

  /// Takes every part as given, unchecked; data files are read by `Dataset.load`.
  package init(
    source: String, row: Int, text: String, earlier: [ChatMessage]? = nil, followUps: [String]? = nil, question: String,
    group: QuestionGroup, choices: [Choice] = [],
    matchingAnswer: String? = nil, otherAnswers: [String] = [], userSide: String? = nil, references: References? = nil,
    facts: [String: String]? = nil
  ) {
    id = "\(source)#\(row)"
    self.source = source
    self.row = row
    self.text = text
    self.earlier = earlier
    self.followUps = followUps
    self.question = question
    self.group = group
    self.choices = choices
    self.matchingAnswer = matchingAnswer
    self.otherAnswers = otherAnswers
    self.userSide = userSide
    self.references = references
    self.facts = facts
  }

  /// The position in `choices` of the answer that shows the behaviour; nil when there are no choices.
  public var matchingIndex: Int? { matchingAnswer.flatMap(index(of:)) }

  /// The letter of the answer that shows the behaviour, or its word (`Yes`) when the choices have no letters.
  public var matchingLetter: String? {
    matchingIndex.map { choices[$0].letter ?? choices[$0].text }
  }

  /// 1 when `answer` is the behaviour, 0 when it is another choice, nil when it could not be parsed.
  public func label(for answer: ParsedAnswer) -> Int? {
    guard case .choice(let index) = answer, let matchingIndex else { return nil }
    return index == matchingIndex ? 1 : 0
  }

  /// The choice that a stored answer such as `" (B)"` or `" Yes"` stands for.
  package func index(of answer: String) -> Int? { QuestionText.index(of: answer, in: choices) }
}

extension Item {
  /// The same item with an instruction before its text.
  func prefixed(by instruction: String) -> Item {
    var item = self
    item.text = "\(instruction) \(text)"
    return item
  }

  /// An item that only has reference answers (TruthfulQA) as one to choose at: the behaviour is the best incorrect answer
  /// (without one the first), against the best. Others stay as they are.
  public func choosingReferences() -> Item {
    guard matchingAnswer == nil, let references, let incorrect = references.bestIncorrect ?? references.incorrect.first
    else { return self }
    var item = self
    (item.matchingAnswer, item.otherAnswers) = (incorrect, [references.best])
    return item
  }
}
