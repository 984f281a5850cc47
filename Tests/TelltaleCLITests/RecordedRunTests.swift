import Foundation
import TestSupport
import Testing

/// A recording and a vector that no run has put together, reported and exported as a run is.
@Suite(.serialized, .tags(.process)) struct RecordedRunTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let model = ["--model", Binary.model("tiny-llama"), "--seed", "1"]
  private static let data = Fixtures.file("datasets/political.jsonl").path

  private func made() throws {
    _ = try Binary.succeed(
      [
        "record", "--data", Self.data, "--part", "test", "--label", "forced-choice", "--max-tokens", "1",
        "--record-layers", "0-2", "--output", "answers to part.2",
      ] + Self.model, in: folder)
    _ = try Binary.succeed(
      [
        "extract", "--pairs", Self.data, "--part", "train", "--layers", "1-3", "--keep-differences", "--output",
        "user's side.safetensors",
      ] + Self.model, in: folder)
  }

  private static let source = ["--recording", "answers to part.2", "--vector", "user's side.safetensors"]

  @Test("A recording and a vector have the page and the tables of a run, with the layers that they share")
  func page() throws {
    try made()
    _ = try Binary.succeed(["report"] + Self.source + ["--output", "page.html"], in: folder)
    let page = try String(contentsOf: folder.url.appending(path: "page.html"), encoding: .utf8)
    #expect(page.contains("user-s-side") && page.contains("answers-to-part-2") && page.contains("AUROC"))

    let said = try Binary.succeed(["export"] + Self.source + ["--output", "exported"], in: folder).output
    #expect(said.contains("answers") && said.contains("scores"))
    let vectors = try String(contentsOf: folder.url.appending(path: "exported/vectors.csv"), encoding: .utf8)
    #expect(vectors.contains("answers") && vectors.contains("user-s-side"))
    let scores = try String(contentsOf: folder.url.appending(path: "exported/scores.csv"), encoding: .utf8)
      .split(separator: "\n")
    // As predict --recording has it: layers 1 and 2.
    let layers = try #require(scores.first).split(separator: ",").firstIndex(of: "layer")
    let seen = Set(scores.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false)[layers ?? 0] })
    #expect(seen == ["1", "2"])
    #expect(
      try folder.names().sorted() == [
        "answers to part.2", "exported", "page.html", "user's side.differences.safetensors", "user's side.safetensors",
      ])
  }

  @Test("A page of a recording needs a vector and a place to be written to")
  func refusals() throws {
    for (arguments, expected) in [
      (["report", "--recording", "x"], "--recording and --vector go together"),
      (["report", "--recording", "x", "--vector", "y"], "name the file with --output"),
      (["report"], "name a run directory, or --recording and --vector"),
      (["export", "run", "--recording", "x", "--vector", "y", "--output", "z"], "name a run directory, or"),
    ] {
      let outcome = try Binary.run(arguments, in: folder)
      #expect(outcome.code == 2 && outcome.errors.contains(expected), "\(outcome.errors)")
    }
  }
}
