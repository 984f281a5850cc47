import Foundation
import TestSupport
import Testing

/// Published numbers as recipes, carried out on a model at random in the place of the papers' own.
@Suite(.serialized, .tags(.process)) struct ReproduceTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private struct Answer: Decodable {
    let recipe, measure, verdict: String
    let measured, published, tolerance: Double?
    let source: String?
  }

  private static let standIn = ["--model", Binary.model("tiny-llama"), "--template", "chatml", "--json"]

  private func reproduce(_ name: String, _ files: [String], _ more: [String] = []) throws -> [Answer] {
    let named = files.flatMap { ["--file", $0] }
    let outcome = try Binary.succeed(["reproduce", name] + named + more + Self.standIn, in: folder)
    return try JSONDecoder().decode([Answer].self, from: Data(outcome.output.utf8))
  }

  private static func file(_ role: String, _ path: String) -> String { "\(role)=\(Fixtures.file(path).path)" }

  @Test("Every recipe is listed with its model, and every published number with its source")
  func list() throws {
    let listed = try Binary.succeed(["reproduce", "--list"], in: folder).output
    for name in [
      "caa-sycophancy-7b", "caa-sycophancy-13b", "caa-refusal-7b", "caa-refusal-13b", "refusal-llama-3-8b",
      "refusal-llama-2-7b", "refusal-yi-6b", "truthfulqa-gpt2-xl", "persona-sycophancy-qwen-2.5-7b",
    ] {
      #expect(listed.contains("\(name): "))
    }
    #expect(listed.contains("p(matching), multiplier 0: 0.69 +- 0.03  [nrimsky/CAA"))
    #expect(listed.contains("p(matching), multiplier 0: 0.757 +- 0.03  [nrimsky/CAA"))
    #expect(listed.contains("c30cf173") && listed.contains("0becbb4e") && listed.contains("not read"))
  }

  @Test("Contrastive activation addition gives what extract and evaluate give, with both published tables")
  func addition() throws {
    let pairs = Fixtures.file("datasets/caa-ab.json").path
    let rows = try reproduce("caa-sycophancy-7b", ["pairs=\(pairs)", "test=\(pairs)"])
    #expect(rows.map(\.published) == [0.54, 0.637, 0.69, 0.757, 0.62, 0.814])
    #expect(rows.allSatisfy { $0.verdict == "shape only" && $0.source != nil })
    // Layer 13 of 32 is layer 1 of 4.
    let chat = ["--model", Binary.model("tiny-llama"), "--style", "chat", "--template", "chatml"]
    _ = try Binary.succeed(
      ["extract", "--pairs", pairs, "--layers", "1", "--output", "v"] + chat, in: folder)
    let swept = try Binary.succeed(
      [
        "evaluate", "ab", "--data", pairs, "--vector", "v", "--layers", "1", "--scales", "-1,0,1", "--edit-positions",
        "from-prompt-end", "--json",
      ] + chat, in: folder)
    let cells = try #require(
      try JSONSerialization.jsonObject(with: Data(swept.output.utf8)) as? [String: [[String: Any]]])["rows"]
    let byScale = Dictionary(
      uniqueKeysWithValues: try #require(cells).map { ($0["scale"] as? Double ?? .nan, $0["probability"] as? Double) })
    for (row, scale) in zip(rows, [-1.0, -1, 0, 0, 1, 1]) {
      let expected = try #require(byScale[scale] ?? nil)
      let measured = try #require(row.measured)
      #expect(abs(measured - expected) < 1e-6, "\(scale)")
    }
  }

  @Test("The other recipes run from end to end and say that only their shape counts")
  func others() throws {
    let mc = try reproduce(
      "truthfulqa-gpt2-xl", [Self.file("test", "datasets/mc_task.json")], ["--take", "4"])
    #expect(mc.map(\.measure) == ["MC1", "MC2"] && mc.map(\.published) == [0.22, 0.39])
    let prompts =
      ["harmful-train", "harmful-test"].map { Self.file($0, "reproduce/requests.json") }
      + ["harmless-train", "harmless-test"].map { Self.file($0, "reproduce/questions.json") }
    let refusal = try reproduce("refusal-llama-3-8b", prompts, ["--take", "4", "--max-tokens", "4"])
    #expect(
      refusal.map(\.measure) == [
        "refused, unsteered", "refused, direction removed", "refused, harmless, direction added",
      ])
    #expect(refusal.map(\.published) == [0.95, nil, nil])
    let graded = try reproduce(
      "persona-sycophancy-qwen-2.5-7b",
      [Self.file("questions", "datasets/caa-open-ended.json"), Self.file("graded", "reproduce/graded.csv")])
    let r = try #require(graded[0].measured)
    #expect(graded.count == 1 && abs(r) <= 1)
    #expect((mc + refusal + graded).allSatisfy { $0.verdict == "shape only" })
  }

  @Test("An unknown recipe and missing files are refused in one sentence")
  func refusals() throws {
    for (arguments, expected) in [
      (["caa"], "there is no recipe caa; there are caa-sycophancy-7b"),
      (
        ["truthfulqa-gpt2-xl", "--model", Binary.model("tiny-llama")], "needs the file test; name it: --file test=PATH"
      ),
      (["truthfulqa-gpt2-xl", "--file", "king=x"], "names no file of the recipe; write role=path with test, primer"),
    ] {
      let outcome = try Binary.run(["reproduce"] + arguments, in: folder)
      #expect(outcome.code == 2 && outcome.errors.contains(expected), "\(outcome.errors)")
    }
  }
}
