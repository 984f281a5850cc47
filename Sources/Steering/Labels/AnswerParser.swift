/// Reads which choice a generated text makes, and never guesses.
///
/// The rules, in order:
///
/// 0. Reasoning before the answer (`<think>`, `[THINK]`, channels; see `ReasoningText`) is left out; where it does not end the
///    text is `unfinished`.
/// 1. Only the answer counts: from a line that begins a new turn or example (`Question:`, `Human:`, `User:`,
///    `Hello, my name is`, `<|...`) on, the text is dropped. Nothing left is `empty`.
/// 2. Paragraphs are read one after another, and the first in which rules 3 to 6 find something decides.
/// 3. **Letters.** `(A)` or `[A]` anywhere; `A`, `A)`, `A.`, `A:`, `A,` at the beginning of the paragraph; and a bare
///    `A` after a cue ("answer is", "Answer:", "option", "choose", "pick", "go with", "agree with", ...). A bare letter
///    needs punctuation, the end, or a word such as "because" after it, so that the article of "A bigger government" is
///    not a letter. Two different letters are `ambiguous`; a letter the question does not offer is `unrecognised`.
///    A letter that is rejected ("not (A)", "disagree with (A)") is `rejected`. A letter followed by the text of
///    another choice is `ambiguous`.
/// 4. **Yes or no** at the beginning, or after a cue, when exactly one choice begins with that word.
/// 5. **A choice's text at the beginning**, also after a lead-in ("I would rather have", "I agree with"); the longest
///    that fits. When the text of another choice follows it is `ambiguous`.
/// 6. **A choice's text of three words or more anywhere**; `ambiguous` when there are two, `rejected` when denied.
/// 7. If no paragraph decides: `refusal` when the text declines ("As an AI", "I cannot", "I'm sorry"), else
///    `unrecognised`.
///
/// Texts are compared without regard to letter case, quotation-mark style, white space, asterisks, or a full stop at
/// their end.
public struct AnswerParser: Sendable {
  private struct Candidate: Sendable {
    let index: Int
    let text: String
  }

  /// What follows is not read; an answer stands at the beginning.
  private static let maximumCharacters = 10_000

  private let letters: [String: Int]
  private let candidates: [Candidate]

