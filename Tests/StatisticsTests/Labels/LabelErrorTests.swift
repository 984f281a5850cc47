import Foundations
import Testing

@testable import Statistics

@Suite("Labels that err are measured and corrected in one place")
struct LabelErrorTests {
  /// 400 rows in 80 questions, of which every fourth question is labelled twice; the labels find 90 % and raise 20 % false alarms.
  private func world() throws -> (rows: ScoredRows, truth: [Int], reference: [Int?]) {
    var generator = SeededGenerator(seed: 8)
    let truth = (0..<400).map { _ in generator.index(below: 2) }
    let labels = truth.map { generator.uniform() < ($0 == 1 ? 0.9 : 0.2) ? 1 : 0 }
    let rows = try ScoredRows(
      scores: truth.map { Double($0) + generator.normal() }, labels: labels, groups: (0..<400).map { "q\($0 / 5)" })
    return (rows, truth, truth.indices.map { $0 / 5 % 4 == 0 ? truth[$0] : nil })
  }

  @Test("The parts are those of the corrections one by one, and come nearer the truth than the labels")
  func parts() throws {
    let (rows, truth, reference) = try world()
    let found = try LabelErrors(rows, reference: reference)
    let known = reference.indices.filter { reference[$0] != nil }
    #expect(found.doublyLabelled == 100)
    let positives = known.filter { truth[$0] == 1 }
    expectClose(
      found.sensitivity.value, Double(positives.count { rows.labels[$0] == 1 }) / Double(positives.count))
    let accuracy = try #require(
      LabelAccuracy(
        reference: known.map { truth[$0] }, observed: known.map { rows.labels[$0] },
        groups: known.map { "q\($0 / 5)" }))
    #expect(found.rate == CorrectedRate(labels: rows.labels, groups: rows.groups, accuracy: accuracy))
    #expect(
      found.auroc
        == CorrectedAUROC(scores: rows.scores, labels: rows.labels, groups: rows.groups, accuracy: accuracy))
    let actual = try #require(Measures.auroc(scores: rows.scores, labels: truth))
    let observed = try #require(rows.auroc)
    for area in [found.auroc?.value, found.poweredAUROC?.value] {
      #expect(abs(try #require(area) - actual) < abs(observed - actual))
    }
    let rate = mean(truth.map(Double.init))
    #expect(try #require(found.rate).low < rate && #require(found.rate).high > rate)
    #expect(try #require(found.poweredRate?.low) < rate && #require(found.poweredRate?.high) > rate)
    #expect(found.sentences.count == 2 && found.sentences[0].hasPrefix("Of 100 rows labelled twice, the labels find "))
  }

  @Test("Where every row is labelled twice nothing is left to power, and chance cannot be corrected")
  func ends() throws {
    let (rows, truth, _) = try world()
    let all = try LabelErrors(rows, reference: truth)
    #expect(all.poweredRate == nil && all.poweredAUROC == nil && all.rate != nil)
    let chance = try LabelErrors(rows, reference: truth.indices.map { $0 % 2 })
    if chance.rate == nil { #expect(chance.sentences[0].contains("no better than chance")) }
    #expect(throws: StatisticsError.self) { try LabelErrors(rows, reference: [1, 0]) }
    #expect(throws: StatisticsError.self) { try LabelErrors(rows, reference: rows.labels.map { _ in 1 }) }
    #expect(throws: StatisticsError.self) { try LabelErrors(rows, reference: rows.labels.map { _ in nil }) }
  }
}
