import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Small templates, rendered by Jinja 2")
struct SnippetTests {
  @Test("every statement, operator, filter, test and method prints what Jinja prints, or is refused as there")
  func snippets() throws {
    let rows = try TemplateRow.read(Fixtures.file("jinja/snippets.jsonl"))
    #expect(rows.count > 1200)
    for row in rows {
      switch outcome(row.template, row.request) {
      case .success(let text):
        #expect(row.text.map { Array($0.utf8) } == Array(text.utf8), "\(row.template.debugDescription)")
      case .failure(let error):
        #expect(row.text == nil, "\(row.template.debugDescription): \(error)")
        if let message = row.message { #expect(error.message == message, "\(row.template.debugDescription)") }
      }
    }
  }

  @Test("a refusal by raise_exception is the template's sentence and nothing else")
  func sentences() {
    guard case .failure(let error) = outcome("\n{{ raise_exception('Roles must alternate!') }}") else {
      Issue.record("not refused")
      return
    }
    #expect(error.code == .refused)
    #expect("\(error)" == "Roles must alternate!")
  }

  @Test(
    "what is not supported is refused by name, with the line",
    arguments: [
      (
        "\n{% include 'x' %}",
        "line 2 of the template: the statement 'include' is not supported: a chat template is one file"
      ),
      ("a\nb{{ x | urlize }}", "line 2 of the template: the filter 'urlize' is not known"),
      ("{{ 1 is prime }}", "line 1 of the template: the test 'prime' is not known"),
      ("\n\n{{ 'a'.encode() }}", "line 3 of the template: the method 'encode' of str is not supported"),
      ("{% if true %}\n{{ x|urlize }}{% endif %}", "line 2 of the template: No filter named 'urlize' found."),
    ])
  func names(_ template: String, _ wanted: String) {
    #expect(outcome(template).failure.map { "\($0)" } == wanted)
  }

  @Test("an error in a macro names the macro's line, and one after its call the line of the call")
  func lines() {
    #expect(outcome("{% macro m() %}\n{{ 1 + 'a' }}{% endmacro %}\n\n{{ m() }}").failure?.line == 2)
    #expect(outcome("{% macro m() %}\n{{ 1 }}{% endmacro %}\n\n{{ m() + 1 }}").failure?.line == 4)
  }
}

extension Result {
  var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
