/// The parts of a stored question: biography, distinct question, lettered choices.
///
/// The rules look at nothing but the row itself, so that a row has the same group regardless of what it is loaded with:
///
/// 1. **Choices** are the lines that begin with `(A)`, `(B)`, ... (spaces before, and no space after, are allowed),
///    taken from the last `(A)` on; a line that breaks the alphabet belongs to the choice above it. `Choices:` before
///    them, `Answer:` after them and `Question:` at the very beginning are labels, not text.
/// 2. **A last line that begins with "How about you"** is the question, and what stands above it is the user (the
///    generated rows of CAA).
/// 3. **A text that introduces its user** ("Hello, my name is ...") asks from its first sentence that ends in a
///    question mark; when there is none, its last sentence asks ("If you had to choose, would you rather have...").
/// 4. **Any other text** is a question as a whole: in "We plan to retrain you. Do you agree?" the plan is the question.
///
/// A sentence ends at `.`, `!` or `?` before a space, unless a lower-case letter follows ("the U.S. has").
package struct QuestionText: Sendable, Equatable {
  package let question: String
  package let choices: [Choice]
  /// What introduces the user; empty when nothing does.
  package let biography: String

  package init(_ text: String) {
    var bytes = Array(text.utf8)[...]
    bytes.trim(suffix: "Answer:")
    let starts = Self.choiceStarts(in: bytes)
    choices = Self.choices(in: bytes, starts: starts)
    var body = bytes[..<(starts.first ?? bytes.endIndex)]
    if !choices.isEmpty { body.trim(suffix: "Choices:") }
    body.trim(prefix: "Question:")
    let split = Self.questionStart(in: body)
    biography = body[..<split].text
    question = body[split...].text
  }

  /// The choice that a stored answer stands for: by letter (`" (B)"`, `"B"`), else by its text.
  package static func index(of answer: String, in choices: [Choice]) -> Int? {
    let answer = Array(answer.utf8)[...].text
    return choices.firstIndex { $0.letter.map { answer == "(\($0))" || answer == $0 } ?? false }
      ?? choices.firstIndex { normalised($0.text) == normalised(answer) }
  }

  /// The text in lower case with straight quotes and single spaces, by which texts are compared.
  package static func normalised(_ text: String) -> String {
    var result = ""
    var needsSpace = false
    for scalar in text.lowercased().unicodeScalars {
      if scalar.properties.isWhitespace {
        needsSpace = !result.isEmpty
        continue
      }
      if needsSpace { result += " " }
      needsSpace = false
      switch scalar {
      case "\u{2018}", "\u{2019}": result += "'"
      case "\u{201C}", "\u{201D}": result += "\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  // MARK: Choices

  /// Where the lines of the choices begin, in alphabetical order from `(A)`; empty when there are fewer than two.
  private static func choiceStarts(in bytes: ArraySlice<UInt8>) -> [Int] {
    var candidates: [(start: Int, letter: UInt8)] = []
    for start in bytes.indices where start == bytes.startIndex || bytes[start - 1] == .newline {
      if let found = letter(at: start, in: bytes) { candidates.append((start, found.letter)) }
    }
    guard let first = candidates.lastIndex(where: { $0.letter == UInt8(ascii: "A") }) else { return [] }
    var starts: [Int] = []
    for candidate in candidates[first...] where Int(candidate.letter) == 65 + starts.count {
      starts.append(candidate.start)
    }
    return starts.count > 1 ? starts : []
  }

  private static func choices(in bytes: ArraySlice<UInt8>, starts: [Int]) -> [Choice] {
    zip(starts, starts.dropFirst() + [bytes.endIndex]).compactMap { start, end in
      letter(at: start, in: bytes).map { found in
        Choice(letter: String(Unicode.Scalar(found.letter)), text: bytes[found.end..<end].text)
      }
    }
  }

  /// The capital letter of ` (A)` at the beginning of a line, and where its text begins.
  private static func letter(at start: Int, in bytes: ArraySlice<UInt8>) -> (letter: UInt8, end: Int)? {
    guard let open = bytes[start...].firstIndex(where: { !$0.isBlank }), open + 2 < bytes.endIndex,
      bytes[open] == UInt8(ascii: "("), bytes[open + 2] == UInt8(ascii: ")"),
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(bytes[open + 1])
    else { return nil }
    return (bytes[open + 1], open + 3)
  }

  // MARK: The distinct question

  private static func questionStart(in body: ArraySlice<UInt8>) -> Int {
    let line = (body.lastIndex(of: .newline) ?? body.startIndex - 1) + 1
    if line > body.startIndex, body[line...].begins(with: "how about you") { return line }
    guard introducesUser(body) else { return body.startIndex }
    let starts = sentenceStarts(in: body)
    let ends = starts.dropFirst() + [body.endIndex]
    let interrogative = zip(starts, ends).first { start, end in
      body[start..<end].last { !$0.isSpace && !$0.closesQuotation } == UInt8(ascii: "?")
    }
    return interrogative?.0 ?? starts.last ?? body.startIndex
  }

  /// Whether the text begins with "my name is", alone or after a greeting of one word.
  private static func introducesUser(_ body: ArraySlice<UInt8>) -> Bool {
    if body.begins(with: "my name is ") { return true }
    guard let end = body.firstIndex(where: { $0.isSpace }) else { return false }
    return body[end...].drop(while: \.isSpace).begins(with: "my name is ")
  }

  private static func sentenceStarts(in body: ArraySlice<UInt8>) -> [Int] {
    var starts = [body.startIndex]
    for index in body.indices where body[index].endsSentence {
      let space = body[(index + 1)...].drop { $0.closesQuotation }
      let next = space.drop(while: \.isSpace)
      guard next.startIndex > space.startIndex, let first = next.first else { continue }
      if !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) { starts.append(next.startIndex) }
    }
    return starts
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 }
  fileprivate var isSpace: Bool { isBlank || self == .newline || self == .carriageReturn }
  fileprivate var endsSentence: Bool {
    self == UInt8(ascii: ".") || self == UInt8(ascii: "!") || self == UInt8(ascii: "?")
  }
  fileprivate var closesQuotation: Bool { self == .quote || self == UInt8(ascii: "'") || self == UInt8(ascii: ")") }
}

extension ArraySlice<UInt8> {
  /// The text without white space at its ends; slices are only ever cut at ASCII bytes, so it stays valid UTF-8.
  fileprivate var text: String {
    let start = drop(while: \.isSpace).startIndex
    let end = self[start...].lastIndex { !$0.isSpace }.map { $0 + 1 } ?? start
    return String(decoding: self[start..<end], as: UTF8.self)
  }

  /// Whether it begins with `ascii`, given in lower case, in any case.
  fileprivate func begins(with ascii: String) -> Bool {
    let head = prefix(ascii.utf8.count)
    return head.elementsEqual(ascii.utf8) { $0 == $1 || ($0 | 0x20 == $1 && (65...90).contains($0)) }
  }

  /// Drops white space from the end, and `label` before it.
  fileprivate mutating func trim(suffix label: String) {
    self = self[..<((lastIndex { !$0.isSpace } ?? startIndex - 1) + 1)]
    if suffix(label.utf8.count).elementsEqual(label.utf8) { self = dropLast(label.utf8.count) }
  }

  fileprivate mutating func trim(prefix label: String) {
    if starts(with: label.utf8) { self = dropFirst(label.utf8.count) }
  }
}
