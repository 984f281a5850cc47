import Foundation
import Foundations
import LanguageModels
import Testing
import Torch

@testable import Steering

@Suite("A long recording is judged in parts")
struct ChunkedRecordingTests {
  /// The recording in parts of some rows.
  private func chunked(_ recording: Recording, by size: Int) throws -> ChunkedRecording {
    let ranges = stride(from: 0, to: recording.rows.count, by: size).map {
      Array($0..<min(recording.rows.count, $0 + size))
    }
    let parts = try ranges.map { range in
      let part = try recording.selecting(range)
      return ChunkedRecording.Part(rows: range.count) { part.activations }
    }
    return ChunkedRecording(
      rows: recording.rows, layers: recording.layers, widths: recording.activations.mapValues { $0.size(-1) },
      parts: parts)
  }

  @Test("Rows of a layer are found in their parts")
  func rowsOfALayerAreFoundInTheirParts() throws {
    let made = try SyntheticRecording(rows: 50, layers: 3, hidden: 4, pairs: 2).recording
    let parts = try chunked(made, by: 7)
    for rows in [[0], [6, 7], [49], [3, 20, 21, 48], Array(0..<50)] {
      let expected = try made.stream(.continuation, layer: 2).selected(0, rows).floats()
      #expect(try parts.stream(.continuation, layer: 2, rows: rows).floats() == expected, "\(rows)")
    }
    let some = [1, 2, 9, 30]
    let selected = try parts.selecting(some)
    #expect(selected.rows == some.map { made.rows[$0] })
    #expect(try selected.stream(.prompt, layer: 1).floats() == made.selecting(some).stream(.prompt, layer: 1).floats())
    #expect(throws: TelltaleError.self) { try parts.stream(.prompt, layer: 3, rows: [0]) }
    #expect(throws: TelltaleError.self) { try parts.stream(.answer, layer: 0, rows: [0]) }
  }

  @Test("Parts change no digit of an audit")
  func partsChangeNoDigitOfAnAudit() throws {
    let made = try SyntheticRecording(rows: 300, layers: 2, hidden: 12, pairs: 10)
    var options = RecordingAudit.Options()
    (options.draws, options.scores) = (50, ScoreKind.allCases)
    let audits = try [1_000, 64].map { size in
      try RecordingAudit(AuditTarget(chunked(made.recording, by: size), at: .prompt), options: options)
    }
    let judged = try audits.map { try $0.judge(AuditedVector(made.vectors, origin: .pairs(made.differences))) }
    #expect(judged[0].layers.map(\.scores) == judged[1].layers.map(\.scores))
    #expect(try judged[0].verdict() == judged[1].verdict())
    #expect(audits[0].probeAUROC(layer: 1) == audits[1].probeAUROC(layer: 1))
  }

  @Test("Class means of blocks are those of the whole")
  func classMeansOfBlocksAreThoseOfTheWhole() throws {
    let made = try SyntheticRecording(rows: 170, layers: 2, hidden: 10, pairs: 2, effect: 1).recording
    let rows = Array(5..<165)
    let whole = try made.selecting(rows).vectors(at: .prompt, seed: 9, splits: 7)
    let blocks = try chunked(made, by: 40).vectors(at: .prompt, of: rows, seed: 9, splits: 7, blockRows: 33)
    for layer in 0..<2 {
      expectClose(try blocks.vector(layer).map(Double.init), try whole.vector(layer).map(Double.init), within: 1e-6)
      expectClose(
        try #require(blocks.means[layer]).map(Double.init), try #require(whole.means[layer]).map(Double.init),
        within: 1e-6)
      for property in [\VectorProvenance.reliability, \.heldOut, \.residualNorms] {
        let (own, expected) = (blocks.provenance[keyPath: property][layer], whole.provenance[keyPath: property][layer])
        #expect(abs(try #require(own) - #require(expected)) < 1e-9, "\(property)")
      }
    }
    #expect(blocks.provenance.pairs == whole.provenance.pairs && blocks.provenance.groups == whole.provenance.groups)
    #expect(blocks.provenance.positiveShare == whole.provenance.positiveShare)
  }

  /// One row more than the limit: scores are of all rows, what compares rows with rows is of those drawn, and is said.
  @Test("Of many rows all are scored and some are drawn")
  func ofManyRowsAllAreScoredAndSomeAreDrawn() throws {
    let rows = AuditTarget.mostRows + 1
    let made = try SyntheticRecording(rows: rows, layers: 1, hidden: 6, pairs: 10)
    let target = try AuditTarget(chunked(made.recording, by: 1_000), at: .prompt)
    let drawn = target.drawn(seed: 3)
    #expect(drawn.rows.count == AuditTarget.mostRows && drawn.indices == drawn.indices.sorted())
    #expect(drawn.drawn(seed: 4).indices == drawn.indices, "no more rows than the limit are all taken")
    let scored = try #require(try target.cosines(made.vectors.vector(0), layer: 0))
    let whole = try ScoreKind.cosine.scores(
      made.recording.stream(.prompt, layer: 0), vector: made.vectors.vector(0))
    expectClose(scored.scores, whole, within: 1e-12)
    let wide = try made.recording.stream(.prompt, layer: 0).converted(to: .float64)
    let means = try [1, 0].map { side in
      try wide.selected(0, target.labels.indices.filter { target.labels[$0] == side }).mean(0)
    }
    let expected = try (means[0] - means[1]).doubles()
    expectClose(try #require(try target.classMeanDifference(layer: 0)).map(Double.init), expected, within: 1e-6)
    var options = RecordingAudit.Options()
    (options.draws, options.permutations, options.trainsProbe) = (19, 99, false)
    let audit = try RecordingAudit(target, options: options)
    let verdict = try #require(try audit.judge(AuditedVector(made.vectors)).verdict())
    #expect(verdict.verdict == .supported)
    let note = verdict.findings.first { $0.name == "rows drawn" }
    #expect(note?.sentence.contains("of 8192 of the 8193 rows, drawn at random") == true)
  }
}
