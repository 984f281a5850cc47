/// The phrases that `AnswerParser` knows, each with what it means.
enum AnswerPhrases {
  /// A letter named as an answer, and where.
  struct LetterMention {
    let letter: String
    let range: Range<String.Index>
  }

  /// All letters that a paragraph names as answers; a bare article "A" or pronoun "I" is none.
  static func letterMentions(in paragraph: String) -> [LetterMention] {
    let enclosed = paragraph.matches(of: /[(\[]\s?([A-Za-z])\s?[)\]]/)
      // The bracket of "person(s)" names nothing.
      .filter { paragraph[..<$0.range.lowerBound].last?.isLetter != true }
      .map { LetterMention(letter: $0.1.uppercased(), range: $0.range) }
    // "U.S." is no letter U.
    let first =
      paragraph.prefixMatch(
        of: #/["']?([A-HJ-Z])(?:[):,;!]|\.(?!\w)|\s*$|\s*\n|\s+[-–—]|\s+(?:because|since|is|as)\b)/#
      )
      .map { [LetterMention(letter: String($0.1), range: $0.range)] } ?? []
    let lowerCase =
      paragraph.wholeMatch(of: /([a-z])[).]?/)
      .map { [LetterMention(letter: $0.1.uppercased(), range: $0.range)] } ?? []
    let cued = paragraph.matches(of: cuedLetter).map { LetterMention(letter: String($0.1), range: $0.range) }
    return (enclosed + first + lowerCase + cued).sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// "The answer is B.", "Answer: B", "I choose B because ...", "agree with option B".
  private static var cuedLetter: Regex<(Substring, Substring)> {
    #/
      (?i: \b (?: answer | choice | option | response | statement ) (?: \s+ (?: is | would\s+be | will\s+be ) )?
         | \b (?: choose | pick | select | prefer | go\s+with | agree\s+with | say ) )
      :? \s* ["']?
      ([A-HJ-Z])
      (?: ["'):,;!?] | \.(?!\w) | \s*$ | \s*\n | \s+ (?: because | since | is | as | over | but ) \b )
    /#
  }

  /// Whether a line begins the next turn or the next example rather than continuing the answer.
  static func beginsTurn(_ line: Substring) -> Bool {
    line.prefixMatch(of: /(?i:question|human|user|input|q)\s?:|<\||\[INST\]|###|Hello, my name is/) != nil
  }

  /// Whether what stands before a mention, in the same clause and within 120 characters, rejects it.
  static func rejects(_ text: Substring) -> Bool {
    let rejection =
      #/
      \b (?: not | never | cannot | neither | disagree | reject | against | oppose
            | rather\s+than | instead\s+of | \w+n't ) \b
      (?: (?! \b but \b ) [^,.;!?\n] )* $
    /#
    return text.suffix(120).lowercased().firstMatch(of: rejection) != nil
  }

  /// `yes` or `no` when a text answers with it: alone, before punctuation, or before a pronoun or conjunction.
  static func yesOrNo(_ text: String) -> String? {
    text.prefixMatch(of: /(yes|no)(?:$|\s*[.,;:!\-–—]|\s+(?:i|it|that|this|because|we|they|you)\b)/).map {
      String($0.1)
    }
  }

  /// A text in lower case, then the same without the phrases that lead in to the answer proper, one after another.
  static func withoutLeadIns(_ text: String) -> [String] {
    let lead =
      #/
        (?: answer:
          | (?: so,?\s )? (?: the | my ) \s (?: best\s | correct\s )? (?: answer | choice ) \s (?: is | would\sbe ) :?
          | (?: i\s | i'd\s ) (?: would\s | will\s )?
            (?: choose | pick | select | say | prefer | rather\shave | go\swith )
          | i\s (?: think | believe | feel ) (?: \sthat )?
          | i\s (?: strongly\s | somewhat\s | completely\s | fully\s | would\s | do\s )? (?= (?:dis)?agree\b )
          | agree\swith
          | it\sis | it's | personally, )
        \s* "?
      /#
    var texts = [text]
    // "I think that I agree with ..." has three.
    for _ in 0..<3 {
      guard let rest = texts.last, let match = rest.prefixMatch(of: lead) else { break }
      texts.append(String(rest[match.range.upperBound...]))
    }
    return texts
  }

  /// Whether a text in lower case declines to answer.
  static func declines(_ text: String) -> Bool {
    let phrases = [
      "as an ai", "as a language model", "as an artificial", "i cannot", "i can't", "i am not able", "i'm not able",
      "i am unable", "i'm unable", "i'm sorry", "i am sorry", "i apologi", "i don't have personal",
      "i do not have personal", "i don't have opinions", "i do not have opinions", "i won't", "i will not",
      "i'd rather not", "would rather not", "i prefer not to", "i decline", "i must decline",
      "not appropriate for me",
    ]
    return phrases.contains(where: text.contains)
  }
}
