/// The regular expressions with which byte-level tokenizers cut text into words, written by hand as scanners.
///
/// Oniguruma, which the reference implementation uses, takes alternatives in order and runs greedily; each scanner
/// tries the same alternatives in the same order. Every scalar is a letter, a number, white space or other, so that a
/// word is found at every place and the words cover the text.
package enum SplitPattern: Sendable {
  case gpt2
  case llama3
  case qwen2

  /// The pattern with this source text, nil for one that has no scanner.
  init?(regularExpression: String) {
    switch regularExpression {
    case Self.gpt2Expression: self = .gpt2
    case Self.modernExpression(digits: #"\p{N}{1,3}"#): self = .llama3
    case Self.modernExpression(digits: #"\p{N}"#): self = .qwen2
    default: return nil
    }
  }

  private static let gpt2Expression =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  private static func modernExpression(digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The words of the text, which they cover without gaps.
  func words(in text: AlignedText) -> [Range<Int>] {
    let scanner = WordScanner(text)
    var words: [Range<Int>] = []
    words.reserveCapacity(text.count / 4)
    var start = text.startIndex
    while start < text.endIndex {
      let end = self == .gpt2 ? scanner.endOfGPT2Word(at: start) : scanner.endOfModernWord(at: start, digits: digits)
      words.append(start..<end)
      start = end
    }
    return words
  }

  /// How many digits a number may have before it is cut.
  private var digits: Int { self == .llama3 ? 3 : 1 }
}

/// The alternatives of the split patterns, one function each: the end of the match at a place, nil if there is none.
private struct WordScanner {
  private let text: AlignedText

  init(_ text: AlignedText) {
    self.text = text
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  func endOfGPT2Word(at start: Int) -> Int {
    if let end = contraction(at: start, ignoringCase: false) { return end }
    let body = text[start].scalar == " " ? start + 1 : start
    if body < text.endIndex {
      let kind = ScalarClass(text[body].scalar)
      if kind != .space { return run(of: kind, from: body) }
    }
    return whiteSpace(at: start)
  }

  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|`
  /// `\s+(?!\S)|\s+`
  func endOfModernWord(at start: Int, digits: Int) -> Int {
    if let end = contraction(at: start, ignoringCase: true) { return end }
    let kind = ScalarClass(text[start].scalar)
    if kind == .letter { return run(of: .letter, from: start) }
    if kind == .number { return run(of: .number, from: start, atMost: digits) }
    if !isLineEnd(start), start + 1 < text.endIndex, ScalarClass(text[start + 1].scalar) == .letter {
      return run(of: .letter, from: start + 1)
    }
    return symbols(at: start) ?? lineEnds(at: start) ?? whiteSpace(at: start)
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`; without regard to case the long s counts as an s.
  private func contraction(at start: Int, ignoringCase: Bool) -> Int? {
    guard text[start].scalar == "'", start + 1 < text.endIndex else { return nil }
    switch folded(start + 1, ignoringCase) {
    case "s", "t", "m", "d": return start + 2
    case "r", "v": return folded(start + 2, ignoringCase) == "e" ? start + 3 : nil
    case "l": return folded(start + 2, ignoringCase) == "l" ? start + 3 : nil
    default: return nil
    }
  }

  private func folded(_ index: Int, _ ignoringCase: Bool) -> Unicode.Scalar? {
    guard index < text.endIndex else { return nil }
    let scalar = text[index].scalar
    switch scalar {
    case "A"..."Z" where ignoringCase: return Unicode.Scalar(scalar.value + 32)
    case "\u{17F}" where ignoringCase: return "s"
    default: return scalar
    }
  }

  /// ` ?[^\s\p{L}\p{N}]+[\r\n]*`
  private func symbols(at start: Int) -> Int? {
    let body = text[start].scalar == " " ? start + 1 : start
    guard body < text.endIndex, ScalarClass(text[body].scalar) == .other else { return nil }
    var end = run(of: .other, from: body)
    while end < text.endIndex, isLineEnd(end) { end += 1 }
    return end
  }

  /// `\s*[\r\n]+`: white space up to and with the last line end in it.
  private func lineEnds(at start: Int) -> Int? {
    let end = run(of: .space, from: start)
    guard let last = (start..<end).last(where: isLineEnd) else { return nil }
    return last + 1
  }

  /// `\s+(?!\S)|\s+`: white space, leaving the last scalar of it to a word that follows.
  private func whiteSpace(at start: Int) -> Int {
    let end = run(of: .space, from: start)
    return end == text.endIndex || end == start + 1 ? end : end - 1
  }

  private func run(of kind: ScalarClass, from start: Int, atMost limit: Int = .max) -> Int {
    let bound = limit < text.endIndex - start ? start + limit : text.endIndex
    var end = start
    while end < bound, ScalarClass(text[end].scalar) == kind { end += 1 }
    return end
  }

  private func isLineEnd(_ index: Int) -> Bool {
    text[index].scalar == "\n" || text[index].scalar == "\r"
  }
}

/// The classes that the patterns tell apart: `\p{L}`, `\p{N}`, `\s` and the rest.
private enum ScalarClass {
  case letter
  case number
  case space
  case other

  init(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x41...0x5A, 0x61...0x7A: self = .letter
    case 0x30...0x39: self = .number
    case 0x09...0x0D, 0x20: self = .space
    case 0..<0x80: self = .other
    case 0x4E00..<0x9FFD: self = .letter
    default: self.init(beyondASCII: scalar.properties)
    }
  }

  private init(beyondASCII properties: Unicode.Scalar.Properties) {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
    case .decimalNumber, .letterNumber, .otherNumber: self = .number
    default: self = properties.isWhitespace ? .space : .other
    }
  }
}
