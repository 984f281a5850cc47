/// How normalised text is cut into words before the merges: the `pre_tokenizer` of a `tokenizer.json`.
package indirect enum PreTokenizer: Sendable {
  /// Spaces become the replacement (usually U+2581), and one is put in front of the text.
  case metaspace(Metaspace)
  /// Every byte becomes a scalar of GPT-2's alphabet, after the text is cut by GPT-2's pattern if `cutsWords`.
  case byteLevel(addsPrefixSpace: Bool, cutsWords: Bool)
  case split(SplitPattern)
  case digits(individually: Bool)
  case punctuation(SplitBehavior)
  case sequence([PreTokenizer])

  package struct Metaspace: Sendable {
    package enum PrependScheme: String, Sendable { case always, first, never }

    package var replacement: Unicode.Scalar
    package var prependScheme: PrependScheme
    package var splits: Bool
  }

  func split(_ pieces: [AlignedText]) -> [AlignedText] {
    switch self {
    case .metaspace(let metaspace): pieces.flatMap(metaspace.split)
    case .byteLevel(let addsPrefixSpace, let cutsWords): byteLevel(pieces, addsPrefixSpace, cutsWords)
    case .split(let pattern): pieces.flatMap { piece in pattern.words(in: piece).map { piece[$0] } }
    case .digits(let individually):
      pieces.flatMap { (individually ? SplitBehavior.isolated : .contiguous).split($0, at: isNumeric) }
    case .punctuation(let behavior): pieces.flatMap { behavior.split($0, at: isPunctuation) }
    case .sequence(let preTokenizers): preTokenizers.reduce(pieces) { $1.split($0) }
    }
  }

  private func byteLevel(_ pieces: [AlignedText], _ addsPrefixSpace: Bool, _ cutsWords: Bool) -> [AlignedText] {
    pieces.flatMap { piece in
      let piece = addsPrefixSpace && piece.first?.scalar != " " ? piece.prepending([" "]) : piece
      let words = cutsWords ? SplitPattern.gpt2.words(in: piece) : [piece.startIndex..<piece.endIndex]
      return bytes(of: words, in: piece)
    }
  }

  /// The words with every byte of every scalar as one scalar of the byte alphabet.
  private func bytes(of words: [Range<Int>], in piece: AlignedText) -> [AlignedText] {
    var mapped: [AlignedScalar] = []
    mapped.reserveCapacity(piece.count)
    var ends: [Int] = []
    ends.reserveCapacity(words.count)
    for word in words {
      for aligned in piece[word] { appendBytes(of: aligned, to: &mapped) }
      ends.append(mapped.count)
    }
    var start = 0
    return ends.map { end in
      defer { start = end }
      return mapped[start..<end]
    }
  }

  private func appendBytes(of aligned: AlignedScalar, to mapped: inout [AlignedScalar]) {
    for byte in aligned.scalar.utf8 {
      mapped.append(AlignedScalar(ByteAlphabet.scalars[Int(byte)], aligned.start, aligned.end))
    }
  }

  private func isNumeric(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  /// ASCII punctuation and symbols, and the Unicode category P.
  private func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }
}

extension PreTokenizer.Metaspace {
  fileprivate func split(_ piece: AlignedText) -> [AlignedText] {
    var text = piece.replacing([" "], with: [replacement])
    if prepends(to: text), text.first?.scalar != replacement { text = text.prepending([replacement]) }
    return splits ? SplitBehavior.mergedWithNext.split(text) { $0 == replacement } : [text]
  }

  private func prepends(to text: AlignedText) -> Bool {
    switch prependScheme {
    case .always: true
    case .first: text.first?.start == 0
    case .never: false
    }
  }
}

/// Where a delimiter goes when text is split at it; the delimiters here are single scalars.
package enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"

  func split(_ text: AlignedText, at isDelimiter: (Unicode.Scalar) -> Bool) -> [AlignedText] {
    var pieces: [AlignedText] = []
    var start = text.startIndex
    var previous = false
    for index in text.indices {
      let current = isDelimiter(text[index].scalar)
      if index > start, cuts(previous: previous, current: current) {
        pieces.append(text[start..<index])
        start = index
      }
      previous = current
    }
    if start < text.endIndex { pieces.append(text[start...]) }
    return self == .removed ? pieces.filter { !($0.first.map { isDelimiter($0.scalar) } ?? true) } : pieces
  }

  /// Whether there is a cut between two neighbours, each a delimiter or not.
  private func cuts(previous: Bool, current: Bool) -> Bool {
    switch self {
    case .removed, .isolated: previous || current
    case .mergedWithPrevious: previous
    case .mergedWithNext: current
    case .contiguous: previous != current
    }
  }
}
