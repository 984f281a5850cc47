import Foundation
import Foundations
import Statistics
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("Which vectors an experiment compares")
struct ComparisonSettingsTests {
  private static func text(_ comparisons: String) -> String {
    """
    name: small
    models: [one, two]
    datasets: {train: {organism: opinions}, test: {organism: facts}}
    vectors:
      - {name: a, contrast: spontaneous, dataset: train}
      - {name: b, contrast: answers, dataset: train}
      - {name: c, contrast: answers, dataset: train}
    predictions: [{targets: [test]}]
    comparisons: \(comparisons)
    """
  }

  private func partners(_ comparisons: String) throws -> [String] {
    let experiment = try ExperimentFile.parse(Self.text(comparisons), file: "x.yaml")
    return experiment.comparedVectors.flatMap { model, vector in
      experiment.partners(of: vector, model).map { partner in
        switch partner {
        case .file(let path): "\(model)/\(vector) \(path)"
        case .vector(let other, let name): "\(model)/\(vector) \(other)/\(name)"
        }
      }
    }
  }

  @Test("Every two vectors of a model by default, each pair once")
  func all() throws {
    let ofOne = ["one/a one/b", "one/a one/c", "one/b one/c"]
    #expect(try partners("{}") == ofOne + ofOne.map { $0.replacingOccurrences(of: "one", with: "two") })
    #expect(try partners("{vectors: [c, a]}") == ["one/c one/a", "two/c two/a"])
  }

  @Test("Named pairs, files and namesakes of other models")
  func named() throws {
    #expect(try partners("{pairs: [[b, a]]}") == ["one/b one/a", "two/b two/a"])
    #expect(
      try partners("{vectors: [a], across-models: true, files: [x.safetensors]}")
        == ["one/a two/a", "one/a x.safetensors", "two/a x.safetensors"])
  }

  @Test(
    "What cannot be compared is refused with its line",
    arguments: [
      ("{vectors: [a, x]}", "there is no vector \"x\""), ("{pairs: [[a]]}", "at least 2 are meant"),
      ("{pairs: [[a, a]]}", "is no pair"), ("{pairs: [[a, b], [b, a]]}", "a pair is named twice"),
      ("{vectors: [a, b], pairs: [[a, b]]}", "or pairs"), ("{vectors: [a, a]}", "a vector is named twice"),
      ("{vectors: [a]}", "compares nothing"), ("{layers: [-1]}", "layers must be at least 0"),
      ("{file: [a]}", "did you mean \"files\"?"),
    ])
  func mistakes(_ comparisons: String, _ sentence: String) {
    let error = #expect(throws: TelltaleError.self) {
      try ExperimentFile.parse(Self.text(comparisons), file: "x.yaml")
    }
    #expect(error?.message.contains(sentence) == true, "\(String(describing: error))")
    #expect(error?.location?.line == 9, "\(String(describing: error))")
  }

  @Test("Intervals without an end are stored and read back")
  func infinite() throws {
    let folder = try ScratchFolder()
    var evidence = SimilarityEvidence(cosine: 0.25, dimension: 8)
    (evidence.reliabilityA, evidence.reliabilityB) = (0.5, 0.5)
    evidence.disattenuatedInterval = Interval(low: -.infinity, high: .infinity)
    let stored = StoredComparison(pairs: [
      VectorPair(modelA: "one", vectorA: "a", modelB: nil, vectorB: "b", layer: 3, evidence: evidence)
    ])
    try RunDirectory(existing: folder.url).write(
      stored, json: folder.url.appending(path: "pair.json"))
    #expect(try StoredComparison(contentsOf: folder.url.appending(path: "pair.json")) == stored)
    // 0.25 of a possible 0.5.
    #expect(VectorPair.table.csv(stored.pairs).contains("one,a,,b,3,,0.25,,,0.5,0.5,0.5,0.5,-inf,inf,"))
    let damaged = try folder.write("{}", to: "damaged.json")
    #expect(throws: TelltaleError.self) { try StoredComparison(contentsOf: damaged) }
  }
}

/// A run on an organism with little data, from its file to its comparisons.
@Suite("A run compares its vectors", .serialized)
struct ComparisonRunTests {
  private let folder: ScratchFolder
  private let models = Fixtures.repository.appending(path: "Models")
  private var output: URL { folder.url.appending(path: "run") }

  init() throws { folder = try ScratchFolder() }

