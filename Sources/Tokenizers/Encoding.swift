/// A text as tokens.
public struct Encoding: Equatable, Sendable {
  /// Token ids, `[tokens]`.
  public var ids: [Int]

  /// For each token the range of the original text that it carries, in Unicode scalars (code points), `[tokens]`.
  ///
  /// A token that stands for nothing in the text has an empty range: one that the tokenizer puts in front (BOS), or a
  /// lone space that it prepends to a word. The byte tokens of one character all have the range of that character.
  public var offsets: [Range<Int>]

  public init(ids: [Int] = [], offsets: [Range<Int>] = []) {
    self.ids = ids
    self.offsets = offsets
  }

  /// The position of the last token that carries a scalar of the original text, nil if none does.
  ///
  /// - Parameter scalar: the offset of the scalar, counted in Unicode scalars.
  public func tokenIndex(carrying scalar: Int) -> Int? {
    offsets.lastIndex { $0.contains(scalar) }
  }
}
