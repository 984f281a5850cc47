import Testing
import Tokenizers

@Suite("A final message that is to be continued")
struct ContinuationTests {
  private func continued(_ template: String, _ content: String) throws -> String {
    var request = ChatRequest([("user", "q"), ("assistant", content)])
    request.continuesFinalMessage = true
    return try JinjaTemplate(template).render(request).text
  }

  @Test("the text ends where the content does, with its white space where the template keeps it")
  func kept() throws {
    let template = "{% for m in messages %}<{{ m.content }}>{% endfor %}"
    #expect(try continued(template, "The answer is (") == "<q><The answer is (")
    #expect(try continued(template, "a ") == "<q><a ")
  }

  @Test("white space that the template trims is trimmed")
  func trimmed() throws {
    #expect(try continued("{% for m in messages %}<{{ m.content | trim }}>{% endfor %}", "a ") == "<q><a")
  }

  @Test("a content that is not in the text, or no text at all, is refused")
  func refused() throws {
    #expect(throws: JinjaError.self) { try continued("{{ messages[0].content }}", "a") }
    #expect(throws: JinjaError.self) { try continued("{{ messages[1].content | upper }}", "abc") }
    var request = ChatRequest(messages: [])
    request.continuesFinalMessage = true
    #expect(throws: JinjaError.self) { try JinjaTemplate("").render(request) }
    request = ChatRequest([("assistant", "a")], addsGenerationPrompt: true)
    request.continuesFinalMessage = true
    #expect(throws: JinjaError.self) { try JinjaTemplate("{{ messages[0].content }}").render(request) }
  }

  @Test("of a list of parts the last text is continued")
  func parts() throws {
    let parts: [JinjaValue] = [
      .dict([("text", .string("a"))]), .dict([("text", .string("b"))]), .dict([("image", .none)]),
    ]
    var request = ChatRequest(messages: [.dict([("role", .string("assistant")), ("content", .list(parts))])])
    request.continuesFinalMessage = true
    let template = try JinjaTemplate("{% for p in messages[0].content %}{{ p.text }};{% endfor %}")
    #expect(try template.render(request).text == "a;b")
  }
}
