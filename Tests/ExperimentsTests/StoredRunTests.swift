import Foundation
import Foundations
import Statistics
import Steering
import TestSupport
import Testing
import Torch

@testable import Experiments

@Suite("A run directory is judged again without its models")
struct StoredRunTests {
  private let folder: ScratchFolder
  private var url: URL { folder.url.appending(path: "run") }
  init() throws { folder = try ScratchFolder() }

  private static let experiment = """
    name: made
    seed: 4
    models: [one, two]
    datasets:
      train: {files: [train.jsonl]}
      test: {files: [test.jsonl]}
    vectors:
      - {name: planted, contrast: spontaneous, dataset: train, read: prompt}
      - {name: other, contrast: answers, dataset: train, read: answer}
    predictions:
      - {targets: [test], positions: [prompt], scores: [cosine, projection]}
    """

  /// Two models of width 24 with two layers; "planted" predicts in model one, nothing predicts in model two.
  private func writeRun() throws {
    let directory = try RunDirectory(creating: url)
    try directory.write(Self.experiment, to: directory.layout.experiment)
    for (model, effect) in [(ModelName("one"), Float(2)), ("two", 0)] {
      let made = try SyntheticRecording(rows: 480, layers: 2, hidden: 24, pairs: 20, effect: effect)
      // Training and target ask different questions: a vector must not be judged on what it was made of.
      try directory.write(made.recording.selecting(Array(0..<240)), model, "train", chunk: 0)
      try directory.write(made.recording.selecting(Array(240..<360)), model, "test", chunk: 0)
      try directory.write(made.recording.selecting(Array(360..<480)), model, "test", chunk: 1)
      try made.vectors.write(to: directory.ready(directory.layout.vector(model, "planted")))
      let other = try (0..<2).map { try Tensor.randomNormal([24], seed: UInt64(50 + $0)).floats() }
      try SteeringVectors(layers: [0: other[0], 1: other[1]], provenance: VectorProvenance())
        .write(to: directory.url.appending(path: "vectors/\(model)/other.safetensors"))
      try made.differences.write(to: directory.ready(directory.layout.differences(model, "other")))
    }
  }

  private func table(_ name: String) throws -> CSVTable {
    try CSVTable(contentsOf: url.appending(path: "results/\(name)"))
  }

  @Test("Every column is filled and the verdicts are the truth")
  func everyColumnIsFilledAndTheVerdictsAreTheTruth() throws {
    try writeRun()
    let results = try Analysis(StoredRun(url)).write()
    #expect(results.predictions.count == 2 * 2 * 2 * 2)
    let predictivity = try table("predictivity.csv")
    for column in ["null_percentile", "probe_auroc", "auroc", "q_fdr", "letter_auroc"] {
      #expect(try predictivity.column(column).numbers().count == 16, "\(column)")
    }
    // A random direction of 24 dimensions leans towards the planted one by chance and so predicts too: that it is nothing
    // special is for specificity to say.
    let found = results.audits.map { result in
      "\(result.model)/\(result.vector): \(result.audit.verdict == .supported), \(result.audit.specificity == .specific)"
    }
    #expect(Array(found.prefix(2)) == ["one/planted: true, true", "one/other: true, false"])
    #expect(results.audits.suffix(2).allSatisfy { [.absent, .cannotTell].contains($0.audit.verdict) })
    let findings = try table("audit.csv").column("finding").strings
    #expect(findings.contains("null: class means of labels exchanged at random"))
    #expect(findings.contains("null: vectors of pairs with signs flipped at random"))
    #expect(findings.contains("baseline: class-mean direction of the training set"))
  }

