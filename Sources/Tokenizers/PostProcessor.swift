/// What is added around the tokens of a text: the `post_processor` of a `tokenizer.json`, for single texts.
package indirect enum PostProcessor: Sendable {
  package enum Piece: Sendable {
    /// Special tokens, by id.
    case special([Int])
    /// The text itself.
    case text
  }

  /// Offsets leave out the spaces at the ends of a token; the tokens stay the same.
  case trimsOffsets
  case template([Piece])
  case sequence([PostProcessor])

  /// - Parameter text: the text that was encoded.
  func apply(to encoding: Encoding, of text: String, addSpecialTokens: Bool) -> Encoding {
    switch self {
    case .trimsOffsets: trimmed(encoding, Array(text.unicodeScalars))
    case .template(let pieces): addSpecialTokens ? filled(pieces, with: encoding) : encoding
    case .sequence(let processors):
      processors.reduce(encoding) { $1.apply(to: $0, of: text, addSpecialTokens: addSpecialTokens) }
    }
  }

  private func filled(_ pieces: [Piece], with text: Encoding) -> Encoding {
    var result = Encoding()
    for piece in pieces {
      switch piece {
      case .text:
        result.ids += text.ids
        result.offsets += text.offsets
      case .special(let ids):
        let place = result.offsets.last?.upperBound ?? 0
        result.ids += ids
        result.offsets += ids.map { _ in place..<place }
      }
    }
    return result
  }

  private func trimmed(_ encoding: Encoding, _ text: [Unicode.Scalar]) -> Encoding {
    var result = encoding
    result.offsets = encoding.offsets.map { range in
      var range = range.clamped(to: 0..<text.count)
      while !range.isEmpty, text[range.lowerBound] == " " { range.removeFirst() }
      while !range.isEmpty, text[range.upperBound - 1] == " " { range.removeLast() }
      return range
    }
    return result
  }
}
