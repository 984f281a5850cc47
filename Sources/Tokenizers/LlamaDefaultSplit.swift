/// llama.cpp's split for byte-level tokenizers whose own is not known (`tokenizer.ggml.pre` is `default`): four patterns,
/// each cutting the pieces of those before it.
///
///     [\p{P}\$\+<=>\^~\|]+
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)
///     \p{N}+
///     [0-9][0-9][0-9]
enum LlamaDefaultSplit {
  static func split(_ piece: AlignedText) -> [AlignedText] {
    SplitBehavior.contiguous.split(piece, at: isPunctuation)
      .flatMap { part in SplitPattern.gpt2.words(in: part).map { part[$0] } }
      .flatMap { SplitBehavior.contiguous.split($0, at: PreTokenizer.isNumeric) }
      .flatMap(threes)
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    scalar != "`" && PreTokenizer.isPunctuation(scalar)
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// Three ASCII digits in a row are a piece; what lies between is another.
  private static func threes(_ piece: AlignedText) -> [AlignedText] {
    var (pieces, start, index) = ([AlignedText](), piece.startIndex, piece.startIndex)
    while index + 3 <= piece.endIndex {
      guard piece[index..<index + 3].allSatisfy({ isDigit($0.scalar) }) else {
        index += 1
        continue
      }
      if start < index { pieces.append(piece[start..<index]) }
      pieces.append(piece[index..<index + 3])
      index += 3
      start = index
    }
    return start < piece.endIndex ? pieces + [piece[start...]] : pieces
  }
}
