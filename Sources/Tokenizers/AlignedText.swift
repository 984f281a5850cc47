import Foundations

/// A scalar of the text being tokenized, and the range of the caller's text that it stands for.
///
/// Normalisers insert, replace and merge scalars; the range, counted in Unicode scalars of the original text, survives
/// them. An inserted scalar (a prepended space) has an empty range at the place where it was inserted.
package struct AlignedScalar: Equatable, Sendable {
  package var scalar: Unicode.Scalar
  package var start: Int
  package var end: Int

  package init(_ scalar: Unicode.Scalar, _ start: Int, _ end: Int) {
    self.scalar = scalar
    self.start = start
    self.end = end
  }
}

/// A stretch of text on its way through the tokenizer.
package typealias AlignedText = ArraySlice<AlignedScalar>

extension AlignedText {
  package init(original text: String) {
    var aligned: [AlignedScalar] = []
    aligned.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars { aligned.append(AlignedScalar(scalar, aligned.count, aligned.count + 1)) }
    self = aligned[...]
  }

  /// The range of the original text that the stretch stands for, empty for an empty stretch.
  var originalRange: Range<Int> {
    guard let first, let last else { return 0..<0 }
    return first.start..<Swift.max(first.start, last.end)
  }

  var utf8Text: UTF8Text {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    for aligned in self { bytes.append(aligned.scalar) }
    return UTF8Text(bytes: bytes)
  }

  var string: String {
    var scalars = String.UnicodeScalarView()
    for aligned in self { scalars.append(aligned.scalar) }
    return String(scalars)
  }

  /// The text with scalars put in front; nothing is put in front of nothing.
  func prepending(_ scalars: [Unicode.Scalar]) -> AlignedText {
    guard let first else { return self }
    return (scalars.map { AlignedScalar($0, first.start, first.start) } + self)[...]
  }

  /// Every occurrence of the pattern, left to right, replaced by the content.
  func replacing(_ pattern: [Unicode.Scalar], with content: [Unicode.Scalar]) -> AlignedText {
    guard !pattern.isEmpty else { return self }
    var result: [AlignedScalar] = []
    result.reserveCapacity(count)
    var index = startIndex
    while index < endIndex {
      if matches(pattern, at: index) {
        let end = index + pattern.count
        let range = self[index..<end].originalRange
        result += content.map { AlignedScalar($0, range.lowerBound, range.upperBound) }
        index = end
      } else {
        result.append(self[index])
        index += 1
      }
    }
    return result[...]
  }

  private func matches(_ pattern: [Unicode.Scalar], at index: Int) -> Bool {
    guard endIndex - index >= pattern.count else { return false }
    return pattern.indices.allSatisfy { self[index + $0].scalar == pattern[$0] }
  }
}
