/// Text on its way into a table that a spreadsheet may open, and back.
///
/// A spreadsheet computes a field that begins with `=`, `+`, `-` or `@`, and a terminal obeys escape characters. So such a
/// field gets an apostrophe before it (the mark of plain text in spreadsheets), and characters that do not show or that
/// turn the direction of writing become their numbers, as in `⟨U+202E⟩`. What a text of these forms was before can be told,
/// so that `restored(escaped(text)) == text` for every text. Numbers stay as they are.
package enum SheetText {
  private static let opening: Unicode.Scalar = "\u{27E8}"
  private static let closing: Unicode.Scalar = "\u{27E9}"
  /// With their full-width forms, and what some programs skip before them.
  private static let triggers = Set<Unicode.Scalar>([
    "=", "+", "-", "@", "\t", "\r", "\n", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}",
  ])

  package static func escaped(_ text: String) -> String {
    guard mayNeedEscapes(text) else { return text }
    let shown = needsNumbers(text) ? numbered(text) : text
    return isComputed(shown) && !isNumber(shown) ? "'" + shown : shown
  }

  package static func restored(_ text: String) -> String {
    let plain = text.hasPrefix("'") && isComputed(text) && !isNumber(text) ? String(text.dropFirst()) : text
    return plain.unicodeScalars.contains(opening) ? unnumbered(plain) : plain
  }

  /// The quick answer for nearly all fields: plain ASCII that begins with nothing special.
  private static func mayNeedEscapes(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return false }
    return "=+-@'".utf8.contains(first) || text.utf8.contains { $0 < 0x20 || $0 >= 0x7F }
  }

  /// Whether a spreadsheet would compute it, apostrophes before it left out.
  private static func isComputed(_ text: String) -> Bool {
    text.unicodeScalars.first { $0 != "'" }.map(triggers.contains) ?? false
  }

  private static func isNumber(_ text: String) -> Bool {
    guard Double(text) != nil else { return false }
    return text.hasSuffix("inf") || text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
  }

  // MARK: Characters as numbers

  private static func needsNumbers(_ text: String) -> Bool {
    text.unicodeScalars.contains { isHidden($0) || $0 == opening }
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "\r" && SafeText.isHidden(scalar)
  }

  private static func numbered(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      // An opening bracket that could be mistaken for one of ours is numbered too.
      let isAmbiguous = scalar == opening && scalars[(index + 1)...].prefix(2).elementsEqual(["U", "+"])
      if isHidden(scalar) || isAmbiguous {
        result += "\u{27E8}U+\(String(scalar.value, radix: 16, uppercase: true))\u{27E9}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func unnumbered(_ text: String) -> String {
    var rest = Array(text.unicodeScalars)[...]
    var result = ""
    while let scalar = rest.popFirst() {
      if scalar == opening, let found = number(rest) {
        result.unicodeScalars.append(found.scalar)
        rest = rest.dropFirst(found.length)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The character whose number follows an opening bracket, and how long that is; nil where none does.
  private static func number(_ rest: ArraySlice<Unicode.Scalar>) -> (scalar: Unicode.Scalar, length: Int)? {
    guard rest.starts(with: ["U", "+"]), let end = rest.prefix(10).firstIndex(of: closing) else { return nil }
    let digits = String(String.UnicodeScalarView(rest[(rest.startIndex + 2)..<end]))
    guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, end - rest.startIndex + 1)
  }
}
