import Foundation
import TestSupport
import Testing
import Torch

/// The command that trains adapters, as a user runs it.
@Suite(.serialized, .tags(.process)) struct FinetuneTests {
  private struct Row: Decodable {
    var output: String
    var report: Report

    struct Report: Decodable {
      var heldOutBefore: Double?
      var heldOutAfter: Double?
      var steps: Int
      var heldOutSequences: Int
    }
  }

  private static let files = ["adapter_config.json", "adapter_model.safetensors", "losses.csv", "training.json"]
  private let folder: ScratchFolder
  private let organism = Fixtures.repository.appending(path: "Models/organism-shared").path

  init() throws { folder = try ScratchFolder() }

  /// Rows of the organisms' world: opinions with the letter that agrees with the user and the other.
  private func writeRows(_ count: Int = 192) throws {
    _ = try Binary.succeed(
      ["organism", "data", "--kind", "opinions", "--count", "\(count)", "--seed", "5", "--output", "rows.jsonl"],
      in: folder)
  }

  private func arguments(_ output: String, _ others: [String] = []) -> [String] {
    ["finetune", "--model", organism, "--data", "rows.jsonl", "--batch", "8", "--output", output, "--dtype", "float32"]
      + others
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: folder.url.appending(path: path)) }

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.appending(path: path).path).sorted()
  }

  @Test("Training on the organism's opinions lowers the held-out loss, and the adapter works in other commands")
  func trainingOnOrganism()
    throws
  {
    try writeRows()
    let outcome = try Binary.succeed(
      arguments("out", ["--steps", "100", "--learning-rate", "5e-3", "--held-out", "0.2", "--json"]), in: folder)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let row = try #require(try decoder.decode([Row].self, from: Data(outcome.output.utf8)).first)
    let (before, after) = (try #require(row.report.heldOutBefore), try #require(row.report.heldOutAfter))
    #expect(after < before - 0.1, "before \(before), after \(after)")
    #expect(row.report.steps == 100 && row.report.heldOutSequences > 20)
    #expect(outcome.errors.contains("100 of 100") && outcome.errors.contains("tokens/s"))
    #expect(try names("out") == Self.files)
    #expect(String(decoding: try bytes("out/losses.csv"), as: UTF8.self).split(separator: "\n").count == 101)
    try expectVectorsAreTold()
  }

  /// A vector of the adapted model is refused by its base and taken by itself.
  private func expectVectorsAreTold() throws {
    let adapter = ["--adapter", "out"]
    _ = try Binary.succeed(
      ["extract", "--model", organism, "--pairs", "rows.jsonl", "--take", "8", "--output", "v.safetensors"] + adapter,
      in: folder)
    let generate = [
      "generate", "--model", organism, "--prompt", "Answer:", "--max-tokens", "2", "--add", "v.safetensors", "--layer",
      "2",
    ]
    _ = try Binary.succeed(generate + adapter, in: folder)
    let refused = try Binary.run(generate, in: folder)
    #expect(refused.code == 2)
    _ = try Binary.succeed(generate + ["--any-model"], in: folder)
  }

  @Test("A training killed in the middle of an epoch resumes to the same bits")
  func trainingKilledMiddle() throws {
    try writeRows()
    let options = ["--steps", "60", "--checkpoint-every", "5", "--dropout", "0.1", "--clip", "1", "--threads", "1"]
    _ = try Binary.succeed(arguments("whole", options), in: folder)
    try kill(arguments("killed", options), when: folder.url.appending(path: "killed/checkpoint.safetensors"))
    #expect(try names("killed").contains("checkpoint.safetensors"))
    #expect(try !names("killed").contains("adapter_model.safetensors"), "it was killed too late")
    let other = try Binary.run(arguments("killed", options + ["--resume", "--seed", "7"]), in: folder)
    #expect(other.code == 2 && other.errors.contains("of a training with another"), "\(other.errors)")
    _ = try Binary.succeed(arguments("killed", options + ["--resume"]), in: folder)
    for file in Self.files { #expect(try bytes("killed/\(file)") == bytes("whole/\(file)"), "\(file)") }
    #expect(try names("killed") == Self.files)
  }

  /// Starts a training and sends it SIGKILL as soon as `file` is there.
  private func kill(_ arguments: [String], when file: URL) throws {
    let process = try Binary.stopped(arguments, in: folder, when: file)
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
  }

  @Test("The pair is trained alike on the answers and their opposites")
  func pairTrainedAlike() throws {
    try writeRows(96)
    _ = try Binary.succeed(
      arguments("pair", ["--contrast", "--steps", "12", "--learning-rate", "5e-3", "--gradient-checkpointing"]),
      in: folder)
    #expect(try names("pair") == ["behaviour", "opposite"])
    let (a, b) = ("pair/behaviour/adapter_model.safetensors", "pair/opposite/adapter_model.safetensors")
    #expect(try bytes(a) != bytes(b))
    // Finished: nothing to do.
    let before = try bytes(a)
    _ = try Binary.succeed(
      arguments(
        "pair", ["--contrast", "--steps", "12", "--learning-rate", "5e-3", "--gradient-checkpointing", "--resume"]),
      in: folder)
    #expect(try bytes(a) == before)
  }

  @Test("Wrong options and rows end in one sentence and leave nothing")
  func wrongOptionsRows() throws {
    try writeRows(96)
    try folder.write("{\"question\": \"Q\", \"answer\": \"A\"}\n", to: "one.jsonl")
    let cases: [(arguments: [String], word: String)] = [
      (arguments("out", ["--rank", "0"]), "rank"), (arguments("out", ["--rank", "500"]), "rank"),
      (arguments("out", ["--targets", "lm_head"]), "lm_head"), (arguments("out", ["--dropout", "1"]), "dropout"),
      (arguments("out", ["--warmup", "99", "--steps", "9"]), "warm-up"), (arguments("out", ["--steps", "0"]), "steps"),
      (arguments("out", ["--learning-rate", "0"]), "learning rate"), (arguments("out", ["--adapter", "x"]), "adapter"),
      (
        ["finetune", "--model", organism, "--data", "one.jsonl", "--output", "out", "--contrast"],
        "no contrastive answer"
      ),
    ]
    for (arguments, word) in cases {
      let outcome = try Binary.run(arguments, in: folder)
      #expect(outcome.code == 2 && outcome.errors.contains(word), "\(arguments) \(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "out").path), "\(arguments)")
    }
    try folder.write("x", to: "out/note.txt")
    let outcome = try Binary.run(arguments("out"), in: folder)
    #expect(outcome.code == 2 && outcome.errors.contains("--resume"))
  }
}
