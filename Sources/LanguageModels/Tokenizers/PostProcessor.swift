/// What is added around the tokens of a text: the `post_processor` of a `tokenizer.json`, for single texts.
package indirect enum PostProcessor: Sendable {
  package enum Piece: Sendable {
    /// Special tokens, by id.
    case special([Int])
    /// The text itself.
    case text
  }

  /// Offsets lose the white space at the ends of a token; nothing else changes.
  case trimsOffsets(keepsPrefixSpace: Bool)
  case template([Piece])
  case sequence([PostProcessor])

  func apply(to encoding: Encoding, addSpecialTokens: Bool, token: (Int) -> UTF8Text?) -> Encoding {
    switch self {
    case .trimsOffsets(let keepsPrefixSpace): trimmed(encoding, keepsPrefixSpace, token)
    case .template(let pieces): addSpecialTokens ? filled(pieces, with: encoding) : encoding
    case .sequence(let processors):
      processors.reduce(encoding) { $1.apply(to: $0, addSpecialTokens: addSpecialTokens, token: token) }
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

  private func trimmed(_ encoding: Encoding, _ keepsPrefixSpace: Bool, _ token: (Int) -> UTF8Text?) -> Encoding {
    var result = encoding
    for index in encoding.ids.indices {
      guard let scalars = token(encoding.ids[index])?.scalars else { continue }
      var range = encoding.offsets[index]
      var leading = scalars.prefix(while: isSpace).count
      let trailing = scalars.reversed().prefix(while: isSpace).count
      // A single space at the start of the text is the one that was prepended.
      if keepsPrefixSpace, leading == 1, index == 0 || range.lowerBound == 0 { leading = 0 }
      range = min(range.lowerBound + leading, range.upperBound)..<range.upperBound
      result.offsets[index] = range.lowerBound..<max(range.upperBound - trailing, range.lowerBound)
    }
    return result
  }

  private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == ByteAlphabet.scalars[0x20] || scalar.properties.isWhitespace
  }
}
