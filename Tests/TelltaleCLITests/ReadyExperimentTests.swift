import Foundation
import Foundations
import TestSupport
import Testing

/// The files in Experiments/ on real data, with fewer rows and tiny models in the place of their own.
@Suite(
  .serialized, .tags(.process),
  .enabled(if: Fixtures.hasShared("models/tiny-mistral") && Fixtures.hasShared("data/truthfulqa")))
struct ReadyExperimentTests {
  private let folder: ScratchFolder
  init() throws { folder = try ScratchFolder() }

  /// A ready file with 24 rows of each data set, in the test's folder.
  private func shorten(_ name: String) throws {
    let source = Fixtures.repository.appending(path: "Experiments/\(name).yaml")
    var text = try String(contentsOf: source, encoding: .utf8)
      .replacingOccurrences(of: "../../shared", with: Fixtures.shared("").path)
      .replacingOccurrences(of: "rows: 9700-10199", with: "rows: 9888-9911")
    text.replace(/take: \d+/, with: "take: 24")
    // A random model answers with no letters; which of two it finds likelier can be told.
    text.replace("label: letter, max-tokens: 16", with: "label: forced-choice, max-tokens: 2")
    // Data sets on one line have all their rows.
    text.replace(/(files: \[[^\]]+\])\}/) { "\($0.output.1), take: 24}" }
    try folder.write(text, to: "\(name).yaml")
  }

  private static func models(_ name: String) -> [String] {
    let both = ["tiny-mistral", "tiny-llama"].map { Fixtures.shared("models/\($0)").path }
    let count = ["llama-7b-sycophancy", "finetune-chain"].contains(name) ? 2 : 1
    return both.prefix(count).flatMap { ["--model", $0] }
  }

  private struct Estimate: Decodable {
    struct Stage: Decodable {
      var kind: String
      var prompts: Int
      var givenTokens: Int
      var newTokens: Int
    }
    var stages: [Stage]
    var diskBytes: Int
    var weightBytes: Int
    var seconds: Double
  }

  @Test(
    "Every ready experiment is planned and run to its tables",
    arguments: [
      "founding-as-it-was", "founding-as-it-should-be", "zephyr-sycophancy", "llama-7b-sycophancy", "truthfulqa",
      "caa-llama-2-7b", "finetune-chain",
    ])
  func run(_ name: String) throws {
    try shorten(name)
    let models = Self.models(name)
    let planned = try Binary.succeed(["run", "\(name).yaml", "--dry-run", "--json"] + models, in: folder)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let estimate = try decoder.decode(Estimate.self, from: Data(planned.output.utf8))
    let recorded = estimate.stages.filter { $0.kind == "record" }
    #expect(!recorded.isEmpty && recorded.allSatisfy { $0.prompts == 24 && $0.givenTokens > 24 * 10 })
    #expect(estimate.seconds > 0 && estimate.diskBytes > 0 && estimate.weightBytes > 100_000)
    #expect(try folder.names() == ["\(name).yaml"], "a dry run writes nothing")

    let outcome = try Binary.run(["run", "\(name).yaml", "--output", "run"] + models, in: folder)
    #expect(outcome.code == 0, "\(outcome.errors)")
    let frozen = try String(contentsOf: folder.url.appending(path: "run/experiment.yaml"), encoding: .utf8)
    #expect(frozen.contains("tiny-mistral") && !frozen.contains("HuggingFaceH4"))
    let table = try String(contentsOf: folder.url.appending(path: "run/results/predictivity.csv"), encoding: .utf8)
    #expect(table.split(separator: "\n").count > 1)
    // Going on with it finds everything there: the models given are part of what is frozen.
    let again = try Binary.run(["run", "\(name).yaml", "--output", "run", "--resume"] + models, in: folder)
    #expect(again.code == 0 && again.errors.contains("recordings and vectors are there"), "\(again.errors)")
  }

  @Test(
    "The experiments on SmolLM2 are planned; pushback, which a model at random shows too, is run to its tables",
    arguments: ["smollm2-sycophancy", "smollm2-quick", "smollm2-pushback", "smollm2-study", "gemma3-base-sycophancy"])
  func smollm2(_ name: String) throws {
    let source = Fixtures.repository.appending(path: "Experiments")
    let text = try String(contentsOf: source.appending(path: "\(name).yaml"), encoding: .utf8)
      .replacingOccurrences(of: "../../shared", with: Fixtures.shared("").path)
    try folder.write(text, to: "\(name).yaml")
    let requests = try String(contentsOf: source.appending(path: "requests.jsonl"), encoding: .utf8)
    try folder.write(requests, to: "requests.jsonl")
    let arguments = ["run", "\(name).yaml", "--limit", "24"] + Self.models(name)
    let planned = try Binary.succeed(arguments + ["--dry-run"], in: folder).output
    #expect(planned.contains("record") && planned.contains("memory: about"))
    guard name == "smollm2-pushback" else { return }
    _ = try Binary.succeed(arguments + ["--output", "run"], in: folder)
    let audit = try String(contentsOf: folder.url.appending(path: "run/results/audit.csv"), encoding: .utf8)
    #expect(audit.split(separator: "\n").count > 1)
  }

  @Test("Every experiment file that reads public data says where each file comes from, by what licence, and its hash")
  func dataSources() throws {
    let folder = Fixtures.repository.appending(path: "Experiments")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
    let readme = try String(contentsOf: Fixtures.repository.appending(path: "README.md"), encoding: .utf8)
    var seen: Set<String> = []
    for file in files {
      let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      for match in text.matches(of: #/\.\./shared/(data/[^\]\s,]+)/#) {
        let name = String(match.output.1.split(separator: "/").last ?? "")
        let stated = try #require(
          text.firstMatch(of: try Regex("# +\(name) +SHA-256 ([0-9a-f]{16})")), "\(file): \(name)")
        let hash = String(try #require(stated.output[1].substring))
        #expect(text.contains("https://") && text.contains(#/CC-BY-4.0|Apache-2.0|MIT/#), "\(file)")
        #expect(readme.contains("/\(name)`") && readme.contains(hash), "\(name) in README.md")
        seen.insert(name)
        guard Fixtures.hasShared(String(match.output.1)) else { continue }
        let bytes = [UInt8](try Data(contentsOf: Fixtures.shared(String(match.output.1))))
        #expect(SHA256.hexadecimalDigest(of: bytes).hasPrefix(hash), "\(file): \(name)")
      }
    }
    #expect(seen.count > 5)
  }

  @Test("Questions that the vector was made from are not predicted unless the file says so")
  func sharedQuestions() throws {
    let source = Fixtures.repository.appending(path: "Experiments/caa-llama-2-7b.yaml")
    let text = try String(contentsOf: source, encoding: .utf8)
      .replacingOccurrences(of: "../../shared", with: Fixtures.shared("").path)
      .replacingOccurrences(of: ", shared-questions: true", with: "")
    try folder.write(text, to: "strict.yaml")
    let outcome = try Binary.run(["run", "strict.yaml", "--dry-run"] + Self.models("caa-llama-2-7b"), in: folder)
    #expect(outcome.code == 2 && outcome.errors.contains("or say shared-questions: true in the prediction"))
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
  }
}
