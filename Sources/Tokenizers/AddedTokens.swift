import Foundations

/// A token that is recognised in the text before anything else: an entry of `added_tokens` in a `tokenizer.json`.
package struct AddedToken: Sendable {
  package var id: Int
  package var content: UTF8Text
  /// Whether it is recognised only where no word character touches it.
  package var isSingleWord = false
  /// Whether it takes up the white space on its left.
  package var stripsLeft = false
  /// Whether it takes up the white space on its right.
  package var stripsRight = false
  /// Whether it is looked for in the normalised text (and normalised itself) rather than in the original.
  package var isNormalized = false
  /// Whether `decode(_:skipSpecialTokens:)` can leave it out.
  package var isSpecial = false
}

/// Finds added tokens in text, the leftmost first and the longest of those that begin at one place.
package struct AddedTokenMatcher: Sendable {
  enum Piece {
    case text(AlignedText)
    case token(id: Int, range: Range<Int>)
  }

  private struct Node: Sendable {
    var children: [Unicode.Scalar: Int] = [:]
    var token: Int?
  }

  private let tokens: [AddedToken]
  private let skipsSpecial: Bool
  private var nodes = [Node()]
  /// Which ASCII scalars begin a token, to step over the rest quickly.
  private var beginsToken = [Bool](repeating: false, count: 128)

  /// - Parameters:
  ///   - skipsSpecial: whether special tokens that stand in a text are read as text (`split_special_tokens`).
  ///   - spelling: how a token stands in the text that is searched, its normalised form for instance.
  init(_ tokens: [AddedToken], skipsSpecial: Bool = false, spelling: (AddedToken) -> [Unicode.Scalar]) {
    self.tokens = tokens
    self.skipsSpecial = skipsSpecial
    for index in tokens.indices { insert(spelling(tokens[index]), token: index) }
  }

  private mutating func insert(_ scalars: [Unicode.Scalar], token: Int) {
    guard let first = scalars.first else { return }
    if first.isASCII { beginsToken[Int(first.value)] = true }
    var node = 0
    for scalar in scalars {
      if let child = nodes[node].children[scalar] {
        node = child
      } else {
        nodes.append(Node())
        nodes[node].children[scalar] = nodes.count - 1
        node = nodes.count - 1
      }
    }
    if nodes[node].token == nil { nodes[node].token = token }
  }

  /// The text cut at the tokens found in it; the pieces cover it.
  func split(_ text: AlignedText) -> [Piece] {
    guard nodes.count > 1 else { return text.isEmpty ? [] : [.text(text)] }
    var pieces: [Piece] = []
    var done = text.startIndex
    var index = text.startIndex
    while index < text.endIndex {
      guard let (token, end) = longestMatch(in: text, at: index) else {
        index += 1
        continue
      }
      let found = index..<end
      index = end
      if skipsSpecial, token.isSpecial { continue }
      guard !token.isSingleWord || standsAlone(found, in: text) else { continue }
      let range = withWhiteSpace(found, of: token, in: text, after: done)
      if done < range.lowerBound { pieces.append(.text(text[done..<range.lowerBound])) }
      pieces.append(.token(id: token.id, range: text[range].originalRange))
      // A token that begins in white space which the last one took up is found all the same.
      done = range.upperBound
    }
    if done < text.endIndex { pieces.append(.text(text[done...])) }
    return pieces
  }

  private func longestMatch(in text: AlignedText, at start: Int) -> (token: AddedToken, end: Int)? {
    let first = text[start].scalar
    if first.isASCII, !beginsToken[Int(first.value)] { return nil }
    var match: (token: AddedToken, end: Int)?
    var node = 0
    var index = start
    while index < text.endIndex, let child = nodes[node].children[text[index].scalar] {
      node = child
      index += 1
      if let token = nodes[node].token { match = (tokens[token], index) }
    }
    return match
  }

  private func standsAlone(_ range: Range<Int>, in text: AlignedText) -> Bool {
    let before = range.lowerBound == text.startIndex || !isWord(text[range.lowerBound - 1].scalar)
    let after = range.upperBound == text.endIndex || !isWord(text[range.upperBound].scalar)
    return before && after
  }

  private func withWhiteSpace(
    _ range: Range<Int>, of token: AddedToken, in text: AlignedText, after done: Int
  ) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while token.stripsLeft, start > done, text[start - 1].scalar.properties.isWhitespace { start -= 1 }
    while token.stripsRight, end < text.endIndex, text[end].scalar.properties.isWhitespace { end += 1 }
    return start..<end
  }

  /// `\w` of UTS #18: alphabetic, mark, decimal digit, connector punctuation or join control.
  private func isWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: true
    default: scalar.properties.isAlphabetic || scalar.properties.isJoinControl
    }
  }
}
