import Foundation
import TestSupport
import Testing

/// Evaluations and sweeps as a user runs them.
@Suite(.serialized) struct EvaluateTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let data = Fixtures.file("datasets/political.jsonl").path
  private static let model = Binary.model("tiny-llama")

  private func makeVector() throws {
    _ = try Binary.succeed(
      ["extract", "--model", Self.model, "--pairs", Self.data, "--layers", "1-2", "--output", "v"], in: folder)
  }

  private func refuse(_ arguments: [String], _ expected: String, sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let outcome = try Binary.run(arguments, in: folder)
    #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.errors.contains(expected), "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
  }

  @Test("A grid has the unsteered model and each layer's scales, in the CSV and as JSON")
  func grids() throws {
    try makeVector()
    let outcome = try Binary.succeed(
      [
        "evaluate", "ab", "--model", Self.model, "--data", Self.data, "--take", "6", "--vector", "v", "--scales",
        "-2,0,1", "--output", "ab.csv", "--json",
      ], in: folder)
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: [[String: Any]]])
    let scales = try #require(rows["rows"]).map { $0["scale"] as? Double }
    #expect(scales == [0, -2, 1, -2, 1])
    let lines = try String(contentsOf: folder.url.appending(path: "ab.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 6 && lines[0].hasPrefix("operation,layer,scale,edit_positions,n,groups,probability"))
  }

  @Test("Unknown layers, scales that are no numbers and another model's vector are refused in one sentence")
  func badInput() throws {
    try makeVector()
    let base = ["--data", Self.data, "--take", "6", "--vector", "v"]
    let ab = ["evaluate", "ab", "--model", Self.model] + base
    try refuse(ab + ["--layers", "9"], "layer 9 does not exist")
    try refuse(ab + ["--layers", "0"], "has no vector for layer 0")
    try refuse(ab + ["--scales", "1,nan"], "the scale nan is no number")
    try refuse(["steer", "sweep", "--model", Self.model] + base + ["--scales", "inf"], "the scale inf is no number")
    try refuse(["steer", "ablation", "--model", Binary.model("tiny-mistral")] + base, "another model")
  }
}
