import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Published templates, rendered by transformers", .enabled(if: Fixtures.hasShared("templates/golden.jsonl")))
struct GoldenTemplateTests {
  @Test("54 templates render 10 chats each byte for byte, and refuse what they refuse")
  func golden() throws {
    let rows = try TemplateRow.read(Fixtures.shared("templates/golden.jsonl"))
    #expect(rows.count == 540)
    var templates: [String: JinjaTemplate] = [:]
    for row in rows {
      if templates[row.template] == nil { templates[row.template] = try Self.template(row.template) }
      var request = row.request
      request.specialTokens = ChatRequest.goldenTokens
      do {
        let text = try #require(templates[row.template]).render(request).text
        #expect(row.text.map { Array($0.utf8) } == Array(text.utf8), "\(row.template)")
      } catch let error as JinjaError {
        #expect(row.text == nil, "\(row.template): \(error)")
        let prefix = "TemplateError: "
        if let sentence = row.error, sentence.hasPrefix(prefix) {
          #expect("\(error)" == sentence.dropFirst(prefix.count))
        }
      }
    }
  }

  /// What the published templates make of a content: whose words keep their place.
  @Test("the words of each message are found in the text, or said to be left out or changed")
  func turns() throws {
    var (found, other) = (0, 0)
    for row in try TemplateRow.read(Fixtures.shared("templates/golden.jsonl")) where row.text != nil {
      var request = row.request
      request.specialTokens = ChatRequest.goldenTokens
      let chat = try Self.template(row.template).turns(request)
      #expect(chat.text == row.text)
      let scalars = Array(chat.text.unicodeScalars)
      for (index, turn) in chat.turns.enumerated() {
        guard case .found(let ranges) = turn.content else {
          other += 1
          continue
        }
        found += 1
        let content = contents(row.request)[index]
        for range in ranges {
          var written = String.UnicodeScalarView()
          written.append(contentsOf: scalars[range])
          let text = String(written)
          #expect(text == content || text == content.trimmingCharacters(in: .whitespacesAndNewlines), "\(row.template)")
        }
      }
    }
    #expect(found > 700)
    #expect(other < found / 10)
  }

  private func contents(_ request: ChatRequest) -> [String] {
    request.messages.map { message in
      guard case .dict(let dict) = message, case .string(let text)? = dict["content"] else { return "" }
      return text.string
    }
  }

  private static func template(_ name: String) throws -> JinjaTemplate {
    let file = Fixtures.shared("templates/\(name).jinja")
    return try JinjaTemplate(String(contentsOf: file, encoding: .utf8))
  }
}
