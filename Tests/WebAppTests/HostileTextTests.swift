import Foundation
import Foundations
import TestSupport
import Testing

@testable import WebApp

@Suite("What models and data sets say is shown as text")
struct HostileTextTests {
  static let hostile = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' autofocus onfocus='alert(1)", "<div", "</div></main></body></html>", "<!--", "]]>", "&lt;b&gt; &amp; &#60;",
    "javascript:alert(1)", "{{7*7}} ${7*7} <%= 7*7 %>", "\u{0}\u{1}\u{8}\u{1B}[31mred\u{7F}\u{85}",
    "\u{202E}desrever\u{2066}",
    "line\r\nbreak\u{2028}another", "\u{FEFF}<b>", "\u{FFFD}\u{10FFFF}", String(repeating: "<b>long ", count: 140_000),
  ]

  @Test("In pages every character is escaped", arguments: hostile.indices) func inPagesEveryCharacterIsEscaped(
    _ index: Int
  ) {
    let html: HTML = "<p title=\"\(Self.hostile[index])\">\(Self.hostile[index])</p>"
    let inner = html.markup.dropFirst("<p title=\"".count).dropLast("</p>".count)
    #expect(!inner.contains("<") && !inner.contains("'"))
    #expect(inner.filter { $0 == "\"" }.count == 1 && inner.filter { $0 == ">" }.count == 1)
    #expect(!inner.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
  }

  @Test("Control characters show")
  func controlCharactersShow() {
    #expect(
      SafeText.visible("a\u{0}b\u{1B}[0m\u{7F}\r\n\tc\u{202E}d\u{85}")
        == "a\u{2400}b\u{241B}[0m\u{2421}\u{240D}\n\tc\u{27E8}U+202E\u{27E9}d\u{27E8}U+85\u{27E9}")
    #expect(SafeText.visible("plain, é, 日本\n") == "plain, é, 日本\n")
  }

  @Test("A server sends them as text only")
  func aServerSendsThemAsTextOnly() async throws {
    let answers = Self.hostile.map {
      GradedRun.Answer(question: $0, prompt: $0, continuation: $0, correct: [$0], incorrect: [$0])
    }
    let run = try GradedRun(answers, about: Self.hostile[0])
    try FileManager.default.moveItem(
      at: run.url, to: run.folder.url.appending(path: "<img src=x onerror=alert(1)> & \"run\""))
    let name = Query.encoded("<img src=x onerror=alert(1)> & \"run\"")
    let shown = try await RunningServer.serving(run.folder.url) { server, client in
      for path in [
        "/", "/runs/\(name)", "/runs/\(name)/grade", "/runs/\(name)/grade?rater=ann", "/runs/\(name)/labels",
      ] {
        let reply = try client.send("GET", path, server.bearer)
        #expect(reply.status == 200 && !reply.text.contains("<script>") && !reply.text.contains("<img"), "\(path)")
      }
      var shown: Set<String> = []
      for place in Self.hostile.indices {
        let reply = try client.send("GET", "/runs/\(name)/grading/turn?rater=ann&from=\(place)", server.bearer)
        #expect(reply.headers["content-type"] == "application/json; charset=utf-8")
        let item = try #require(try reply.json(Turn.self).item)
        #expect(item.question == item.continuation && item.correct == [item.prompt] && item.incorrect == [item.prompt])
        shown.insert(item.continuation)
      }
      return shown
    }
    #expect(shown == Set(Self.hostile.map { SafeText.visible($0) }))
  }
}
