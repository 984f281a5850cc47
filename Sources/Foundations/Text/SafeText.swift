import Foundation

/// Text of files, data sets and models on its way to a reader: a terminal, a page, a sentence.
package enum SafeText {
  /// No text of a page is longer, in characters.
  package static let longest = 12_000

  /// Text out of a file as a sentence can carry it: on one line and at most 80 characters long.
  package static func quoted(_ text: some StringProtocol) -> String {
    let start = text.prefix(80)
    let escaped = start.unicodeScalars.map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
      default: String(scalar)
      }
    }
    return escaped.joined() + (start.endIndex < text.endIndex ? "..." : "")
  }

  /// No message is longer, in characters.
  package static let longestSentence = 380

  /// A message as a terminal can show it: on one line, everything visible, no quotation and no word over 80 characters, and
  /// at most `longestSentence` characters long. What is longer loses its middle, since the place stands at the beginning and
  /// the remedy at the end.
  package static func sentence(_ text: String) -> String {
    let line = visible(text.split(whereSeparator: \.isNewline).joined(separator: " "))
    let quotes = line.components(separatedBy: "\"").enumerated().map { index, part in
      index % 2 == 1 && part.count > longestQuotation ? part.prefix(80) + "..." : part
    }
    let words: [String] = quotes.joined(separator: "\"").components(separatedBy: " ")
    let shown = words.map(shortened).joined(separator: " ")
    guard shown.count > longestSentence else { return shown }
    let gap = " ... "
    let end = (longestSentence - gap.count) / 2
    return shown.prefix(longestSentence - gap.count - end) + gap + shown.suffix(end)
  }

  /// 80 characters, with the points that say that there are more.
  private static let longestQuotation = 83
  private static let longestPath = 160

  /// A path keeps its end, where the file's name is; any other word its beginning.
  private static func shortened(_ word: String) -> String {
    if word.contains("/") { return word.count > longestPath ? "..." + word.suffix(longestPath - 3) : word }
    return word.count > longestQuotation + 5 ? word.prefix(80) + "..." : word
  }

  /// Text whose every character shows: control characters as their pictures (U+2400 ...), characters that would reorder
  /// or hide others by their number. Line breaks and tabs stay. What is longer than `limit` characters is cut, with a
  /// note that says so.
  package static func visible(_ text: String, limit: Int = .max) -> String {
    guard text.utf8.count > limit || text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
    let start = text.prefix(limit)
    let shown = start.unicodeScalars.contains(where: isHidden) ? pictures(start.unicodeScalars) : String(start)
    guard start.endIndex < text.endIndex else { return shown }
    return shown + " [\(text[start.endIndex...].count) more characters are in telltale.sqlite]"
  }

  private static func pictures(_ scalars: Substring.UnicodeScalarView) -> String {
    var result = ""
    for scalar in scalars {
      switch scalar.value {
      case _ where !isHidden(scalar): result.unicodeScalars.append(scalar)
      case 0..<0x20: result.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value) ?? scalar)
      case 0x7F: result += "\u{2421}"
      default: result += "\u{27E8}U+\(String(scalar.value, radix: 16, uppercase: true))\u{27E9}"
      }
    }
    return result
  }

  /// Whether a reader would not see the character, or see others turned round by it; line feeds and tabs are seen.
  package static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
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
