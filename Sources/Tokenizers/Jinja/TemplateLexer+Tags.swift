/// The tokens inside `{{ }}` and `{% %}`.
extension TemplateLexer {
  private static let longSymbols: [StaticString] = ["**", "//", "==", "!=", ">=", "<="]

  mutating func readTagToken(_ open: inout [Unicode.Scalar]) throws {
    let next = source[position]
    if next.isASCIIDigit {
      try readNumber()
    } else if next == "'" || next == "\"" {
      try readString(next)
    } else if next.continuesIdentifier {
      try readName()
    } else {
      try readSymbol(next, &open)
    }
  }

  private mutating func readName() throws {
    var end = position
    while end < source.count, source[end].continuesIdentifier { end += 1 }
    let name = PythonString(source[position..<end])
    guard name.isIdentifier else { throw fails("Invalid character in identifier") }
    add(.name(name.string))
    advance(to: end)
  }

  private mutating func readSymbol(_ next: Unicode.Scalar, _ open: inout [Unicode.Scalar]) throws {
    if let symbol = Self.longSymbols.first(where: { starts(with: $0) }) {
      add(.symbol("\(symbol)"))
      return advance(to: position + 2)
    }
    guard "+-/*%~[](){}<>=.:|,;".unicodeScalars.contains(next) else {
      throw fails("unexpected character \(PythonPrinter.quoted(PythonString([next])))")
    }
    switch next {
    case "(": open.append(")")
    case "[": open.append("]")
    case "{": open.append("}")
    case ")", "]", "}":
      guard let expected = open.popLast() else { throw fails("unexpected '\(next)'") }
      guard expected == next else { throw fails("unexpected '\(next)', expected '\(expected)'") }
    default: break
    }
    add(.symbol(String(next)))
    advance(to: position + 1)
  }

  /// Digits with single underscores between them; nil where there are none.
  private func digits(from start: Int, where isDigit: (Unicode.Scalar) -> Bool = \.isASCIIDigit) -> Int? {
    var end = start
    while end < source.count {
      if isDigit(source[end]) {
        end += 1
      } else if end > start, source[end] == "_", end + 1 < source.count, isDigit(source[end + 1]) {
        end += 2
      } else {
        break
      }
    }
    return end > start ? end : nil
  }

  private mutating func readNumber() throws {
    let isAfterDot = position > 0 && source[position - 1] == "."
    if !isAfterDot, let end = floatEnd() {
      add(.float(Double(text(position..<end)) ?? 0))
      return advance(to: end)
    }
    let (end, radix) = integerEnd()
    let digits = text((radix == 10 ? position : position + 2)..<end)
    guard let value = Int(digits, radix: radix) else {
      throw JinjaError(.unsupported, "the integer \(digits) does not fit into 64 bits", line: line)
    }
    add(.integer(value))
    advance(to: end)
  }

  private func text(_ range: Range<Int>) -> String { PythonString(source[range].filter { $0 != "_" }).string }

  /// The end of a float: a fraction, an exponent or both must follow the digits.
  private func floatEnd() -> Int? {
    guard let whole = digits(from: position) else { return nil }
    var end = whole
    if end < source.count, source[end] == ".", let fraction = digits(from: end + 1) { end = fraction }
    if end < source.count, source[end] == "e" || source[end] == "E" {
      let hasSign = end + 1 < source.count && (source[end + 1] == "+" || source[end + 1] == "-")
      if let exponent = digits(from: end + (hasSign ? 2 : 1)) { end = exponent }
    }
    return end > whole ? end : nil
  }

  private func integerEnd() -> (end: Int, radix: Int) {
    if source[position] == "0", let mark = peek(1) {
      let radix =
        switch mark {
        case "b", "B": 2
        case "o", "O": 8
        case "x", "X": 16
        default: 10
        }
      let isDigit: (Unicode.Scalar) -> Bool = { $0.isASCII && Int(String($0), radix: radix) != nil }
      let start = peek(2) == "_" ? position + 3 : position + 2
      if radix != 10, let end = digits(from: start, where: isDigit) { return (end, radix) }
      return (digits(from: position) { $0 == "0" } ?? position + 1, 10)
    }
    return (digits(from: position) ?? position + 1, 10)
  }

  private mutating func readString(_ quote: Unicode.Scalar) throws {
    var end = position + 1
    while end < source.count, source[end] != quote { end += source[end] == "\\" ? 2 : 1 }
    guard end < source.count else { throw fails("unexpected character \(quote == "'" ? "\"'\"" : "'\"'")") }
    add(.string(try unescaped(source[position + 1..<end])))
    advance(to: end + 1)
  }

  /// The text of a literal, with Python's escapes.
  private func unescaped(_ body: ArraySlice<Unicode.Scalar>) throws -> PythonString {
    guard body.contains("\\") else { return PythonString(body) }
    var result: [Unicode.Scalar] = []
    var rest = body
    while let scalar = rest.popFirst() {
      guard scalar == "\\", let escape = rest.popFirst() else {
        result.append(scalar)
        continue
      }
      try append(escape, &rest, to: &result)
    }
    return PythonString(result)
  }

  private func append(
    _ escape: Unicode.Scalar, _ rest: inout ArraySlice<Unicode.Scalar>, to result: inout [Unicode.Scalar]
  ) throws {
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
      "v": "\u{B}",
    ]
    if let scalar = simple[escape] { return result.append(scalar) }
    switch escape {
    case "\n": return
    case "x": result.append(try hexadecimal(2, &rest))
    case "u": result.append(try hexadecimal(4, &rest))
    case "U": result.append(try hexadecimal(8, &rest))
    case "N": throw JinjaError(.unsupported, "the escape \\N{...} of a string is not supported", line: line)
    case "0"..."7":
      var value = escape.value - 48
      for _ in 0..<2 {
        guard let digit = rest.first, (48...55).contains(digit.value) else { break }
        value = value * 8 + digit.value - 48
        rest.removeFirst()
      }
      result.append(Unicode.Scalar(value) ?? " ")
    default: result.append(contentsOf: ["\\", escape])
    }
  }

  private func hexadecimal(_ length: Int, _ rest: inout ArraySlice<Unicode.Scalar>) throws -> Unicode.Scalar {
    let digits = PythonString(rest.prefix(length)).string
    guard digits.utf8.count == length, !digits.hasPrefix("+"), let value = UInt32(digits, radix: 16) else {
      throw fails("truncated \\x, \\u or \\U escape in a string")
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw JinjaError(.unsupported, "the escape \\u\(digits) of a string is no character", line: line)
    }
    rest.removeFirst(length)
    return scalar
  }
}
