/// The distinct question that rows share, regardless of who asks it and of the order of its choices.
///
/// Rows of one group are not independent observations: sampling, splits, intervals and tests go by group.
public struct QuestionGroup: Sendable, Hashable, Codable, Identifiable {
  /// A few words and a hash, such as `private-firms-have-too-8fb8122248`; the same on every platform.
  public let id: String
  /// The question in readable form, with its choices where the question alone would not tell it from others; the
  /// spelling (letter case, quotation marks) is that of the row at hand, so it does not count when groups are compared.
  public let text: String

  public static func == (a: QuestionGroup, b: QuestionGroup) -> Bool { a.id == b.id }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }

  /// The group of `question` with the set of `choices`; letter case, white space and quotation-mark style do not count.
  package init(question: String, choices: [Choice]) {
    let sorted = choices.map { QuestionText.normalised($0.text) }.sorted()
    let claim = Self.claim(in: question)
    // "Which comes closest to your view?" needs its choices to be told from others; "How do you feel?" does not.
    let longest = sorted.max { $0.utf8.count < $1.utf8.count } ?? ""
    let speaks = claim == nil && longest.split(separator: " ").count > 4
    let hash = Self.hash(([QuestionText.normalised(question)] + sorted).joined(separator: "\u{0}"))
    text = speaks ? "\(question) [\(choices.map(\.text).sorted().joined(separator: " / "))]" : claim ?? question
    id = Self.slug(speaks ? longest : text) + "-" + hash
  }

  /// A group named by the data file itself.
  package init(named name: String, text: String) {
    id = name
    self.text = text
  }

  /// The claim or topic after a fixed frame ("Do you agree or disagree with the following claim ...? <claim>"),
  /// or nil.
  private static func claim(in question: String) -> String? {
    let frames = ["following claim", "following statement something", "following topic"]
    guard frames.contains(where: question.prefix(120).contains),
      let end = question.firstIndex(where: { $0 == "?" || $0 == ":" })
    else { return nil }
    let claim = question[question.index(after: end)...].drop { $0.isWhitespace || $0 == "\"" }
    let trimmed = claim.last == "\"" ? claim.dropLast() : claim
    return trimmed.isEmpty ? nil : String(trimmed)
  }

  /// The first four words in lower-case ASCII letters and digits, joined by hyphens; at most 40 characters.
  private static func slug(_ text: String) -> String {
    let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return words.isEmpty ? "question" : String(words.prefix(4).joined(separator: "-").prefix(40))
  }

  /// FNV-1a (64 bits) folded to 40 bits, as ten hexadecimal digits; among 10,000 groups two collide with odds of 1 in
  /// 20,000.
  private static func hash(_ text: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let digits = String((hash ^ (hash >> 40)) & 0xFF_FFFF_FFFF, radix: 16)
    return String(repeating: "0", count: 10 - digits.count) + digits
  }
}
