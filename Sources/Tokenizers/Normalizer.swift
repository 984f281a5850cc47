/// What happens to the text before it is split: the `normalizer` of a `tokenizer.json`.
package indirect enum Normalizer: Sendable {
  case prepend([Unicode.Scalar])
  case replace(pattern: [Unicode.Scalar], content: [Unicode.Scalar])
  case unicode(NormalizationForm)
  case lowercase
  case strip(left: Bool, right: Bool)
  case sequence([Normalizer])

  func apply(to text: AlignedText) -> AlignedText {
    switch self {
    case .prepend(let scalars): text.prepending(scalars)
    case .replace(let pattern, let content): text.replacing(pattern, with: content)
    case .unicode(let form): form.apply(to: text)
    case .lowercase: lowercased(text)
    case .strip(let left, let right): stripped(text, left: left, right: right)
    case .sequence(let normalizers): normalizers.reduce(text) { $1.apply(to: $0) }
    }
  }

  private func lowercased(_ text: AlignedText) -> AlignedText {
    var result: [AlignedScalar] = []
    result.reserveCapacity(text.count)
    for aligned in text {
      for scalar in aligned.scalar.properties.lowercaseMapping.unicodeScalars {
        result.append(AlignedScalar(scalar, aligned.start, aligned.end))
      }
    }
    return result[...]
  }

  private func stripped(_ text: AlignedText, left: Bool, right: Bool) -> AlignedText {
    var text = text
    if left { text = text.drop { $0.scalar.properties.isWhitespace } }
    while right, let last = text.last, last.scalar.properties.isWhitespace { text = text.dropLast() }
    return text
  }
}
