/// Python's `strip`, `split` and `splitlines`.
extension PythonString {
  /// Which ends a strip works on.
  enum Side {
    case left, right, both
  }

  /// Without white space (or the given characters) at the ends.
  func stripped(_ side: Side = .both, of characters: PythonString? = nil) -> PythonString {
    let drop: (Unicode.Scalar) -> Bool =
      if let characters { { characters.scalars.contains($0) } } else { { $0.isPythonSpace } }
    var (start, end) = (0, count)
    if side != .right { while start < end, drop(scalars[start]) { start += 1 } }
    if side != .left { while end > start, drop(scalars[end - 1]) { end -= 1 } }
    return start == 0 && end == count ? self : self[start..<end]
  }

  /// `str.split(separator, limit)`; a negative limit means no limit.
  func split(on separator: PythonString, limit: Int = -1) -> [PythonString] {
    var parts: [PythonString] = []
    var start = 0
    while limit < 0 || parts.count < limit, let index = firstIndex(of: separator, in: start..<count) {
      parts.append(self[start..<index])
      start = index + separator.count
    }
    parts.append(self[start..<count])
    return parts
  }

  /// `str.rsplit(separator, limit)`.
  func splitFromRight(on separator: PythonString, limit: Int = -1) -> [PythonString] {
    var parts: [PythonString] = []
    var end = count
    while limit < 0 || parts.count < limit, let index = lastIndex(of: separator, in: 0..<end) {
      parts.append(self[index + separator.count..<end])
      end = index
    }
    parts.append(self[0..<end])
    return parts.reversed()
  }

  /// `str.split(None, limit)`: at runs of white space, without empty parts.
  func splitAtSpaces(limit: Int = -1) -> [PythonString] {
    var parts: [PythonString] = []
    var index = 0
    while true {
      while index < count, scalars[index].isPythonSpace { index += 1 }
      guard index < count else { return parts }
      if limit >= 0, parts.count >= limit {
        parts.append(self[index..<count])
        return parts
      }
      let start = index
      while index < count, !scalars[index].isPythonSpace { index += 1 }
      parts.append(self[start..<index])
    }
  }

  /// `str.rsplit(None, limit)`.
  func splitAtSpacesFromRight(limit: Int = -1) -> [PythonString] {
    var parts: [PythonString] = []
    var end = count
    while true {
      while end > 0, scalars[end - 1].isPythonSpace { end -= 1 }
      guard end > 0 else { return parts.reversed() }
      if limit >= 0, parts.count >= limit {
        parts.append(self[0..<end])
        return parts.reversed()
      }
      let last = end
      while end > 0, !scalars[end - 1].isPythonSpace { end -= 1 }
      parts.append(self[end..<last])
    }
  }

  /// `str.splitlines`: at each of Python's line ends.
  func lines(keepingEnds: Bool = false) -> [PythonString] {
    var lines: [PythonString] = []
    var (start, index) = (0, 0)
    while index < count {
      guard scalars[index].isPythonLineEnd else {
        index += 1
        continue
      }
      let isPair = scalars[index] == "\r" && index + 1 < count && scalars[index + 1] == "\n"
      let end = index + (isPair ? 2 : 1)
      lines.append(self[start..<(keepingEnds ? end : index)])
      (start, index) = (end, end)
    }
    if start < count { lines.append(self[start..<count]) }
    return lines
  }

  /// The texts with this one between them.
  func joining(_ parts: [PythonString]) -> PythonString {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(parts.reduce(0) { $0 + $1.count + count })
    for (index, part) in parts.enumerated() {
      if index > 0 { result.append(contentsOf: scalars) }
      result.append(contentsOf: part.scalars)
    }
    return PythonString(result)
  }
}
