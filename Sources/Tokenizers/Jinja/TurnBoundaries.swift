/// Where a message's words are in a rendered chat.
package enum ContentPlace: Equatable, Sendable {
  /// The words of the content as they are, or without the white space around them: per text of the content (a string
  /// has one, a list one for each part with text) its place in Unicode scalars.
  case found([Range<Int>])
  /// The template leaves the message out.
  case leftOut
  /// The template writes something else than the content, or writes it more than once.
  case changed
}

/// A message of a rendered chat: who speaks, and where.
package struct ChatTurn: Equatable, Sendable {
  package let role: String
  package let content: ContentPlace
}

/// A rendered chat whose turns are known.
package struct ChatTurns {
  package let text: String
  package let turns: [ChatTurn]

  /// The place of a message's content.
  ///
  /// - Throws: where the template does not copy the content, which then has no place.
  package func content(of message: Int) throws(JinjaError) -> Range<Int> {
    let what: String
    switch turns[message].content {
    case .found(let ranges):
      if let first = ranges.first, let last = ranges.last { return first.lowerBound..<last.upperBound }
      what = "has no text"
    case .leftOut: what = "is left out by the chat template"
    case .changed: what = "is changed by the chat template"
    }
    throw JinjaError(.runtime, "message \(message + 1) (\(turns[message].role)) \(what), so its words have no place")
  }
}

extension JinjaTemplate {
  /// A chat and where the content of each message is in its text.
  ///
  /// A mark that no text has is put into one content after another. If the text of the chat is the same but for the
  /// marks, each of which is in it once, then the marks say where the content went; a template that looks at the
  /// content, cuts it or turns it into something else is noticed by that.
  package func turns(_ request: ChatRequest) throws(JinjaError) -> ChatTurns {
    let text = try scalars(request).text
    let finder = try TurnFinder(self, request, text)
    let turns = request.messages.indices.map { index in
      ChatTurn(role: finder.role(index), content: finder.place(of: index))
    }
    return ChatTurns(text: text.string, turns: turns)
  }
}

/// Finds the contents of a chat by marks.
private struct TurnFinder {
  private let template: JinjaTemplate
  private let request: ChatRequest
  private let text: PythonString
  private let mark: Unicode.Scalar

  init(_ template: JinjaTemplate, _ request: ChatRequest, _ text: PythonString) throws(JinjaError) {
    self.template = template
    self.request = request
    self.text = text
    // Private use: no tokenizer's text has them, and no case and no white space changes them.
    let taken = Set(text.scalars)
    guard let mark = (0xF8A0...0xF8FF).lazy.compactMap(Unicode.Scalar.init).first(where: { !taken.contains($0) }) else {
      throw JinjaError(.runtime, "the chat has every character that could mark a place in it")
    }
    self.mark = mark
  }

  func role(_ index: Int) -> String {
    guard case .dict(let message) = request.messages[index] else { return "" }
    return message["role"]?.text?.string ?? ""
  }

  func place(of index: Int) -> ContentPlace {
    let texts = contentTexts(index)
    var ranges: [Range<Int>] = []
    for part in texts.indices {
      switch place(of: texts[part], part, in: index) {
      case .found(let found): ranges += found
      case .leftOut: return .leftOut
      case .changed: return .changed
      }
    }
    return .found(ranges)
  }

  /// The texts of a content: itself, or those of its parts.
  private func contentTexts(_ index: Int) -> [PythonString] {
    guard case .dict(let message) = request.messages[index], let content = message["content"] else { return [] }
    if let text = content.text { return [text] }
    guard case .list(let parts) = content else { return [] }
    return parts.items.compactMap { part in
      if case .dict(let dict) = part { return dict["text"]?.text }
      return nil
    }
  }

  private func place(of content: PythonString, _ part: Int, in index: Int) -> ContentPlace {
    let core = content.stripped()
    let lead = content.count - content.stripped(.left).count
    // The whole content; then only its words, whose white space a template may trim; then from within, for templates
    // that look at how a content begins or ends.
    let tries = [(0, content.count), (lead, lead + core.count), (lead + core.count / 2, lead + core.count / 2)]
    for (start, end) in tries {
      guard let found = marked(content, start, end, part, in: index) else { continue }
      let range = found.lowerBound - start..<found.lowerBound - start + content.count
      if start == 0, end == content.count, matches(content, at: range) { return .found([range]) }
      let inner = found.lowerBound - (start - lead)..<found.lowerBound - (start - lead) + core.count
      if !core.isEmpty, matches(core, at: inner) { return .found([inner]) }
    }
    return isLeftOut(content, part, in: index) ? .leftOut : .changed
  }

  private func matches(_ content: PythonString, at range: Range<Int>) -> Bool {
    range.lowerBound >= 0 && range.upperBound <= text.count && text.matches(content, at: range.lowerBound)
  }

  /// The place between two marks in the text without them, nil where the template does not only copy them.
  private func marked(
    _ content: PythonString, _ start: Int, _ end: Int, _ part: Int, in index: Int
  ) -> Range<Int>? {
    let sign = PythonString([mark])
    let marked = content[0..<start] + sign + content[start..<end] + sign + content[end..<content.count]
    guard let rendered = render(marked, part, in: index) else { return nil }
    let places = rendered.scalars.indices.filter { rendered.scalars[$0] == mark }
    guard places.count == 2, rendered.scalars.filter({ $0 != mark }) == text.scalars else { return nil }
    return places[0]..<places[1] - 1
  }

  /// Whether the text does not depend on the content.
  private func isLeftOut(_ content: PythonString, _ part: Int, in index: Int) -> Bool {
    render(PythonString([mark]) + content + PythonString([mark]), part, in: index) == text
  }

  private func render(_ content: PythonString, _ part: Int, in index: Int) -> PythonString? {
    var request = request
    guard case .dict(let message) = request.messages[index], let old = message["content"] else { return nil }
    request.messages[index] = .dict(message.setting("content", to: replacing(part, of: old, by: content)))
    return try? template.scalars(request).text
  }

  private func replacing(_ part: Int, of content: JinjaValue, by text: PythonString) -> JinjaValue {
    guard case .list(let parts) = content else { return .string(text) }
    var index = -1
    return .list(
      parts.items.map { item in
        guard case .dict(let dict) = item, dict["text"]?.text != nil else { return item }
        index += 1
        return index == part ? .dict(dict.setting("text", to: .string(text))) : item
      })
  }
}
