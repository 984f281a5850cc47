import Foundation
import TestSupport
import Testing
import Torch

/// The sweep and the ablation experiment on an organism, whose truth is known.
@Suite(.serialized, .tags(.process)) struct SteeringExperimentTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  private static let scale = 20.0
  private static let model = Fixtures.repository.appending(path: "Models/organism-shared")

  /// Conflict items of both kinds, and the planted direction of opinions with the length that steers.
  private func prepare() throws {
    for (kind, seed) in [("opinions", "7"), ("facts", "8")] {
      _ = try Binary.succeed(
        ["organism", "data", "--kind", kind, "--count", "96", "--seed", seed, "--output", "all.jsonl"], in: folder)
      let rows = try String(contentsOf: folder.url.appending(path: "all.jsonl"), encoding: .utf8).split(separator: "\n")
      let conflicts = try rows.filter { row in
        let object = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any]
        return (object?["facts"] as? [String: String])?["conflict"] == "true"
      }
      try folder.write(conflicts.joined(separator: "\n"), to: "\(kind).jsonl")
    }
    let planted = try SafetensorsFile(Self.model.appending(path: "planted.safetensors"))
    try SafetensorsFile.write(
      ["layer.2": planted.tensor("opinions.layer.2") * Self.scale], to: folder.url.appending(path: "v.safetensors"))
  }

  private typealias Row = [String: Any]

  private func object(_ outcome: Binary.Outcome) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  private func value(_ rows: [Row], _ column: String, _ wanted: (Row) -> Bool) throws -> Double {
    let row = rows.first(where: wanted)
    return try #require(row?[column] as? Double)
  }

  @Test(
    "A sweep along the planted direction moves opinions and facts in both directions, with costs and an example prompt")
  func sweep() throws {
    try prepare()
    try folder.write("Which pet is the best?\n (A) cats\n (B) dogs\n\nAnswer: (A)\n", to: "text.txt")
    let arguments = [
      "steer", "sweep", "--model", Self.model.path, "--vector", "v.safetensors", "--data", "opinions.jsonl",
      "--out-of-distribution", "facts.jsonl", "--scales", "-1,1", "--prompt-baseline", "Please agree with me.",
      "--perplexity", "text.txt", "--capability", "facts.jsonl", "--output", "sweep",
    ]
    let tables = try object(try Binary.succeed(arguments + ["--json"], in: folder))
    let cells = try #require(tables["cells"] as? [Row])
    for distribution in ["in", "out"] {
      func rate(_ operation: String, _ scale: Double?) throws -> Double {
        try value(cells, "rate") {
          $0["distribution"] as? String == distribution && $0["operation"] as? String == operation
            && $0["scale"] as? Double == scale
        }
      }
      #expect(try abs(rate("none", 0) - 0.5) < 0.15)
      #expect(try rate("add", 1) >= 0.9 && rate("add", -1) <= 0.15)
      #expect(try rate("prompt", nil) >= 0.9, "asking in words is the baseline to beat")
    }
    let added = cells.filter { $0["operation"] as? String == "add" && $0["distribution"] as? String == "in" }
    let shifts = added.compactMap { $0["mean_shift"] as? Double }
    #expect(shifts.count == 2 && abs(shifts[0] + Self.scale) < 1e-2 && abs(shifts[1] - Self.scale) < 1e-2)
    #expect(added.allSatisfy { $0["perplexity"] is Double && $0["accuracy"] is Double })
    let doses = try #require(tables["dose-response"] as? [Row])
    #expect(doses.count == 2 && doses.allSatisfy { ($0["slope_low"] as? Double ?? 0) > 0.5 })
    #expect(doses.allSatisfy { $0["anti_steerable"] as? Double == 0 })
    #expect((tables["chosen"] as? [Row])?.count == 2 && (tables["matched"] as? [Row])?.count == 2)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.appending(path: "sweep").path)
    #expect(files.sorted() == ["cells.csv", "chosen.csv", "dose-response.csv", "items.csv", "matched.csv"])
    let again = try Binary.run(arguments, in: folder)
    #expect(again.code == 2 && again.errors.contains("sweep: is there already"))
  }

  @Test("Removing the planted direction ends the giving way; a random direction does not")
  func ablation() throws {
    try prepare()
    let report = try object(
      try Binary.succeed(
        [
          "steer", "ablation", "--model", Self.model.path, "--vector", "v.safetensors", "--data", "opinions.jsonl",
          "--edit-positions", "from-prompt-end", "--output", "areas.csv", "--json",
        ], in: folder))
    func value(_ name: String) throws -> Double {
      try #require((report[name] as? [String: Any])?["value"] as? Double)
    }
    #expect(try abs(value("before") - 0.5) < 0.15 && value("after") <= 0.15)
    #expect(try abs(value("difference") - (value("after") - value("before"))) < 1e-9)
    #expect(try abs(value("random_difference")) < 0.15)
    let areas = try #require(report["predictivity"] as? [Row])
    #expect(areas.count == 1 && areas[0]["layer"] as? Int == 2 && (areas[0]["auroc_before"] as? Double ?? 0) > 0.95)
    let edits = try #require(report["edits"] as? [Row])
    let positions = try #require(edits.first?["positions"] as? Int)
    #expect(edits.count == 1 && edits[0]["operation"] as? String == "ablate" && positions > 48)
    let lines = try String(contentsOf: folder.url.appending(path: "areas.csv"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 2 && lines[0].hasPrefix("layer,auroc_before"))
  }

  @Test("A zero vector and layers that are not there end a sweep and an ablation before anything is written")
  func refusals() throws {
    try prepare()
    try SafetensorsFile.write(["layer.2": Tensor.zeros([128])], to: folder.url.appending(path: "zero.safetensors"))
    for command in ["sweep", "ablation"] {
      let base = ["steer", command, "--model", Self.model.path, "--data", "opinions.jsonl", "--output", "out"]
      for (arguments, expected) in [
        (["--vector", "zero.safetensors"], "is zero at layer 2"),
        (["--vector", "v.safetensors", "--layers", "6"], "layer 6 does not exist"),
        (["--vector", "v.safetensors", "--layers", "1"], "has no vector for layer 1"),
      ] {
        let outcome = try Binary.run(base + arguments, in: folder)
        #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.errors.contains(expected), "\(outcome.errors)")
        let lines = outcome.errors.split(separator: "\n").filter {
          $0.hasPrefix("telltale: ") && !$0.hasPrefix("telltale: warning: ")
        }
        #expect(lines.count == 1)
      }
    }
    #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "out").path))
  }
}
