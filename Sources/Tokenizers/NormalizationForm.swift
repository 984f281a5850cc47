/// The four Unicode normalisation forms (UAX #15), with the alignment to the original text kept.
///
/// Composition and reordering mix neighbouring scalars, so the alignment is kept per segment: a stretch that
/// normalises on its own. All scalars of a segment that changed carry the whole segment's range.
package enum NormalizationForm: String, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  func apply(to text: AlignedText) -> AlignedText {
    if isInert(text) { return text }
    var mappings = UnicodeMappings(isCompatibility: self == .nfkc || self == .nfkd)
    var result: [AlignedScalar] = []
    result.reserveCapacity(text.count)
    var start = text.startIndex
    while start < text.endIndex {
      var end = start + 1
      while end < text.endIndex, !isBoundary(before: text[end].scalar) { end += 1 }
      append(text[start..<end], to: &result, &mappings)
      start = end
    }
    return result[...]
  }

  private func append(_ segment: AlignedText, to result: inout [AlignedScalar], _ mappings: inout UnicodeMappings) {
    if isInert(segment) {
      result += segment
      return
    }
    let decomposed = mappings.decompose(segment.lazy.map(\.scalar))
    let normalized = self == .nfc || self == .nfkc ? mappings.compose(decomposed) : decomposed
    if normalized.elementsEqual(segment.lazy.map(\.scalar)) {
      result += segment
    } else {
      let range = segment.originalRange
      result += normalized.map { AlignedScalar($0, range.lowerBound, range.upperBound) }
    }
  }

  /// Whether the text is certainly unchanged, found without normalising it.
  private func isInert(_ text: AlignedText) -> Bool {
    let isSingle = text.count == 1
    return text.allSatisfy { aligned in
      switch aligned.scalar.value {
      case 0..<0x80: true
      case 0x80..<0x300: self == .nfc
      // Ideographs are unchanged in every form, Hangul syllables are composed already but take up a following jamo.
      case 0x3400..<0xA000: true
      case 0xAC00..<0xD7A4: self == .nfc && isSingle
      default: false
      }
    }
  }

  /// Whether a segment can begin with the scalar: whether it never combines with or moves before what precedes it.
  private func isBoundary(before scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x300: return true
    // Vowel and final jamo, their compatibility and half-width forms, and the half-width voicing marks.
    case 0x1160..<0x1200, 0x3131..<0x318F, 0xFF9E...0xFF9F, 0xFFA0..<0xFFDD: return false
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return false
    default: return scalar.properties.canonicalCombiningClass == .notReordered
    }
  }
}
