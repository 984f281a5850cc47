import Foundations

/// Byte pair encoding (Sennrich et al. 2016): a vocabulary, and the pairs of tokens that are merged, in order of rank.
package struct BytePairModel: Sendable {
  /// What a pair of tokens becomes, and how early; of several possible merges the lowest rank goes first.
  package struct Merge: Sendable {
    package var rank: Int32
    package var id: Int32
  }

  /// Two neighbouring tokens.
  package struct Pair: Hashable, Sendable {
    let key: UInt64

    package init(_ left: Int32, _ right: Int32) {
      key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
  }

  package struct Options: Sendable {
    /// The token for a scalar that is not in the vocabulary; without one the scalar is dropped.
    package var unknownID: Int32?
    /// Whether a run of unknown scalars becomes one unknown token.
    package var fusesUnknown = false
    /// Whether a scalar that is not in the vocabulary becomes the tokens `<0x00>`...`<0xFF>` of its bytes.
    package var fallsBackToBytes = false
    /// Whether a word that is a token is taken whole, even if the merges do not lead to it.
    package var ignoresMerges = false
  }

  let vocabulary: Vocabulary
  let merges: [Pair: Merge]
  private let options: Options
  private let scalarIDs: [Unicode.Scalar: Int32]
  /// The ids of `<0x00>`...`<0xFF>`, nil where the vocabulary has none.
  private let byteIDs: [Int32?]
  /// Whether words can be cut before U+2581 without changing the result; see `cutsBeforeMetaspace(_:_:)`.
  private let cutsBeforeMetaspace: Bool
  private let cache = WordCache()

  package init(vocabulary: Vocabulary, merges: [Pair: Merge], options: Options) {
    self.vocabulary = vocabulary
    self.merges = merges
    self.options = options
    scalarIDs = vocabulary.singleScalarIDs
    byteIDs = (0...255).map { vocabulary.id(of: Self.byteToken($0)) }
    cutsBeforeMetaspace = !options.ignoresMerges && Self.cutsBeforeMetaspace(vocabulary, merges)
  }

  /// The byte fallback token of a byte: `<0x0A>` for a line feed.
  static func byteToken(_ byte: UInt8) -> UTF8Text {
    let digits = String(byte, radix: 16, uppercase: true)
    return UTF8Text(digits.count == 1 ? "<0x0\(digits)>" : "<0x\(digits)>")
  }

  /// Whether no merge joins something that does not end in U+2581 with something that begins with it.
  ///
  /// In SentencePiece vocabularies a token has it in front only. The words of a text are then independent of each
  /// other, although nothing but this says where they begin, and can be merged, and remembered, one by one.
  private static func cutsBeforeMetaspace(_ vocabulary: Vocabulary, _ merges: [Pair: Merge]) -> Bool {
    let metaspace = UTF8Text("\u{2581}").bytes
    guard vocabulary.id(of: UTF8Text(bytes: metaspace)) != nil else { return false }
    var begins = Set<Int32>()
    var ends = Set<Int32>()
    for (id, text) in vocabulary.entries {
      if text.bytes.starts(with: metaspace) { begins.insert(id) }
      if text.bytes.suffix(metaspace.count).elementsEqual(metaspace) { ends.insert(id) }
    }
    return merges.keys.allSatisfy { pair in
      !begins.contains(Int32(truncatingIfNeeded: pair.key)) || ends.contains(Int32(truncatingIfNeeded: pair.key >> 32))
    }
  }

  /// Appends the tokens of a piece of text, and the ranges of the original text that they carry.
  func encode(_ piece: AlignedText, into encoding: inout Encoding) {
    for word in words(of: piece) {
      for symbol in symbols(of: word) {
        encoding.ids.append(Int(symbol.id))
        encoding.offsets.append(word[word.startIndex + symbol.start..<word.startIndex + symbol.end].originalRange)
      }
    }
  }

  private func words(of piece: AlignedText) -> [AlignedText] {
    guard cutsBeforeMetaspace else { return [piece] }
    var words: [AlignedText] = []
    var start = piece.startIndex
    var previous: Unicode.Scalar = "\u{2581}"
    for index in piece.indices {
      let scalar = piece[index].scalar
      if scalar == "\u{2581}", previous != "\u{2581}" {
        words.append(piece[start..<index])
        start = index
      }
      previous = scalar
    }
    words.append(piece[start...])
    return words
  }

  private func symbols(of word: AlignedText) -> [Symbol] {
    let text = word.utf8Text
    if options.ignoresMerges, let id = vocabulary.id(of: text) { return [Symbol(id: id, start: 0, end: word.count)] }
    if let known = cache[text] { return known }
    let symbols = merge(initialSymbols(of: word), by: merges)
    cache.insert(symbols, for: text)
    return symbols
  }

  /// One symbol for each scalar, or for each of its bytes.
  private func initialSymbols(of word: AlignedText) -> [Symbol] {
    var symbols: [Symbol] = []
    symbols.reserveCapacity(word.count)
    var lastIsUnknown = false
    for (index, aligned) in word.enumerated() {
      if let id = scalarIDs[aligned.scalar] {
        symbols.append(Symbol(id: id, start: index, end: index + 1))
        lastIsUnknown = false
      } else if let bytes = fallbackIDs(of: aligned.scalar) {
        symbols += bytes.map { Symbol(id: $0, start: index, end: index + 1) }
        lastIsUnknown = false
      } else if lastIsUnknown, options.fusesUnknown {
        symbols[symbols.count - 1].end = index + 1
      } else if let id = options.unknownID {
        symbols.append(Symbol(id: id, start: index, end: index + 1))
        lastIsUnknown = true
      }
    }
    return symbols
  }

  private func fallbackIDs(of scalar: Unicode.Scalar) -> [Int32]? {
    guard options.fallsBackToBytes else { return nil }
    var ids: [Int32] = []
    for byte in scalar.utf8 {
      guard let id = byteIDs[Int(byte)] else { return nil }
      ids.append(id)
    }
    return ids
  }
}
