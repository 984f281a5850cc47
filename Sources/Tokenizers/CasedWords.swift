extension WordScanner {
  /// `P?U*L+C?|P?U+L*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+` with P `[^\r\n\p{L}\p{N}]`, U
  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, L `[\p{Ll}\p{Lm}\p{Lo}\p{M}]` and C a contraction in any case.
  func endOfCasedWord(at start: Int) -> Int {
    for match in [lowerEnd, upperEnd] {
      // What may come before the letters is taken first, and given back where no letters follow.
      if isPrefix(start), let end = match(start + 1) { return withContraction(end) }
      if let end = match(start) { return withContraction(end) }
    }
    if ScalarClass(text[start].scalar) == .number { return run(of: .number, from: start, atMost: 3) }
    return symbols(at: start, slashes: true) ?? lineEnds(at: start) ?? whiteSpace(at: start)
  }

  private func isPrefix(_ index: Int) -> Bool {
    guard !isLineEnd(index) else { return false }
    switch ScalarClass(text[index].scalar) {
    case .letter, .number: return false
    case .space, .other: return true
    }
  }

  /// The end of `U*L+` from `start` on; nil where there is none.
  private func lowerEnd(_ start: Int) -> Int? {
    let upper = end(from: start) { $0.isUpper }
    if upper < text.endIndex, LetterCase(text[upper].scalar).isLower { return end(from: upper) { $0.isLower } }
    // `U*` gives back up to its last scalar that is also one of L.
    return (start..<upper).last { LetterCase(text[$0].scalar).isLower }.map { $0 + 1 }
  }

  /// The end of `U+L*`; nil where there is none.
  private func upperEnd(_ start: Int) -> Int? {
    let upper = end(from: start) { $0.isUpper }
    return upper == start ? nil : end(from: upper) { $0.isLower }
  }

  private func end(from start: Int, while holds: (LetterCase) -> Bool) -> Int {
    var end = start
    while end < text.endIndex, holds(LetterCase(text[end].scalar)) { end += 1 }
    return end
  }

  private func withContraction(_ end: Int) -> Int {
    guard end < text.endIndex else { return end }
    return contraction(at: end, ignoringCase: true) ?? end
  }
}

/// What the pattern tells apart among letters and marks.
private enum LetterCase {
  case upper
  case lower
  /// Letters without case, and marks: both.
  case either
  case neither

  var isUpper: Bool { self == .upper || self == .either }
  var isLower: Bool { self == .lower || self == .either }

  init(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x41...0x5A: self = .upper
    case 0x61...0x7A: self = .lower
    case 0..<0x80: self = .neither
    default:
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .titlecaseLetter: self = .upper
      case .lowercaseLetter: self = .lower
      case .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark: self = .either
      default: self = .neither
      }
    }
  }
}
