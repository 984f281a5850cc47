import Foundation

/// Text broken into rows of a width as it comes, at spaces where there are some.
package struct WrappedText {
  package let width: Int
  /// Rows that no further text changes.
  package private(set) var rows: [String] = []
  private var current = ""
  private var currentWidth = 0

  package init(width: Int) { self.width = max(1, width) }

  package mutating func append(_ text: String) {
    for character in text {
      if character.isNewline { breakRow() } else { append(character == "\t" ? " " : character) }
    }
  }

  package mutating func finish() { if !current.isEmpty { breakRow() } }

  /// The row as far as it is known.
  package func row(_ index: Int) -> String {
    index < rows.count ? rows[index] : index == rows.count ? current : ""
  }

  private mutating func append(_ character: Character) {
    let size = Self.width(of: character)
    if currentWidth + size > width {
      if character == " " { return breakRow() }
      let space = current.lastIndex(of: " ")
      let rest = space.map { String(current[current.index(after: $0)...]) } ?? ""
      if let space { current = String(current[..<space]) }
      breakRow()
      current = rest
      currentWidth = Self.width(of: rest)
    }
    current.append(character)
    currentWidth += size
  }

  private mutating func breakRow() {
    rows.append(current)
    current = ""
    currentWidth = 0
  }

  /// Rows of a text that is whole, later ones indented.
  package static func rows(_ text: String, width: Int, indent: Int = 0) -> [String] {
    let first = text.prefix { $0 == " " }.count + indent
    guard width > 2 * first, Self.width(of: text) > width else { return [text] }
    var wrapped = WrappedText(width: width - first)
    wrapped.append(text.trimmingCharacters(in: .whitespaces))
    wrapped.finish()
    return wrapped.rows.enumerated().map { String(repeating: " ", count: $0 == 0 ? first - indent : first) + $1 }
  }

  package static func cut(_ text: String, to width: Int) -> String {
    var wrapped = WrappedText(width: width)
    wrapped.append(text)
    return wrapped.row(0)
  }

  package static func width(of text: String) -> Int { text.reduce(0) { $0 + width(of: $1) } }

  /// Cells that a terminal gives a character: 2 for East Asian wide ones and emoji, 0 for marks alone.
  private static func width(of character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
      0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
