/// Cuts a template into tokens, with Jinja's rules of white space.
///
/// As transformers sets Jinja up: the newline after a block is dropped (`trim_blocks`), and so is the white space
/// between the beginning of a line and a block or comment (`lstrip_blocks`); `-` takes all white space on its side,
/// `+` keeps it. One newline at the end of the template is dropped.
struct TemplateLexer {
  var source: [Unicode.Scalar]
  var position = 0
  private(set) var line = 1
  private var tokens: [TemplateToken] = []
  /// Whether what was read last ended a line.
  private var isAtLineStart = true

  static func tokens(of template: PythonString) throws -> [TemplateToken] {
    var lexer = TemplateLexer(template)
    while lexer.position < lexer.source.count { try lexer.readTextAndMark() }
    lexer.add(.end)
    return lexer.tokens
  }

  private init(_ template: PythonString) {
    source = template.replacing("\r\n", with: "\n").replacing("\r", with: "\n").scalars
    if source.last == "\n" { source.removeLast() }
  }

  mutating func add(_ kind: TemplateToken.Kind) { tokens.append(TemplateToken(kind: kind, line: line)) }

  func peek(_ offset: Int = 0) -> Unicode.Scalar? {
    position + offset < source.count ? source[position + offset] : nil
  }

  func starts(with text: StaticString, at index: Int? = nil) -> Bool {
    let index = index ?? position
    guard index + text.utf8CodeUnitCount <= source.count else { return false }
    for offset in 0..<text.utf8CodeUnitCount where source[index + offset].value != text.utf8Start[offset] {
      return false
    }
    return true
  }

  mutating func advance(to end: Int) {
    while position < end {
      if source[position] == "\n" { line += 1 }
      position += 1
    }
  }

  mutating func skipSpaces() {
    var end = position
    while end < source.count, source[end].isPythonSpace { end += 1 }
    advance(to: end)
  }

  func fails(_ message: String) -> JinjaError { JinjaError(.syntax, message, line: line) }
}

/// Text, and the marks that begin something.
extension TemplateLexer {
  private mutating func readTextAndMark() throws {
    var index = position
    while index < source.count, !isMark(at: index) { index += 1 }
    let text = position..<index
    guard index < source.count else {
      add(.data(PythonString(source[text])))
      return advance(to: index)
    }
    if let end = rawBlockBegin(at: index) {
      addData(text, sign: sign(after: index), isVariable: false)
      advance(to: end)
      return try readRaw()
    }
    let mark = source[index + 1]
    let sign = sign(after: index)
    addData(text, sign: sign, isVariable: mark == "{")
    advance(to: index + (sign == nil ? 2 : 3))
    switch mark {
    case "{": try readTag(isVariable: true)
    case "%": try readTag(isVariable: false)
    default: try skipComment()
    }
  }

  private func isMark(at index: Int) -> Bool {
    guard source[index] == "{", index + 1 < source.count else { return false }
    let next = source[index + 1]
    return next == "{" || next == "%" || next == "#"
  }

  private func sign(after mark: Int) -> Unicode.Scalar? {
    guard mark + 2 < source.count, source[mark + 2] == "-" || source[mark + 2] == "+" else { return nil }
    return source[mark + 2]
  }

  /// Adds the text before a mark, without the white space that the mark takes away.
  private mutating func addData(_ range: Range<Int>, sign: Unicode.Scalar?, isVariable: Bool) {
    var text = source[range]
    if sign == "-" {
      while let last = text.last, last.isPythonSpace { text.removeLast() }
    } else if sign == nil, !isVariable {
      let lineBegin = text.lastIndex(of: "\n").map { $0 + 1 } ?? range.lowerBound
      if lineBegin > range.lowerBound || isAtLineStart, text[lineBegin...].allSatisfy(\.isPythonSpace) {
        text = text[..<lineBegin]
      }
    }
    if !text.isEmpty { add(.data(PythonString(text))) }
    advance(to: range.upperBound)
    isAtLineStart = false
  }

  /// Reads the end of a block or comment and the white space that it takes away; false where it does not end here.
  private mutating func readEnd(_ end: StaticString, trimsNewline: Bool, takesPlus: Bool) -> Bool {
    let start = position
    if peek() == "-", starts(with: end, at: position + 1) {
      advance(to: position + 3)
      skipSpaces()
    } else if takesPlus, peek() == "+", starts(with: end, at: position + 1) {
      advance(to: position + 3)
    } else if starts(with: end) {
      advance(to: position + 2)
      if trimsNewline, peek() == "\n" { advance(to: position + 1) }
    } else {
      return false
    }
    isAtLineStart = position > start && source[position - 1] == "\n"
    return true
  }

  private mutating func skipComment() throws {
    let begin = line
    while position < source.count {
      if readEnd("#}", trimsNewline: true, takesPlus: true) { return }
      advance(to: position + 1)
    }
    throw JinjaError(.syntax, "Missing end of comment tag", line: begin)
  }

  /// The end of `{% raw %}` at an index, nil where there is none.
  private func rawBlockBegin(at index: Int) -> Int? {
    guard starts(with: "{%", at: index) else { return nil }
    var end = index + (sign(after: index) == nil ? 2 : 3)
    guard skipWord("raw", &end) else { return nil }
    if starts(with: "%}", at: end) { return end + 2 }
    guard starts(with: "-%}", at: end) else { return nil }
    end += 3
    while end < source.count, source[end].isPythonSpace { end += 1 }
    return end
  }

  private func skipWord(_ word: StaticString, _ index: inout Int) -> Bool {
    func skipSpaces() { while index < source.count, source[index].isPythonSpace { index += 1 } }
    skipSpaces()
    guard starts(with: word, at: index) else { return false }
    index += word.utf8CodeUnitCount
    skipSpaces()
    return true
  }

  private mutating func readRaw() throws {
    isAtLineStart = position > 0 && source[position - 1] == "\n"
    for index in position..<max(position, source.count) where starts(with: "{%", at: index) {
      let sign = sign(after: index)
      var end = index + (sign == nil ? 2 : 3)
      guard skipWord("endraw", &end) else { continue }
      guard starts(with: "%}", at: end) || starts(with: "-%}", at: end) || starts(with: "+%}", at: end) else {
        continue
      }
      addData(position..<index, sign: sign, isVariable: false)
      advance(to: end)
      _ = readEnd("%}", trimsNewline: true, takesPlus: true)
      return
    }
    throw fails("Missing end of raw directive")
  }

  /// The tokens up to the end of a statement or an expression.
  private mutating func readTag(isVariable: Bool) throws {
    add(isVariable ? .variableBegin : .blockBegin)
    var open: [Unicode.Scalar] = []
    while true {
      if open.isEmpty {
        let ends =
          isVariable
          ? readEnd("}}", trimsNewline: false, takesPlus: false) : readEnd("%}", trimsNewline: true, takesPlus: true)
        if ends { return add(isVariable ? .variableEnd : .blockEnd) }
      }
      guard let next = peek() else { return }
      if next.isPythonSpace { skipSpaces() } else { try readTagToken(&open) }
    }
  }
}
