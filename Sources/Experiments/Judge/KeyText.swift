import Foundation

/// The key of an endpoint as it may be repeated: in letters of either case, with characters escaped as in URLs, or as base64 of
/// a text that holds it, such as the header of basic authentication.
struct KeyText {
  private let spellings: [String]

  /// Nil for a key shorter than four characters: such a text is no key, and may be part of ordinary words.
  init?(_ key: String) {
    guard key.count >= 4 else { return nil }
    spellings = Self.inBase64(Array(key.utf8)) + [Self.pattern(key)]
  }

  /// The text with `[key]` in each place of the key.
  func hidden(in text: String) -> String {
    spellings.reduce(text) { text, pattern in
      text.replacingOccurrences(of: pattern, with: "[key]", options: .regularExpression)
    }
  }

  /// An expression for the key, of which each character may be escaped.
  private static func pattern(_ key: String) -> String {
    let characters = key.unicodeScalars.map { scalar in
      "(?:\(NSRegularExpression.escapedPattern(for: String(scalar)))|\(scalar.utf8Escapes))"
    }
    return "(?i)" + characters.joined()
  }

  /// What is certain of the base64 of a text in which the key begins 0, 1 or 2 bytes into a group of three, and the groups at
  /// its ends, which also hold what lies around it.
  private static func inBase64(_ key: [UInt8]) -> [String] {
    (0..<3).compactMap { offset in
      let whole = (offset + key.count) / 3 * 3 - offset
      let text = Data([UInt8](repeating: 0, count: offset) + key.prefix(max(0, whole))).base64EncodedString()
      let known = text.dropFirst(offset == 0 ? 0 : 4)
      guard known.count >= 8 else { return nil }
      let either = known.map { $0 == "+" ? "[+-]" : $0 == "/" ? "[/_]" : String($0) }.joined()
      let end = "[A-Za-z0-9+/_-]{0,4}"
      return (offset == 0 ? "" : end) + either + end + "={0,2}"
    }
  }
}

extension Unicode.Scalar {
  /// As a URL has it.
  fileprivate var utf8Escapes: String { String(self).utf8.map { String(format: "%%%02x", $0) }.joined() }
}
