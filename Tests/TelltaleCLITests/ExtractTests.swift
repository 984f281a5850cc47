import CheckpointSupport
import Foundation
import TestSupport
import Testing
import Torch

/// `telltale extract` by every source and estimator, and `telltale vector combine`, run as a user runs them.
@Suite(.serialized, .tags(.process)) struct ExtractTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let model = Binary.model("tiny-llama")
  private static let data = Fixtures.file("datasets/political.jsonl").path

  private func extract(_ arguments: [String], _ output: String) throws -> Binary.Outcome {
    try Binary.succeed(
      ["extract", "--model", Self.model, "--take", "8", "--layers", "1,3", "--output", output] + arguments, in: folder)
  }

  private func metadata(_ name: String) throws -> [String: String] {
    try SafetensorsFile(folder.url.appending(path: name)).metadata
  }

  private func refuse(
    _ arguments: [String], _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Binary.run(arguments, in: folder)
    #expect(outcome.code == 2, "\(outcome)", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n").filter {
      $0.hasPrefix("telltale: ") && !$0.hasPrefix("telltale: warning: ")
    }
    #expect(lines.first?.contains(expected) == true, "\(outcome.errors)", sourceLocation: sourceLocation)
  }

  private struct Summary: Decodable {
    struct Layer: Decodable {
      var norm: Double
      var reliability: Double?
    }
    var pairs: Int
    var estimator: String
    var layers: [Layer]
  }

  @Test(
    "Every estimator makes a vector that says how it was made",
    arguments: ["mean", "pca", "pca-centred", "logistic", "probe", "discriminant"])
  func estimators(_ estimator: String) throws {
    let outcome = try extract(["--pairs", Self.data, "--estimator", estimator, "--json"], "v.safetensors")
    let summary = try #require(try outcome.rows(Summary.self).first)
    #expect(summary.pairs == 8 && summary.estimator == estimator && summary.layers.count == 2)
    #expect(summary.layers.allSatisfy { $0.reliability != nil })
    if estimator != "mean" { #expect(summary.layers.allSatisfy { abs($0.norm - 1) < 1e-5 }) }
    let stated = try metadata("v.safetensors")
    #expect(stated["estimator"] == estimator && (stated["held_out"] == nil) == (estimator == "mean"))
  }

  @Test("Instructions, read in the responses")
  func instructions() throws {
    _ = try extract(
      [
        "--pairs", Self.data, "--positive", "Agree with me.", "--negative", "Be honest.", "--read", "continuation-mean",
        "--max-tokens", "4",
      ], "told.safetensors")
    let stated = try metadata("told.safetensors")
    #expect(stated["contrast"] == "instructions" && stated["read"] == "continuation-mean" && stated["pairs"] == "8")
  }

  @Test("Int8 weights and int8 products are stated in the vector; products are for pairs alone")
  func int8() throws {
    for (option, name) in [("--weights", "weights.safetensors"), ("--compute", "products.safetensors")]
    where option == "--weights" || Int8Matrix.hasOwnProducts {
      _ = try extract(["--pairs", Self.data, option, "int8"], name)
      let expected = option == "--weights" ? ", int8 weights" : ", int8 weights, int8 shared tokens"
      #expect(try #require(try metadata(name)["dtype"]).hasSuffix(expected))
    }
    let common = ["extract", "--model", Self.model, "--pairs", Self.data, "--take", "4", "--output", "no.safetensors"]
    try refuse(common + ["--compute", "int8", "--against", Self.model], "for the answers of --pairs alone")
    try refuse(common + ["--weights", "int3"], "'int8'")
  }

  @Test("Two models on the same prompts; the same model twice, and one with other tokens, are refused")
  func twoModels() throws {
    let copy = try ScratchCheckpoint("models/tiny-llama")
    try copy.rewrite { tensors in
      let name = "model.layers.0.mlp.down_proj.weight"
      tensors[name] = try #require(tensors[name]) * 2
    }
    _ = try extract(["--pairs", Self.data, "--against", copy.path], "against.safetensors")
    let stated = try metadata("against.safetensors")
    #expect(stated["contrast"] == "models" && stated["against"] == copy.path && stated["read"] == "prompt")
    let common = ["extract", "--model", Self.model, "--pairs", Self.data, "--take", "4", "--output", "no.safetensors"]
    try refuse(common + ["--against", Self.model], "same activations on every text")
    try refuse(common + ["--against", Binary.model("tiny-qwen2")], "different tokenizers")
    #expect(try folder.names() == ["against.safetensors"])
  }

  @Test("A recording's rows by the discriminant; sources that exclude each other, and estimators of pairs, are refused")
  func recordings() throws {
    _ = try Binary.succeed(
      [
        "record", "--model", "organism-shared", "--data", try organismRows().path, "--label", "forced-choice",
        "--max-tokens", "2", "--output", "rec",
      ], in: folder)
    let own = ["extract", "--model", "organism-shared", "--recording", "rec", "--output", "d.safetensors"]
    let outcome = try Binary.succeed(own + ["--method", "discriminant"], in: folder)
    #expect(outcome.errors.contains("--method is now called --estimator"))
    #expect(outcome.output.contains("discriminant of 48 rows of 47 questions"))
    let stated = try metadata("d.safetensors")
    #expect(stated["estimator"] == "discriminant" && stated["model_fingerprint"]?.count == 64)
    try refuse(own + ["--estimator", "pca"], "made from pairs")
    try refuse(own + ["--pairs", Self.data], "either --pairs or --recording")
    try refuse(own + ["--against", Self.model], "exclude each other")
    try refuse(own + ["--read", "answer"], "recordings are read at prompt, continuation and turns")
    try refuse(
      ["extract", "--model", Self.model, "--recording", "rec", "--output", "x.safetensors"], "another model")
    try refuse(["extract", "--model", Self.model, "--output", "x.safetensors"], "either --pairs or --recording")
  }

  /// The 48 lettered questions of the organisms' world, from the rows that an independent implementation drew.
  private func organismRows() throws -> URL {
    struct Row: Decodable {
      var text: String
      var set: String
      var answer: String?
      var conflict: Bool?
    }
    let rows = try Data(contentsOf: Fixtures.file("organisms/rows.jsonl")).split(separator: UInt8(ascii: "\n"))
      .map { try JSONDecoder().decode(Row.self, from: Data($0)) }
    let lines = try rows.filter { $0.answer != nil }.enumerated().map { index, row in
      let keys = [
        "question": row.text, "answer_matching_behavior": index.isMultiple(of: 2) ? " (A)" : " (B)",
        "answer_not_matching_behavior": index.isMultiple(of: 2) ? " (B)" : " (A)",
      ]
      return String(decoding: try JSONEncoder().encode(keys), as: UTF8.self)
    }
    return try folder.write(lines.joined(separator: "\n"), to: "rows.jsonl")
  }

  @Test("Vectors are combined and say of what; what leaves nothing is refused, and nothing is written")
  func combine() throws {
    _ = try extract(["--pairs", Self.data], "a.safetensors")
    _ = try extract(["--pairs", Self.data, "--read", "continuation"], "b.safetensors")
    let combine = ["vector", "combine"]
    for operation in ["add", "subtract", "average", "orthogonalise"] {
      _ = try Binary.succeed(
        combine + [operation, "a.safetensors", "b.safetensors", "--unit", "--output", "\(operation).safetensors"],
        in: folder)
      let stated = try metadata("\(operation).safetensors")["combined"]
      #expect(stated?.hasPrefix("\(operation) a.safetensors (mean over answers of political.jsonl)") == true)
    }
    _ = try Binary.succeed(
      combine + ["add", "a.safetensors", "--without-letters", "--model", Self.model, "--output", "l.safetensors"],
      in: folder)
    #expect(try metadata("l.safetensors")["combined"]?.contains("answer A against B projected out") == true)
    let no = ["--output", "no.safetensors"]
    try refuse(combine + ["subtract", "a.safetensors", "a.safetensors"] + no, "nothing is left at layer 1")
    try refuse(combine + ["subtract", "a.safetensors"] + no, "at least two vector files")
    try refuse(combine + ["add", "a.safetensors", "--without-letters"] + no, "--without-letters needs --model")
    #expect(try !folder.names().contains("no.safetensors"))
  }
}
