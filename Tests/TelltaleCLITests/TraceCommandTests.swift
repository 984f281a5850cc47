import Foundation
import TestSupport
import Testing
import Torch

@testable import TelltaleCLI

@Suite("telltale trace", .tags(.process)) struct TraceCommandTests {
  private let folder: ScratchFolder
  private let vector: String

  init() throws {
    folder = try ScratchFolder()
    let url = folder.url.appending(path: "v.safetensors")
    try SafetensorsFile.write(["layer.1": Tensor.randomNormal([64], seed: 4)], to: url)
    vector = url.path
    try folder.write(
      #"{"messages": [{"role": "user", "content": "Hello there"}, {"role": "assistant", "content": "Good day </script>"}]}"#,
      to: "chat.jsonl")
  }

  private func trace(_ arguments: String...) throws -> Binary.Outcome {
    try Binary.succeed(
      ["trace", "--model", Binary.model("tiny-llama"), "--vector", "mine=\(vector)"] + arguments, in: folder)
  }

  private struct Row: Decodable {
    struct Token: Decodable {
      var text: String
      var turn: Int?
    }
    struct Series: Decodable {
      struct Scores: Decodable { var tokens: [Double?] }
      var vector: String
      var layer: Int
      var cosine: Scores
    }
    var tokens: [Token]
    var series: [Series]
  }

  @Test("A chat is printed message by message, each token with a bar of its own")
  func strip() throws {
    let lines = try trace("--chat", "chat.jsonl", "--template", "chatml").output.split(separator: "\n").map(String.init)
    #expect(lines[0].hasPrefix("mine, layer 1, cosine: "))
    #expect(lines[1].hasPrefix("[user] mean ") && lines[2] == "Hello there" && lines[3].count == lines[2].count)
    #expect(lines[4].hasPrefix("[assistant] ") && lines[5] == "Good day </script>")
    #expect(!lines.contains { $0.contains("\u{1B}") }, "no colour where stdout is no terminal")
  }

  @Test("JSON has a score for every token")
  func json() throws {
    let row = try #require(try trace("--prompt", "Hello there", "--json").rows(Row.self).first)
    #expect(row.series.map(\.vector) == ["mine"] && row.series[0].layer == 1)
    #expect(row.series[0].cosine.tokens.count == row.tokens.count)
    #expect(row.series[0].cosine.tokens.allSatisfy { abs($0 ?? 2) <= 1 })
  }

  @Test("The page holds the numbers, and nothing of a chat can end its script")
  func page() throws {
    _ = try trace("--chat", "chat.jsonl", "--template", "chatml", "--html", "trace.html")
    let html = try String(contentsOf: folder.url.appending(path: "trace.html"), encoding: .utf8)
    #expect(html.components(separatedBy: "</script>").count == 3, "its own two scripts end, and nothing else")
    #expect(html.contains(#"\u003c"#) && html.contains("Content-Security-Policy"))
  }

  @Test("A chat that the template refuses is named with file and line")
  func refusal() throws {
    try folder.write(#"{"messages": []}"#, to: "empty.jsonl")
    let outcome = try Binary.run(
      [
        "trace", "--model", Binary.model("tiny-llama"), "--vector", vector, "--chat", "empty.jsonl", "--template",
        "chatml",
      ], in: folder)
    #expect(outcome.code == 2 && outcome.errors.contains("empty.jsonl:1: "), "\(outcome.errors)")
  }

  @Test("A strip keeps its width, breaks at new lines, and colours only where asked")
  func stripLines() {
    let tokens = [("aaaa", 0.0), (" bbbb", 1), ("\ncc", 0.5)]
    let plain = TraceStrip.lines(tokens.map { ($0.0, $0.1) }, range: 0...1, width: 20, colour: false)
    #expect(
      plain == [
        "aaaa bbbb", "\u{2581}\u{2581}\u{2581}\u{2581}\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}", "cc",
        "\u{2585}\u{2585}",
      ])
    let coloured = TraceStrip.lines(tokens.map { ($0.0, $0.1) }, range: 0...1, width: 20, colour: true)
    #expect(coloured.count == 2 && coloured[0].contains("\u{1B}[48;5;"))
  }
}
