import Foundation
import Organisms
import Steering
import TestSupport
import Testing
import Torch

/// `telltale predict --recording --vector`: from a vector and a recording to the verdict.
@Suite struct RecordingPredictionTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for (name, seed) in [("train", UInt64(501)), ("test", 502)] {
      let items = try OrganismWorld.items(.opinions, count: 384, seed: seed).filter { $0.facts?["conflict"] == "true" }
      try folder.write(try items.map(Self.line).joined(separator: "\n"), to: "\(name).jsonl")
      _ = try Binary.succeed(
        [
          "record", "--model", "organism-shared", "--data", "\(name).jsonl", "--label", "forced-choice", "--max-tokens",
          "1",
          "--record-layers", "1-2", "--output", name,
        ], in: folder)
    }
    _ = try Binary.succeed(
      ["extract", "--model", "organism-shared", "--recording", "train", "--output", "v.safetensors"], in: folder)
  }

  private static func line(_ item: Item) throws -> String {
    let row: [String: Any] = [
      "question": item.text, "answer_matching_behavior": item.matchingAnswer ?? "",
      "answer_not_matching_behavior": item.otherAnswers,
    ]
    return String(decoding: try JSONSerialization.data(withJSONObject: row), as: UTF8.self)
  }

  private struct Row: Decodable {
    let layer: Int
    let auroc: Double
    let n: Int
  }
  private struct Report: Decodable {
    struct Audit: Decodable { let verdict: String }
    let rows: [Row]
    let audits: [Audit]
  }

  @Test("The cosine's AUROC is the share of pairs of rows that it orders as their labels, and the best layer is judged")
  func aurocIsAShareOfPairs() throws {
    let output = try Binary.succeed(
      ["predict", "--recording", "test", "--vector", "v.safetensors", "--json", "--permutations", "200"], in: folder
    ).output
    let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
    #expect(report.rows.map(\.layer) == [1, 2] && report.audits.map(\.verdict) == ["supported"])
    let recording = try RecordingFolder.read(folder.url.appending(path: "test"))
    let vectors = try SteeringVectors(contentsOf: folder.url.appending(path: "v.safetensors"))
    for (index, row) in report.rows.enumerated() {
      let expected = try Self.shareOrdered(recording, index, vectors.vector(row.layer))
      #expect(abs(row.auroc - expected) < 1e-9 && row.n == recording.rows.count)
    }
  }

  /// By hand: over all pairs of a row with label 1 and one with label 0.
  private static func shareOrdered(_ recording: Recording, _ layer: Int, _ vector: [Float]) throws -> Double {
    let stream = try #require(recording.activations[.prompt])
    let (width, layers) = (stream.size(2), stream.size(1))
    let values: [Float] = try stream.floats()
    let cosines = recording.rows.indices.map { row in
      let start = (row * layers + layer) * width
      let activation = values[start..<start + width].map(Double.init)
      let product = zip(activation, vector).reduce(0) { $0 + $1.0 * Double($1.1) }
      return product / activation.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    let (positive, negative) = (
      recording.rows.indices.filter { recording.rows[$0].label == 1 },
      recording.rows.indices.filter { recording.rows[$0].label == 0 }
    )
    let ordered = positive.reduce(0) { sum, one in sum + negative.count { cosines[one] > cosines[$0] } }
    return Double(ordered) / Double(positive.count * negative.count)
  }

  @Test("For a person it prints a line for every layer and the verdict")
  func text() throws {
    let output = try Binary.succeed(
      ["predict", "--recording", "test", "--vector", "v.safetensors", "--layers", "2"], in: folder
    ).output
    for part in ["show the behaviour", "layer  reliability  AUROC", "Verdict: supported."] {
      #expect(output.contains(part), "\(output)")
    }
  }

  @Test("Layers that are not shared and half of the pair of options are refused in one sentence")
  func refusals() throws {
    func refused(_ arguments: [String], _ part: String) throws {
      let outcome = try Binary.run(["predict"] + arguments, in: folder)
      #expect(outcome.code == 2 && outcome.errors.contains(part), "\(outcome.errors)")
    }
    try refused(["--recording", "test"], "go together")
    try refused(["--recording", "test", "--vector", "v.safetensors", "--layers", "5"], "layer 5")
    try refused(["--recording", "none", "--vector", "v.safetensors"], "none/rows.jsonl")
    try refused(["--scores", "a.csv", "--layers", "1"], "go with --recording")
  }
}
