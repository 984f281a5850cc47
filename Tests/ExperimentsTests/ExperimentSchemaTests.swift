import Foundation
import Foundations
import TestSupport
import Testing
import Yams

@testable import Experiments

@Suite("The JSON Schema of experiment files")
struct ExperimentSchemaTests {
  private static let files: [URL] = {
    let folder = Fixtures.repository.appending(path: "Experiments")
    let all = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return all.filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
  }()

  private static func schema() throws -> [String: Any] {
    let data = try JSONEncoder().encode(ExperimentSchema())
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private static func problems(_ text: String) throws -> [String] {
    SchemaCheck.problems(try #require(try Yams.load(yaml: text)), try schema())
  }

  @Test("The committed schema is the one that the program has")
  func committed() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let file = Fixtures.repository.appending(path: "docs/experiment.schema.json")
    let own = String(decoding: try encoder.encode(ExperimentSchema()), as: UTF8.self) + "\n"
    #expect(try String(contentsOf: file, encoding: .utf8) == own, "run: telltale schema > docs/experiment.schema.json")
  }

  @Test("The table of keys in the docs is the one that the program has")
  func documented() throws {
    let file = Fixtures.repository.appending(path: "docs/experiments.md")
    let table = ExperimentSchema().markdown
    #expect(
      try String(contentsOf: file, encoding: .utf8).contains(table),
      "put the output of telltale schema --markdown between its marks in docs/experiments.md")
  }

  @Test("Every ready experiment file is read and fits the schema", arguments: files)
  func readyFiles(_ file: URL) throws {
    #expect(throws: Never.self) { try ExperimentFile.load(file) }
    #expect(try Self.problems(String(contentsOf: file, encoding: .utf8)) == [])
  }

  @Test("There are ready files for the founding project, Zephyr, LLaMA, TruthfulQA, CAA and fine-tuning")
  func whichFiles() {
    let names = Set(Self.files.map { $0.deletingPathExtension().lastPathComponent })
    let wanted: Set = [
      "caa-llama-2-7b", "demo", "finetune-chain", "founding-as-it-should-be", "founding-as-it-was",
      "llama-7b-sycophancy", "truthfulqa", "zephyr-sycophancy",
    ]
    #expect(names.isSuperset(of: wanted))
  }

  @Test(
    "What the program refuses for its form, the schema refuses",
    arguments: [
      ("models:", "modles:", "$.modles is unknown"), ("take: 10", "take: ten", "$.datasets.train.take is no integer"),
      ("take: 10", "take: 0", "$.datasets.train.take is below 1"),
      ("contrast: instructions", "contrast: magic", "$.vectors[1].contrast is none of"),
      ("models: [some-model]", "models: []", "$.models is too short"), ("name: small", "about: x", "$ lacks name"),
      ("name: caa", "name: ../caa", "$.vectors[0].name does not match"),
      ("- targets: [test]", "- targets: [test]\n    labels: 'hand: '", "$.predictions[0].labels does not match"),
    ])
  func mistakes(_ old: String, _ new: String, _ problem: String) throws {
    let text = ExperimentFileTests.valid.replacingOccurrences(of: old, with: new)
    #expect(throws: TelltaleError.self) { try ExperimentFile.parse(text, file: "x.yaml") }
    let found = try Self.problems(text)
    #expect(found.contains { $0.hasPrefix(problem) }, "\(found)")
  }

  @Test("A valid file fits, and so does it when written again from what was read")
  func valid() throws {
    #expect(try Self.problems(ExperimentFileTests.valid) == [])
    let experiment = try ExperimentFile.parse(ExperimentFileTests.valid, file: "x.yaml")
    let text = try YAMLEncoder().encode(experiment)
    #expect(try ExperimentFile.parse(text, file: "x.yaml") == experiment)
    #expect(try Self.problems(text) == [])
  }

  @Test(
    "A misspelt key is refused with its line and the nearest name, at every level",
    arguments: [
      ("name: small", "name: small\nsede: 1", 2, "seed"),
      ("name: small", "name: small\nprompt: {stile: chat}", 2, "style"),
      ("name: small", "name: small\nrecording: {chunk-row: 5}", 2, "chunk-rows"),
      ("part: train", "split-bye: group", 4, "split-by"), ("part: train", "ballance: [group]", 4, "balance"),
      ("contrast: answers", "contrasts: answers", 7, "contrast"),
      ("negative:", "negatives:", 12, "negative"),
      ("- targets: [test]", "- targets: [test]\n    shared-question: true", 15, "shared-questions"),
      ("- targets: [test]", "- targets: [test]\n    lables: hand", 15, "labels"),
    ])
  func misspelt(_ old: String, _ new: String, _ line: Int, _ nearest: String) throws {
    let text = ExperimentFileTests.valid.replacingOccurrences(of: old, with: new)
    let error = #expect(throws: TelltaleError.self) { try ExperimentFile.parse(text, file: "x.yaml") }
    #expect(error?.message.contains("did you mean \"\(nearest)\"?") == true, "\(String(describing: error))")
    #expect(error?.location?.line == line, "\(String(describing: error))")
  }
}
