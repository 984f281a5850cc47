import Experiments
import Foundation
import Foundations
import TestSupport
import Testing

@testable import Reports

@Suite("Texts of models and data sets stay texts")
struct HostileTextTests {
  @Test("Nothing of them is markup")
  func nothingOfThemIsMarkup() throws {
    let made = try MadePage(rows: 48, layers: 1, hostile: true)
    let html = try made.html()
    let json = try MadePage.json(in: html)
    #expect(!json.contains("<"), "nothing in the data can end its element")
    // The page's own elements and nothing else: three scripts, no handler, no image.
    #expect(html.components(separatedBy: "<script").count - 1 == 3)
    #expect(html.components(separatedBy: "</script>").count - 1 == 3)
    let page = html.replacingOccurrences(of: json, with: "")
    for piece in ["<img", "<svg", "<iframe", "<b>unclosed"] { #expect(!page.contains(piece), "\(piece)") }
    let texts = try MadePage.document(in: html).answers[0].text
    for text in SyntheticRun.texts where text.count < 100 {
      #expect(texts.contains(SafeText.visible(text)), "\(text)")
    }
    // A text of 1 MB is cut, with a note.
    #expect(html.utf8.count < 1_000_000)
    let long = try #require(texts.first { $0.hasPrefix("long long") })
    #expect(long.hasSuffix(" more characters are in telltale.sqlite]") && long.count < 3_000)
  }

  @Test("Control characters are shown as pictures")
  func controlCharactersAreShownAsPictures() {
    #expect(SafeText.visible("a\u{0}b\u{1B}[1m\tc\nd") == "a\u{2400}b\u{241B}[1m\tc\nd")
    #expect(SafeText.visible("x\u{202E}y\u{7F}") == "x\u{27E8}U+202E\u{27E9}y\u{2421}")
    #expect(SafeText.visible("naïve 日本 👩‍🔬") == "naïve 日本 👩‍🔬")
    #expect(SafeText.visible("12345", limit: 3) == "123 [2 more characters are in telltale.sqlite]")
  }

  @Test("JSON escapes what ends a script")
  func jsonEscapesWhatEndsAScript() throws {
    let texts = ["</script>", "<!--", "a\u{2028}b\u{2029}c", "é€", "\u{2027}"]
    let json = try ScriptSafe.json(texts)
    #expect(!json.contains("<") && !json.contains("\u{2028}") && !json.contains("\u{2029}"))
    #expect(try JSONDecoder().decode([String].self, from: Data(json.utf8)) == texts)
  }

  @Test("The digest of a script is base64")
  func theDigestOfAScriptIsBase64() {
    // printf abc | sha256sum | xxd -r -p | base64
    #expect(Base64.ofHexadecimal(ContentHash.sha256("abc")) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
  }

  @Test("Nothing but the pages own scripts may run")
  func nothingButThePagesOwnScriptsMayRun() throws {
    let policy = Page.policy("script")
    #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe-eval"))
    #expect(policy.contains("script-src 'sha256-\(Plotly.hash)' 'sha256-"))
  }
}