  private func file(_ comparisons: String) throws -> URL {
    try folder.write(
      """
      name: tiny
      seed: 7
      models: ["\(models.appending(path: "organism-split").path)"]
      dtype: float32
      datasets:
        train: {organism: opinions, take: 384, seed: 11, part: train, where: {conflict: "true"}}
        test: {organism: facts, take: 48, seed: 13}
      vectors:
        - {name: spontaneous, contrast: spontaneous, dataset: train}
        - {name: letters, contrast: answers, dataset: train}
      recording: {label: forced-choice, max-tokens: 1}
      predictions: [{targets: [test], positions: [prompt], scores: [cosine]}]
      comparisons: \(comparisons)
      """, to: "tiny.yaml")
  }

  private func run(_ file: URL, resume: Bool = false) throws -> ExperimentResults {
    try ExperimentRun.run(file: file, output: output, resume: resume, version: "test")
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: output.appending(path: path), encoding: .utf8)
  }

  @Test("The table is what telltale compare computes, is kept, and is recomputed when the request differs")
  func compared() throws {
    let results = try run(file("{layers: [2, 3]}"))
    #expect(results.vectorPairs.map(\.layer) == [2, 3])
    #expect(try text("results/comparisons.csv").split(separator: "\n").count == 3)
    try expectTheSame(results.vectorPairs[0])
    // From the directory alone, with the experiment file gone.
    try FileManager.default.removeItem(at: folder.url.appending(path: "tiny.yaml"))
    let name = "comparisons/organism-split/spontaneous.json"
    let extracted = try text("stages/extract/organism-split/letters.json")
    try FileManager.default.removeItem(at: output.appending(path: name))
    let again = try run(output.appending(path: "experiment.yaml"), resume: true).vectorPairs
    let stored = try StoredRun(output).comparisons()
    #expect(again.map(\.layer) == [2, 3] && again == stored)
    // Tests beside this one share the threads out, on which last digits depend.
    for (own, earlier) in zip(again, results.vectorPairs) {
      #expect(abs(own.evidence.cosine - earlier.evidence.cosine) < 1e-9)
      #expect(own.evidence.verdict == earlier.evidence.verdict)
    }
    // Other layers, and a vector file in another folder: the models' stages stay.
    let copy = folder.url.appending(path: "mine.safetensors")
    try FileManager.default.copyItem(at: output.appending(path: "vectors/organism-split/letters.safetensors"), to: copy)
    let other = try run(file("{pairs: [[letters, spontaneous]], layers: [4], files: [mine.safetensors]}"), resume: true)
    #expect(other.vectorPairs.map(\.vectorB) == ["mine.safetensors", "spontaneous", "mine.safetensors"])
    let itself = try #require(other.vectorPairs.first { $0.vectorA == "letters" && $0.modelB != nil && $0.layer == 4 })
    #expect(itself.vectorB == "spontaneous" || abs(itself.evidence.cosine - 1) < 1e-6)
    #expect(try text("stages/extract/organism-split/letters.json") == extracted)
  }

  /// Intervals of the class mean come from its rows, those of the pairs from their differences.
  private func expectTheSame(_ pair: VectorPair) throws {
    let stored = try StoredRun(output)
    let recording = try stored.recording("organism-split", "train")
    let own = try ComparedVector(
      name: "spontaneous", vectors: stored.vectors("organism-split", "spontaneous"),
      pairs: recording.classMeanDifferences(at: .prompt, of: Array(recording.rows.indices)))
    let other = try ComparedVector(
      name: "letters", vectors: stored.vectors("organism-split", "letters"),
      pairs: stored.differences("organism-split", "letters"))
    #expect(own.pairs != nil && other.pairs != nil)
    var options = VectorComparison.Options()
    (options.layers, options.seed) = ([2], 7)
    let comparison = try VectorComparison(own, other, options: options)
    let evidence = try #require(comparison.layers.first?.evidence)
    #expect(abs(evidence.cosine - pair.evidence.cosine) < 1e-9 && evidence.verdict == pair.evidence.verdict)
    #expect(abs((evidence.cosineInterval?.low ?? 9) - (pair.evidence.cosineInterval?.low ?? 0)) < 1e-6)
    #expect(comparison.sharedGroups == pair.sharedQuestions && (pair.sharedQuestions ?? 0) > 5)
    #expect(pair.evidence.cosineInterval != nil && (pair.evidence.reliabilityA ?? 0) > 0.9)
  }
}
