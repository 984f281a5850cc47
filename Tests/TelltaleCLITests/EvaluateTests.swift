import Foundation
import TestSupport
import Testing
import Torch

/// Evaluations and sweeps as a user runs them.
@Suite(.serialized, .tags(.process)) struct EvaluateTests {
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
    let lines = outcome.errors.split(separator: "\n").filter {
      $0.hasPrefix("telltale: ") && !$0.hasPrefix("telltale: warning: ")
    }
    #expect(lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
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

  // MARK: The kinds

  private func rows(_ arguments: [String]) throws -> [[String: Any]] {
    let outcome = try Binary.succeed(arguments + ["--json"], in: folder)
    let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return try #require((object as? [String: [[String: Any]]])?["rows"])
  }

  private func golden() throws -> [String: Any] {
    let data = try Data(contentsOf: Fixtures.file("evaluation/golden.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func numbers(_ rows: [[String: Any]], _ column: String) -> [Double] {
    rows.compactMap { $0[column] as? Double }
  }

  @Test("truthfulqa prints transformers' MC1, MC2 and MC3 for the unsteered model, and others where it is steered")
  func truthfulQA() throws {
    try makeVector()
    let rows = try rows([
      "evaluate", "truthfulqa", "--model", Self.model, "--dtype", "float32", "--data",
      Fixtures.file("datasets/mc_task.json").path, "--vector", "v", "--layers", "2", "--scales", "8",
    ])
    let golden = try #require(try golden()["rows"] as? [[String: Any]])
    for column in ["mc1", "mc2", "mc3"] {
      let expected = numbers(golden, column)
      #expect(abs(try #require(rows[0][column] as? Double) - expected.reduce(0, +) / Double(expected.count)) < 1e-3)
    }
    #expect(rows.count == 2 && rows[1]["scale"] as? Double == 8)
    #expect(abs(numbers(rows, "mc2")[0] - numbers(rows, "mc2")[1]) > 1e-3)
    #expect(numbers(rows, "positions_edited")[0] == 0 && numbers(rows, "positions_edited")[1] > 0)
  }

  @Test("perplexity prints transformers' loss, and a text is less expected by a model that is steered hard")
  func perplexity() throws {
    try makeVector()
    let golden = try golden()
    try folder.write(try #require(golden["text"] as? String), to: "text.txt")
    let rows = try rows([
      "evaluate", "perplexity", "--model", Self.model, "--dtype", "float32", "--data", "text.txt", "--vector", "v",
      "--layers", "1", "--scales", "50", "--edit-positions", "all", "--ablate",
    ])
    let losses = numbers(rows, "loss")
    #expect(abs(losses[0] - (try #require(golden["text_loss"] as? Double))) < 1e-4)
    #expect(rows.map { $0["operation"] as? String } == ["none", "add", "ablate"] && Set(losses).count == 3)
    #expect(zip(losses, numbers(rows, "perplexity")).allSatisfy { abs(exp($0) / $1 - 1) < 1e-9 })
    #expect(rows.allSatisfy { $0["tokens"] as? Int == golden["text_tokens"] as? Int })
  }

  @Test("open writes every cell's answers to every question, in an order that does not tell, with a place for grades")
  func open() throws {
    try makeVector()
    let data = Fixtures.file("datasets/caa-open-ended.json").path
    let outcome = try Binary.succeed(
      [
        "evaluate", "open", "--model", Self.model, "--data", data, "--take", "3", "--max-tokens", "3", "--vector", "v",
        "--layers", "2", "--scales", "4", "--output", "open.csv",
      ], in: folder)
    #expect(outcome.output.contains("written to open.csv"))
    let rows = try rows([
      "evaluate", "open", "--model", Self.model, "--data", data, "--take", "3", "--max-tokens", "3", "--vector", "v",
      "--layers", "2", "--scales", "4",
    ])
    #expect(rows.count == 6 && rows.allSatisfy { $0["grade"] is NSNull && $0["answer"] is String })
    let cells = rows.map { ($0["operation"] as? String ?? "") }
    #expect(cells.count { $0 == "none" } == 3 && cells.count { $0 == "add" } == 3 && cells != cells.sorted())
    let header = try String(contentsOf: folder.url.appending(path: "open.csv"), encoding: .utf8).prefix { $0 != "\n" }
    #expect(header.hasPrefix("id,question,answer,grade,end,reference"))
  }

  @Test("capability gives MMLU's CSV an accuracy, and a row without a right answer is refused by line")
  func capability() throws {
    try makeVector()
    try folder.write(
      "question,A,B,C,D,answer\nTwo and two?,3,4,5,6,B\nOne and one?,2,1,0,3,A\nThree?,1,3,2,0,1\n", to: "exam.csv")
    let arguments = ["evaluate", "capability", "--model", Self.model, "--vector", "v", "--data"]
    let rows = try rows(arguments + ["exam.csv", "--layers", "2", "--scales", "3"])
    #expect(rows.count == 2 && rows.allSatisfy { $0["n"] as? Int == 3 && $0["groups"] as? Int == 3 })
    // Three questions: thirds, and p of four letters lies between nothing and everything.
    #expect(numbers(rows, "accuracy").allSatisfy { ($0 * 3).rounded() == ($0 * 3) && (0...1).contains($0) })
    #expect(numbers(rows, "probability").allSatisfy { $0 > 0 && $0 < 1 })
    #expect(numbers(rows, "margin")[0] != numbers(rows, "margin")[1])
    try folder.write("question,A,B,C,D,answer\nTwo and two?,3,4,5,6,E\n", to: "wrong.csv")
    try refuse(arguments + ["wrong.csv"], "wrong.csv:2")
  }

  @Test("A zero vector, a pickle and a GGUF file in a vector's place are refused by every kind", arguments: kinds)
  func noVectors(_ kind: String, _ data: String) throws {
    try folder.write("Some text to read.\n", to: "text.txt")
    try SafetensorsFile.write(["layer.1": Tensor.zeros([64])], to: folder.url.appending(path: "zero.safetensors"))
    let data = data == "text.txt" ? data : Fixtures.file("datasets/\(data)").path
    let base = ["evaluate", kind, "--model", Self.model, "--data", data, "--vector"]
    try refuse(base + ["zero.safetensors"], "is zero at layer 1")
    try refuse(base + [Fixtures.file("exchange/hostile/system.pt").path], "system.pt: is another tool's vector file")
    try refuse(base + [Fixtures.file("exchange/control.gguf").path], "control.gguf: is another tool's vector file")
  }

  private static let kinds = [
    ("ab", "political.jsonl"), ("truthfulqa", "mc_task.json"), ("open", "caa-open-ended.json"),
    ("perplexity", "text.txt"), ("capability", "political.jsonl"),
  ]
}
