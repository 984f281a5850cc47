/// A string as Python has it: code points, counted, compared and cut one by one.
///
/// Swift's `String` counts graphemes and takes "é" in one and in two code points for equal; a template that compares,
/// slices or measures would then behave otherwise than with Jinja.
package struct PythonString: Hashable, Sendable {
  package var scalars: [Unicode.Scalar]

  package init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

  package init(_ scalars: ArraySlice<Unicode.Scalar>) { self.scalars = Array(scalars) }

  package init(_ string: String) { scalars = Array(string.unicodeScalars) }

  package static let empty = PythonString([Unicode.Scalar]())

  package var count: Int { scalars.count }

  package var isEmpty: Bool { scalars.isEmpty }

  /// The text as Swift's string.
  package var string: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(scalars.count)
    for scalar in scalars {
      if scalar.value < 0x80 { bytes.append(UInt8(scalar.value)) } else { bytes.append(contentsOf: scalar.utf8) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func + (left: PythonString, right: PythonString) -> PythonString {
    PythonString(left.scalars + right.scalars)
  }

  static func + (left: String, right: PythonString) -> PythonString { PythonString(left) + right }

  static func + (left: PythonString, right: String) -> PythonString { left + PythonString(right) }

  static func < (left: PythonString, right: PythonString) -> Bool {
    left.scalars.lexicographicallyPrecedes(right.scalars)
  }

  subscript(range: Range<Int>) -> PythonString { PythonString(scalars[range]) }

  /// The text `count` times; none for a negative count.
  func repeated(_ count: Int) -> PythonString {
    guard count > 0 else { return .empty }
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count * count)
    for _ in 0..<count { result.append(contentsOf: scalars) }
    return PythonString(result)
  }
}

extension PythonString: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self.init(value) }
}

extension PythonString: CustomStringConvertible {
  package var description: String { string }
}

/// Finding one text in another.
extension PythonString {
  func matches(_ other: PythonString, at index: Int) -> Bool {
    guard index >= 0, index + other.count <= count else { return false }
    var offset = 0
    while offset < other.count {
      if scalars[index + offset] != other.scalars[offset] { return false }
      offset += 1
    }
    return true
  }

  func hasPrefix(_ other: PythonString) -> Bool { matches(other, at: 0) }

  func hasSuffix(_ other: PythonString) -> Bool { matches(other, at: count - other.count) }

  func contains(_ other: PythonString) -> Bool { firstIndex(of: other) != nil }

  /// Where the other text first begins within `range`.
  func firstIndex(of other: PythonString, in range: Range<Int>? = nil) -> Int? {
    let range = range ?? 0..<count
    guard other.count <= range.count else { return nil }
    guard !other.isEmpty else { return range.lowerBound }
    return Self.firstIndex(of: other.scalars[...], in: scalars[range])
  }

  /// Linear in both lengths (Knuth, Morris and Pratt 1977), so that no template is slow for long texts. `pattern` is not empty.
  private static func firstIndex(of pattern: ArraySlice<Unicode.Scalar>, in text: ArraySlice<Unicode.Scalar>) -> Int? {
    let pattern = Array(pattern)
    // How much of the pattern's beginning ends at each of its places, without being all of it.
    var borders = [0]
    var matched = 0
    func advance(by scalar: Unicode.Scalar) {
      while matched > 0, pattern[matched] != scalar { matched = borders[matched - 1] }
      if pattern[matched] == scalar { matched += 1 }
    }
    for scalar in pattern.dropFirst() {
      advance(by: scalar)
      borders.append(matched)
    }
    matched = 0
    for index in text.indices {
      advance(by: text[index])
      if matched == pattern.count { return index - matched + 1 }
    }
    return nil
  }

  /// Where the other text last begins within `range`.
  func lastIndex(of other: PythonString, in range: Range<Int>? = nil) -> Int? {
    let range = range ?? 0..<count
    guard other.count <= range.count else { return nil }
    guard !other.isEmpty else { return range.upperBound }
    let (pattern, text) = (Array(other.scalars.reversed()), Array(scalars[range].reversed()))
    return Self.firstIndex(of: pattern[...], in: text[...]).map { range.upperBound - $0 - pattern.count }
  }

  /// How often the other text occurs, without overlaps.
  func occurrences(of other: PythonString, in range: Range<Int>? = nil) -> Int {
    var range = range ?? 0..<count
    guard !other.isEmpty else { return range.count + 1 }
    var found = 0
    while let index = firstIndex(of: other, in: range) {
      found += 1
      range = index + other.count..<range.upperBound
    }
    return found
  }

  /// `str.replace`: at most `limit` replacements, all when it is negative.
  func replacing(_ old: PythonString, with new: PythonString, limit: Int = -1) -> PythonString {
    if old.isEmpty { return interleaved(with: new, limit: limit) }
    var result: [Unicode.Scalar] = []
    var (start, done) = (0, 0)
    while limit < 0 || done < limit, let index = firstIndex(of: old, in: start..<count) {
      result.append(contentsOf: scalars[start..<index])
      result.append(contentsOf: new.scalars)
      start = index + old.count
      done += 1
    }
    if done == 0 { return self }
    result.append(contentsOf: scalars[start...])
    return PythonString(result)
  }

  /// What Python does when the empty text is replaced: the new text goes before each character and to the end.
  private func interleaved(with new: PythonString, limit: Int) -> PythonString {
    var result: [Unicode.Scalar] = []
    let places = limit < 0 ? count + 1 : min(limit, count + 1)
    for index in 0...count {
      if index < places { result.append(contentsOf: new.scalars) }
      if index < count { result.append(scalars[index]) }
    }
    return PythonString(result)
  }
}