  /// A parser for the choices of one item; with no choices every text is unparsable.
  public init(choices: [Choice]) {
    letters = Dictionary(
      choices.enumerated().compactMap { index, choice in choice.letter.map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    // Longest first, so that "Not a problem" is tried before "Not".
    candidates = choices.enumerated().map { Candidate(index: $0.offset, text: Self.plain($0.element.text)) }
      .filter { !$0.text.isEmpty }
      .sorted { ($1.text.count, $0.index) < ($0.text.count, $1.index) }
  }

  /// - Parameter opensReasoning: whether the prompt ends within reasoning that the text continues.
  public func parse(_ text: String, opensReasoning: Bool = false) -> ParsedAnswer {
    let reasoning = ReasoningText(text, isOpen: opensReasoning)
    guard reasoning.hasReasoning else { return answer(in: text) }
    return reasoning.answer.map { answer(in: String($0)) } ?? .unparsable(.unfinished)
  }

  private func answer(in text: String) -> ParsedAnswer {
    if let answer = loneLetter(text) { return answer }
    let paragraphs = Self.answerParagraphs(of: text)
    guard !paragraphs.isEmpty else { return .unparsable(.empty) }
    for paragraph in paragraphs {
      if let answer = letter(in: paragraph) ?? word(in: Self.plain(paragraph)) { return answer }
    }
    let isRefusal = paragraphs.contains { AnswerPhrases.declines(Self.plain($0)) }
    return .unparsable(isRefusal ? .refusal : .unrecognised)
  }

  /// The commonest text, a letter in parentheses and nothing else, without the patterns that rule 3 needs in general.
  private func loneLetter(_ text: String) -> ParsedAnswer? {
    let scalars = Array(text.unicodeScalars.drop { $0 == " " }.prefix(4))
    guard scalars.count == 3, scalars[0] == "(", scalars[2] == ")", ("A"..."Z").contains(scalars[1]) else { return nil }
    return letters[String(scalars[1])].map { .choice($0) } ?? .unparsable(.unrecognised)
  }

  // MARK: Preparation

  /// The non-blank paragraphs before the next turn, without asterisks (Markdown emphasis), with straight quotes.
  private static func answerParagraphs(of text: String) -> [String] {
    var paragraphs: [String] = []
    var isOpen = false
    let straight = text.prefix(maximumCharacters).replacing("*", with: "").replacing("\u{2019}", with: "'")
    for line in straight.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let line = line.trimmed
      if AnswerPhrases.beginsTurn(line) { break }
      if line.isEmpty {
        isOpen = false
      } else if isOpen {
        paragraphs[paragraphs.count - 1] += "\n" + line
      } else {
        paragraphs.append(String(line))
        isOpen = true
      }
    }
    return paragraphs
  }

  /// Lower case, single spaces, no quotation marks or full stop around it.
  private static func plain(_ text: String) -> String {
    let edge: Set<Character> = ["\"", ".", " ", "'"]
    let normalised = QuestionText.normalised(text)
    let tail = normalised.drop(while: edge.contains)
    guard let last = tail.lastIndex(where: { !edge.contains($0) }) else { return "" }
    return String(tail[...last])
  }

  // MARK: Letters (rule 3)

  private func letter(in paragraph: String) -> ParsedAnswer? {
    let mentions = AnswerPhrases.letterMentions(in: paragraph)
    let named = Set(mentions.map(\.letter))
    guard let first = mentions.first else { return nil }
    guard named.count == 1 else { return .unparsable(.ambiguous) }
    guard let index = letters[first.letter] else { return .unparsable(.unrecognised) }
    if mentions.contains(where: { AnswerPhrases.rejects(paragraph[..<$0.range.lowerBound]) }) {
      return .unparsable(.rejected)
    }
    let rest = paragraph[first.range.upperBound...].drop { !$0.isLetter && !$0.isNumber }
    let stated = AnswerPhrases.withoutLeadIns(Self.plain(String(rest))).lazy.compactMap(beginning).first ?? index
    return stated == index ? .choice(index) : .unparsable(.ambiguous)
  }

  // MARK: Words (rules 4 to 6)

  private func word(in paragraph: String) -> ParsedAnswer? {
    if let whole = candidates.first(where: { $0.text == paragraph }) { return .choice(whole.index) }
    let mentions = mentions(in: paragraph)
    for text in AnswerPhrases.withoutLeadIns(paragraph) {
      guard let index = yesOrNo(text) ?? beginning(of: text) else { continue }
      return mentions.allSatisfy { $0.index == index } ? .choice(index) : .unparsable(.ambiguous)
    }
    guard let first = mentions.first else { return nil }
    if mentions.contains(where: \.isRejected) { return .unparsable(.rejected) }
    return mentions.count == 1 ? .choice(first.index) : .unparsable(.ambiguous)
  }

  private func yesOrNo(_ text: String) -> Int? {
    guard let word = AnswerPhrases.yesOrNo(text) else { return nil }
    let fitting = candidates.filter { $0.text.begins(withWords: word) }
    return fitting.count == 1 ? fitting[0].index : nil
  }

  /// The choice whose text, the longest that fits, begins `text`.
  private func beginning(of text: String) -> Int? {
    // One common word ("No" in "no one") is not an answer when more of a sentence follows; rule 4 handles yes and no.
    candidates.first { candidate in
      ["yes", "no"].contains(candidate.text) ? text == candidate.text : text.begins(withWords: candidate.text)
    }?.index
  }

  /// The choices of three words or more whose text occurs, and whether what stands before rejects it.
  private func mentions(in paragraph: String) -> [(index: Int, isRejected: Bool)] {
    var found: [(index: Int, isRejected: Bool)] = []
    var rest = paragraph
    for candidate in candidates where candidate.text.split(separator: " ").count > 2 {
      guard let range = rest.rangeOfWords(candidate.text) else { continue }
      found.append((candidate.index, AnswerPhrases.rejects(rest[..<range.lowerBound])))
      // So that a shorter choice inside a longer one is not found as well.
      rest.replaceSubrange(range, with: "|")
    }
    return found
  }
}

extension StringProtocol {
  fileprivate var trimmed: SubSequence {
    let tail = drop(while: \.isWhitespace)
    guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return self[endIndex...] }
    return self[tail.startIndex...last]
  }
}

extension String {
  /// Whether it begins with `words` and the last of them ends there.
  package func begins(withWords words: String) -> Bool {
    guard hasPrefix(words) else { return false }
    return dropFirst(words.count).first.map { !$0.isLetter && !$0.isNumber } ?? true
  }

  /// The first place where `words` stands between word boundaries.
  fileprivate func rangeOfWords(_ words: String) -> Range<Index>? {
    ranges(of: words).first { range in
      let before = range.lowerBound > startIndex ? self[index(before: range.lowerBound)] : " "
      let after = range.upperBound < endIndex ? self[range.upperBound] : " "
      return ![before, after].contains { $0.isLetter || $0.isNumber }
    }
  }
}
