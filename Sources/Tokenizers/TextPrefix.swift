/// The space that `LlamaTokenizer` puts before a whole text where it is not `legacy`: before the added tokens are cut
/// out of it, so that what follows one of them gets none.
struct TextPrefix: Sendable {
  let metaspace: Unicode.Scalar
  let isAdded: Bool

  func apply(to text: AlignedText) -> AlignedText {
    guard !text.isEmpty else { return text }
    let spaced = text.replacing([metaspace], with: [" "])
    return isAdded ? spaced.prepending([metaspace]) : spaced
  }
}
