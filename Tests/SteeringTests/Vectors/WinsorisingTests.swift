import Foundation
import Foundations
import LanguageModels
import TestSupport
import Testing
import Torch

@testable import Steering

/// Winsorised activations, where vectors are made and where they score.
@Suite struct WinsorisingTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    var share: Double
    var rows: Int
    var width: Int
    var activations: [Double]
    var winsorised: [Double]

    var testDescription: String { "\(share) of \(width)" }

    private struct File: Decodable { var cases: [Case] }

    static let all: [Case] = {
      let data = try? Data(contentsOf: Fixtures.file("estimators/winsorised.json"))
      return data.flatMap { try? JSONDecoder().decode(File.self, from: $0).cases } ?? []
    }()
  }

  @Test("All cases of the fixture are read")
  func readsTheFixture() { #expect(Case.all.count == 4) }

  @Test("Each row is what SciPy makes of its magnitudes, with its signs", arguments: Case.all)
  func agreesWithSciPy(_ fixture: Case) throws {
    let rows = try Tensor(fixture.activations, shape: [fixture.rows, fixture.width])
    let found = try Winsorising(share: fixture.share)(rows)
    #expect(try found.doubles() == fixture.winsorised)
  }

  @Test("By hand: of ten coordinates a fifth is set to the third greatest magnitude, and a row of NaN stays one")
  func byHand() throws {
    let rows = try Tensor(
      [1, -900, 2, 3, -4, 50, 0, 1, 1, -2] + Array(repeating: Double.nan, count: 10), shape: [2, 10])
    let found = try Winsorising(share: 0.2)(rows).doubles()
    #expect(Array(found[0..<10]) == [1, -4, 2, 3, -4, 4, 0, 1, 1, -2])
    #expect(found[10...].allSatisfy { $0.isNaN })
  }

  @Test("Shares that cut nothing, half or more are refused", arguments: [0, -0.1, 0.5, .nan])
  func refusesShares(_ share: Double) throws {
    #expect(message { _ = try Winsorising(share: share) }.contains("above 0 and below 0.5"))
  }

  @Test("A share of less than one coordinate is refused")
  func refusesTooLittle() throws {
    let rows = try Tensor.zeros([2, 10])
    #expect(message { _ = try Winsorising(share: 0.05)(rows) }.contains("less than one of them"))
  }

  /// 24 rows of two layers and width 10, whose first coordinate is massive and noise, and whose second tells the label.
  private static func recording() throws -> Recording {
    var random = SeededGenerator(seed: 12)
    var rows: [RecordedRow] = []
    var values: [Float] = []
    for index in 0..<24 {
      let label = index % 2
      var row = RecordedRow(
        id: "r#\(index)", group: "g\(index / 2)", question: "q\(index / 2)", source: "r", row: index,
        prompt: "p\(index)",
        continuation: "c", end: "stop", labelSource: .letter, promptTokens: 3, promptToken: 1, promptTokenText: "t")
      (row.label, row.continuationToken) = (label, 1)
      rows.append(row)
      for _ in 0..<2 {
        values += [Float(400 * (random.uniform() - 0.5)), Float(label) + 0.1]
        values += (0..<8).map { _ in Float(random.uniform() - 0.5) }
      }
    }
    let activations = try Tensor(values, shape: [24, 2, 10])
    return Recording(rows: rows, layers: [0, 1], activations: [.prompt: activations, .continuation: activations])
  }

  @Test(
    "A vector of recorded rows is made of winsorised activations, held in memory or in blocks, and its file says so")
  func makesVectors() throws {
    let recording = try Self.recording()
    let winsorising = try Winsorising(share: 0.1)
    let held = ChunkedRecording(recording)
    let whole = try held.vectors(at: .prompt, of: Array(0..<24), seed: 1, splits: 4, winsorising: winsorising)
    let blocks = try held.vectors(
      at: .prompt, of: Array(0..<24), seed: 1, splits: 4, blockRows: 5, winsorising: winsorising)
    var expected = try winsorising(recording.stream(.prompt, layer: 1)).doubles()
    let signs = (0..<240).map { ($0 / 10) % 2 == 1 ? 1.0 / 12 : -1.0 / 12 }
    expected = zip(expected, signs).map(*)
    let byHand = (0..<10).map { place in stride(from: place, to: 240, by: 10).reduce(0) { $0 + expected[$1] } }
    for vectors in [whole, blocks] {
      for (found, own) in zip(try vectors.vector(1), byHand) { #expect(abs(Double(found) - own) < 1e-5) }
      #expect(vectors.provenance.winsorised == 0.1)
    }
    let folder = try ScratchFolder()
    defer { withExtendedLifetime(folder) {} }
    let file = folder.url.appending(path: "v.safetensors")
    try whole.write(to: file)
    #expect(try SteeringVectors(contentsOf: file).winsorising == winsorising)
  }

  @Test("Pairs are winsorised before their differences are taken")
  func makesVectorsOfPairs() throws {
    let streams = try Self.recording().activations[.prompt]?.narrowed(0, 0..<8).converted(to: .float64)
    let pairs = try #require(streams)
    let winsorising = try Winsorising(share: 0.1)
    var estimation = try PairEstimation(
      groups: ["a", "b", "c", "d"], layers: [0, 1], hidden: 10, estimator: .mean, seed: 1, splits: 2,
      keepsDifferences: false, winsorising: winsorising)
    try estimation.add(pairs, of: [0, 1, 2, 3])
    let found = try #require(try estimation.result(ifZero: "zero").difference[1])
    let own = try winsorising(pairs).doubles()
    for place in 0..<10 {
      let byHand = (0..<4).reduce(0.0) {
        $0 + own[(2 * $1 * 2 + 1) * 10 + place] - own[((2 * $1 + 1) * 2 + 1) * 10 + place]
      }
      #expect(abs(found[place] - byHand / 4) < 1e-9)
    }
  }

  @Test("Edits that compare or set projections of the stream refuse a winsorised vector, and additions take it")
  func edits() throws {
    var vectors = SteeringVectors(layers: [0: [3, 4]], means: [0: [1, 1]], provenance: VectorProvenance())
    vectors.provenance.positiveShare = 0.5
    _ = try vectors.condition(layer: 0, .above, 1)
    _ = try vectors.clamps(to: .mean)
    vectors.provenance.winsorised = 0.1
    let refused = #expect(throws: TelltaleError.self) { try vectors.condition(layer: 0, .above, 1) }
    #expect(refused?.message.contains("extract it without winsorising") == true)
    #expect(throws: TelltaleError.self) { try vectors.clamps(to: .mean) }
    _ = try vectors.clamps(to: .value(2))
    _ = try vectors.addition(layer: 0, scale: 1)
  }

  @Test("Rows are scored as winsorised where the target is")
  func scoresRows() throws {
    let recording = try Self.recording()
    let vector: [Float] = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    let plain = try AuditTarget(recording, at: .prompt)
    let winsorising = try Winsorising(share: 0.1)
    let scored = try #require(try plain.winsorised(by: winsorising).cosines(vector, layer: 0))
    let byHand = try ScoreKind.cosine.scores(winsorising(recording.stream(.prompt, layer: 0)), vector: vector)
    #expect(scored.scores == byHand)
    #expect(try plain.cosines(vector, layer: 0)?.scores != byHand)
    #expect(scored.auroc == 1)
  }
}
