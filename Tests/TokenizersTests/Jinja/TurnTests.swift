import Testing
import Tokenizers

@Suite("Where the turns of a chat are")
struct TurnTests {
  private static let plain = """
    {%- for m in messages %}<{{ m.role }}>{{ m.content }}</{{ m.role }}>{% endfor %}
    """
  private static var chat: ChatRequest {
    ChatRequest([("system", " Be kind. "), ("user", "Hi"), ("assistant", "Hello\n")])
  }

  private func turns(_ template: String, _ request: ChatRequest = chat) throws -> ChatTurns {
    try JinjaTemplate(template).turns(request)
  }

  private func texts(_ turns: ChatTurns) -> [String?] {
    let scalars = Array(turns.text.unicodeScalars)
    return turns.turns.map { turn in
      guard case .found(let ranges) = turn.content else { return nil }
      return ranges.map { range in scalars[range].map { String($0) }.joined() }.joined(separator: "|")
    }
  }

  @Test("contents that are copied are found with their white space")
  func copied() throws {
    let turns = try turns(Self.plain)
    #expect(texts(turns) == [" Be kind. ", "Hi", "Hello\n"])
    #expect(turns.turns.map(\.role) == ["system", "user", "assistant"])
    #expect(try turns.content(of: 1) == 33..<35)
  }

  @Test("contents that are trimmed are found without it, though the template writes the same white space")
  func trimmed() throws {
    let turns = try turns("{% for m in messages %} {{ m.content | trim }}\n{% endfor %}")
    #expect(texts(turns) == ["Be kind.", "Hi", "Hello"])
  }

  @Test("the second of two equal contents is found at its place, not at the first's")
  func equalContents() throws {
    let turns = try turns(Self.plain, ChatRequest([("user", "a"), ("assistant", "a"), ("user", "user")]))
    #expect(try turns.content(of: 0) == 6..<7)
    #expect(try turns.content(of: 1) == 25..<26)
    #expect(texts(turns) == ["a", "a", "user"])
  }

  @Test("a template that looks at how a content begins does not hide it")
  func looksAtTheBeginning() throws {
    let template = "{% for m in messages %}{% if m.content.startswith('H') %}!{% endif %}[{{ m.content }}]{% endfor %}"
    #expect(texts(try turns(template)) == [" Be kind. ", "Hi", "Hello"])
  }

  @Test("what is left out, and what is changed or written twice, is said")
  func noPlace() throws {
    let leftOut = try turns("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}")
    #expect(leftOut.turns[0].content == .leftOut)
    #expect(texts(leftOut) == [nil, "Hi", "Hello\n"])
    #expect(throws: JinjaError.self) { try leftOut.content(of: 0) }
    let changed = try turns("{% for m in messages %}{{ m.content | upper }}{% endfor %}")
    #expect(changed.turns.map(\.content) == [.changed, .changed, .changed])
    let twice = try turns("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}")
    #expect(twice.turns[1].content == .changed)
    let cut = try turns("{% for m in messages %}{{ m.content[:3] }}{% endfor %}")
    #expect(cut.turns[2].content == .changed)
  }

  @Test("the parts of a content that is a list are found one by one")
  func parts() throws {
    let parts = ["One", "two"].map { JinjaValue.dict([("type", .string("text")), ("text", .string($0))]) }
    let message = JinjaValue.dict([("role", .string("user")), ("content", .list(parts))])
    let template = "{% for m in messages %}{% for p in m.content %}<{{ p.text }}>{% endfor %}{% endfor %}"
    let turns = try turns(template, ChatRequest(messages: [message]))
    #expect(turns.turns[0].content == .found([1..<4, 6..<9]))
    #expect(try turns.content(of: 0) == 1..<9)
  }

  @Test("generation blocks say what an assistant's words are")
  func generationBlocks() throws {
    let template = """
      {%- for m in messages %}{% if m.role == 'assistant' %}A:{% generation %}{{ m.content }}.{% endgeneration %}
      {%- else %}U:{{ m.content }}{% endif %}{% endfor %}
      """
    let chat = try JinjaTemplate(template).render(ChatRequest([("user", "é"), ("assistant", "b"), ("assistant", "c")]))
    #expect(chat.text == "U:éA:b.A:c.")
    #expect(chat.generationRanges == [5..<7, 9..<11])
    #expect(try JinjaTemplate(template).hasGenerationBlocks)
  }
}
