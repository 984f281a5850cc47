/// Text whose every character shows: control characters as their pictures (U+2400 ...), characters that would reorder or
/// hide others by their number. Line breaks and tabs stay.
enum VisibleText {
  static func of(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { isHidden($0) }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case _ where !isHidden(scalar): result.unicodeScalars.append(scalar)
      case 0..<0x20: result.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? scalar)
      case 0x7F: result += "\u{2421}"
      default: result += "\u{27E8}U+\(String(scalar.value, radix: 16, uppercase: true))\u{27E9}"
      }
    }
    return result
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0: true
    // Marks that turn the direction of what follows, and separators that browsers do not draw.
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    case 0xE0000...0xE007F: true
    default: false
    }
  }
}
