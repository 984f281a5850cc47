import Foundation
import TestSupport
import Testing

@Suite("telltale template", .tags(.process))
struct TemplateCommandTests {
  struct Row: Decodable {
    var text: String?
    var error: String?
  }

  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write(
      """
      {{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('No system message!') }}{% endif %}
      {%- for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}
      {%- if tools %}{{ tools | tojson }}{% endif %}{% if add_generation_prompt %}<assistant>{% endif %}
      {%- if thinking is defined %}{{ thinking }}{% endif %}{{ strftime_now(' %d %b') if dated }}
      """, to: "chat.jinja")
  }

  private func render(_ lines: [String], _ more: String...) throws -> [Row] {
    try folder.write(lines.joined(separator: "\n"), to: "chats.jsonl")
    return try Binary.succeed(["template", "render", "chat.jinja", "--messages", "chats.jsonl"] + more, in: folder)
      .rows()
  }

  @Test("each line is rendered with its own variables and the command's, or refused in the template's words")
  func lines() throws {
    let rows = try render(
      [
        #"{"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": true}"#,
        #"{"messages": [{"role": "user", "content": "é"}], "variables": {"tools": [{"b": 1.0, "a": 1}], "thinking": false}}"#,
        #"{"messages": [{"role": "system", "content": "Hi"}]}"#,
        #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b ("}], "continue_final_message": true}"#,
        #"{"messages": [{"role": "user", "content": "Hi"}], "variables": {"dated": true}}"#,
      ], "--variable", "bos_token=<s>", "--variable", "thinking=true", "--date", "2026-01-15")
    #expect(
      rows.map(\.text) == [
        "<s><user>Hi<assistant>True", #"<s><user>é[{"b": 1.0, "a": 1}]False"#, nil, "<s><user>a<assistant>b (",
        "<s><user>HiTrue 15 Jan",
      ])
    #expect(rows[2].error == "No system message!")
  }

  @Test("what cannot be read is said in one sentence with its place")
  func refusals() throws {
    func refuse(_ arguments: [String], _ expected: String...) throws {
      let outcome = try Binary.run(["template", "render"] + arguments, in: folder)
      #expect(outcome.code == 2)
      for text in expected { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
    }
    try folder.write("a\n{% include 'x' %}", to: "wrong.jinja")
    try folder.write(#"{"messages": [1]}"#, to: "chats.jsonl")
    try refuse(["none.jinja", "--messages", "chats.jsonl"], "none.jinja", "cannot be read")
    try refuse(["wrong.jinja", "--messages", "chats.jsonl"], "wrong.jinja:2", "include")
    try refuse(["chat.jinja", "--messages", "chats.jsonl"], "chats.jsonl:1", "is not an object like")
    try refuse(["chat.jinja", "--messages", "chats.jsonl", "--date", "today"], "--date today", "2026-01-15")
    try refuse(["chat.jinja", "--messages", "chats.jsonl", "--variable", "x"], "name=value")
  }
}