  @Test("Transfer is every vector on every target compared with the first")
  func transferIsEveryVectorOnEveryTargetComparedWithTheFirst() throws {
    try writeRun()
    let transfer = try Analysis(StoredRun(url)).write().transfer
    #expect(
      transfer.map { "\($0.model)/\($0.vector)" } == [
        "one/planted", "one/other", "two/planted", "two/other", "two/planted", "two/other", "one/planted", "one/other",
      ])
    #expect(transfer[0].reference == ("one", "planted") && transfer[0].difference == nil)
    // A made vector states no reliability, so the middle layer is taken; the direction is the same in both models.
    #expect(transfer.allSatisfy { $0.layer == 1 && $0.n == 240 && $0.groups == 30 })
    let worse = try #require(transfer[1].difference)
    #expect(worse.difference < -0.2 && (worse.p ?? 1) < 0.001 && worse.interval.high < 0)
    let same = try #require(transfer[2].difference)
    #expect(same.difference == 0 && same.p == nil)
    #expect(try table("transfer.csv").rows.count == 8)
  }

  @Test("Judging twice gives the same files")
  func judgingTwiceGivesTheSameFiles() throws {
    try writeRun()
    func files() throws -> [Data] {
      _ = try Analysis(StoredRun(url)).write()
      return try ["predictivity", "audit", "transfer", "vectors"].map {
        try Data(contentsOf: url.appending(path: "results/\($0).csv"))
      }
    }
    #expect(try files() == files())
  }

  @Test("Transfer takes the most reliable layer where no truth is planted")
  func transferTakesTheMostReliableLayerWhereNoTruthIsPlanted() throws {
    var vectors = SteeringVectors(layers: [3: [1], 5: [1], 7: [1]], provenance: VectorProvenance())
    #expect(Transfer.layer(vectors, planted: nil) == 5)
    vectors.provenance.reliability = [3: 0.9, 5: 0.4, 7: 0.9, 9: 1]
    #expect(Transfer.layer(vectors, planted: nil) == 3)
    #expect(Transfer.layer(vectors, planted: 7) == 7)
    #expect(Transfer.layer(vectors, planted: 6) == 3)
  }

  // MARK: Damage

  private func refusal(_ damage: () throws -> Void) throws -> String {
    try writeRun()
    try damage()
    do {
      _ = try Analysis(StoredRun(url)).write()
      Issue.record("nothing was thrown")
      return ""
    } catch { return "\(error)" }
  }

  @Test("A folder that is no run is refused")
  func aFolderThatIsNoRunIsRefused() throws {
    let error = #expect(throws: TelltaleError.self) { try StoredRun(folder.url) }
    #expect("\(try #require(error))".contains("is no run directory: it holds no experiment.yaml"))
  }

  @Test("A damaged row is named by its line")
  func aDamagedRowIsNamedByItsLine() throws {
    let rows = url.appending(path: "chunks/one/test/1/rows.jsonl")
    let text = try refusal {
      var lines = try String(contentsOf: rows, encoding: .utf8).split(separator: "\n").map(String.init)
      lines[6] = lines[6].replacingOccurrences(of: "\"label\":", with: "\"label\":7")
      try lines.joined(separator: "\n").write(to: rows, atomically: true, encoding: .utf8)
      try RecordingFolder.writeSums(in: rows.deletingLastPathComponent())
    }
    #expect(text.contains("chunks/one/test/1/rows.jsonl:7") && text.contains("is no row of a recording"), "\(text)")
  }

  @Test("Activations that do not fit their rows are refused")
  func activationsThatDoNotFitTheirRowsAreRefused() throws {
    let text = try refusal {
      let rows = url.appending(path: "chunks/one/test/0/rows.jsonl")
      let lines = try String(contentsOf: rows, encoding: .utf8).split(separator: "\n").dropLast()
      try lines.joined(separator: "\n").write(to: rows, atomically: true, encoding: .utf8)
      try RecordingFolder.writeSums(in: rows.deletingLastPathComponent())
    }
    #expect(text.contains("activations.safetensors") && text.contains("does not fit its rows.jsonl"), "\(text)")
  }

  @Test("A missing recording is named")
  func aMissingRecordingIsNamed() throws {
    let text = try refusal { try FileManager.default.removeItem(at: url.appending(path: "chunks/two/test")) }
    #expect(text.contains("chunks/two/test") && text.contains("holds no chunks"), "\(text)")
  }
}
