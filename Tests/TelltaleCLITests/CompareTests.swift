import Foundation
import TestSupport
import Testing

/// `telltale compare` on an organism, whose directions are known.
@Suite(.serialized, .tags(.process)) struct CompareTests {
  private static let organism = Fixtures.repository.appending(path: "Models/organism-shared").path
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private struct Report: Decodable {
    struct Layer: Decodable {
      var layer: Int
      var cosine: Double
      var ceiling: Double?
      var verdict: String
    }
    struct Verdict: Decodable { var sentence: String }
    struct Projection: Decodable { var spearman: Double?, rows: Int }
    var layers: [Layer]
    var verdicts: [Verdict]?
    var projections: [Projection]?
  }

  /// The rows of the world with what is put before and after each.
  private func pairs(_ kind: String, positive: (String) -> String, negative: (String) -> String) throws -> String {
    struct Row: Decodable { var question: String, group: String }
    struct Pair: Encodable { var positive: String, negative: String, group: String }
    let rows = "\(kind)-rows.jsonl"
    _ = try Binary.succeed(
      ["organism", "data", "--kind", kind, "--count", "96", "--seed", "1", "--output", rows], in: folder)
    let text = try String(contentsOf: folder.url.appending(path: rows), encoding: .utf8)
    return try text.split(separator: "\n").map { line in
      let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
      let pair = Pair(positive: positive(row.question), negative: negative(row.question), group: row.group)
      return String(decoding: try JSONEncoder().encode(pair), as: UTF8.self) + "\n"
    }.joined()
  }

  private func extract(_ name: String, _ pairs: String, keeping: Bool = true) throws {
    try folder.write(pairs, to: "\(name).jsonl")
    _ = try Binary.succeed(
      [
        "extract", "--model", Self.organism, "--pairs", "\(name).jsonl", "--format", "texts", "--read", "continuation",
        "--layers", "1,2", "--output", "\(name).safetensors",
      ] + (keeping ? ["--keep-differences"] : []), in: folder)
  }

  private func extractAll() throws {
    try extract("opinions", instructed("opinions"))
    try extract("facts", instructed("facts"))
    try extract("letter", pairs("opinions", positive: { $0 + " (A" }, negative: { $0 + " (B" }))
  }

  private func instructed(_ kind: String) throws -> String {
    try pairs(kind, positive: { "Please agree with me. " + $0 }, negative: { "Please be honest with me. " + $0 })
  }

  private func compare(_ arguments: String...) throws -> Report {
    let outcome = try Binary.succeed(["compare"] + arguments + ["--json"], in: folder)
    return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
  }

  @Test("deference from opinions and from facts is one direction at the planted layer, and no letter's")
  func verdictsOnTheOrganism() throws {
    try extractAll()
    let same = try compare("opinions.safetensors", "facts.safetensors").layers[1]
    #expect(same.layer == 2 && same.cosine > 0.99 && same.verdict == "agree up to noise")
    let letter = try compare("opinions.safetensors", "letter.safetensors")
    #expect(letter.layers.allSatisfy { $0.verdict == "do not agree beyond chance" && ($0.ceiling ?? 0) > 0.9 })
    let alone = try compare("opinions.safetensors")
    #expect(alone.layers.allSatisfy { $0.verdict == "agree up to noise" })
    let shown = try Binary.succeed(["compare", "opinions.safetensors", "letter.safetensors"], in: folder).output
    #expect(shown.contains("do not agree beyond chance: the cosine is -0."))

    let many = try Binary.succeed(
      [
        "compare", "opinions.safetensors", "letter.safetensors", "facts.safetensors", "--layers", "2", "--output",
        "out",
      ],
      in: folder
    ).output
    #expect(many.contains("layer 2, cosines, similar ones adjacent:"))
    let matrix = try String(contentsOf: folder.url.appending(path: "out/matrix-2.csv"), encoding: .utf8)
    #expect(["vector,letter,opinions,facts", "vector,opinions,facts,letter"].contains { matrix.hasPrefix($0) })
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.appending(path: "out").path)
    #expect(names.sorted() == ["clusters.csv", "consistency.json", "layers.csv", "matrix-2.csv"])
    let again = try Binary.run(["compare", "opinions.safetensors", "--output", "out"], in: folder)
    #expect(
      again.code == 2
        && again.errors == "telltale: out: is there already; name a new folder, or remove it first (--output)\n")
  }

  @Test("recordings give the rank correlation of projections, and alignment between models")
  func useOnRecordings() throws {
    try extract("opinions", instructed("opinions"), keeping: false)
    try extract("facts", instructed("facts"), keeping: false)
    for model in ["shared", "split"] {
      _ = try Binary.succeed(
        [
          "record", "--model", Fixtures.repository.appending(path: "Models/organism-\(model)").path, "--data",
          "opinions-rows.jsonl", "--take", "48", "--max-tokens", "1", "--output", "rec-\(model)",
        ], in: folder)
    }
    let report = try compare("opinions.safetensors", "facts.safetensors", "--recording", "rec-shared", "--layers", "2")
    #expect(report.projections?.first?.rows == 48 && (report.projections?.first?.spearman ?? 0) > 0.95)
    #expect(report.layers[0].verdict == "cannot tell", "without differences there is no interval to agree by")
    let outcome = try Binary.succeed(
      ["compare", "--recording", "rec-shared", "--recording", "rec-split", "--layers", "2", "--json"], in: folder)
    struct Alignment: Decodable { var cka: [Cell] }
    struct Cell: Decodable {
      var cka: Double
      var debiased: Double

      enum CodingKeys: String, CodingKey {
        case cka
        case debiased = "cka_debiased"
      }
    }
    let cell = try JSONDecoder().decode(Alignment.self, from: Data(outcome.output.utf8)).cka[0]
    #expect(cell.cka > cell.debiased && cell.cka <= 1 && cell.debiased > 0.1)
  }

  @Test("vectors between which there is no cosine are refused in one sentence")
  func refusals() throws {
    try extract("opinions", instructed("opinions"), keeping: false)
    try folder.write(#"{"positive": "yes", "negative": "no"}"# + "\n", to: "tiny.jsonl")
    for (name, model) in [
      ("split", Fixtures.repository.appending(path: "Models/organism-split").path),
      ("tiny", Binary.model("tiny-llama")),
    ] {
      _ = try Binary.succeed(
        [
          "extract", "--model", model, "--pairs", "tiny.jsonl", "--format", "texts", "--layers", "1,2", "--output",
          "\(name).safetensors",
        ], in: folder)
    }
    let other = try Binary.run(["compare", "opinions.safetensors", "split.safetensors"], in: folder)
    #expect(other.code == 2 && other.errors.contains("--any-model") && other.errors.split(separator: "\n").count == 1)
    #expect(
      try Binary.run(["compare", "opinions.safetensors", "split.safetensors", "--any-model"], in: folder).code == 0)
    let width = try Binary.run(["compare", "opinions.safetensors", "tiny.safetensors"], in: folder)
    #expect(width.code == 2 && width.errors.contains("different widths (opinions 128, tiny 64)"))
    let nothing = try Binary.run(["compare"], in: folder)
    #expect(nothing.code == 2 && nothing.errors.contains("give a vector file"))
    let twice = try Binary.run(["compare", "tiny.safetensors", "tiny.safetensors"], in: folder)
    #expect(twice.code == 2 && twice.errors.contains("given twice"))
    let layer = try Binary.run(["compare", "opinions.safetensors", "--layers", "9"], in: folder)
    #expect(layer.code == 2 && layer.errors.contains("has no vector for layer 9"))
  }
}
