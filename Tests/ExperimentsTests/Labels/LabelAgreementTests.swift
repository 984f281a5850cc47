import Foundation
import Statistics
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("Agreement of the sources of a run's labels")
struct LabelAgreementTests {
  private let folder: ScratchFolder
  private let run: MadeRun
  init() throws {
    folder = try ScratchFolder()
    run = try MadeRun(folder)
  }

  private func pair(
    _ agreement: LabelAgreement, _ first: LabelChoice, _ second: LabelChoice
  ) throws -> LabelAgreement.Pair {
    try #require(agreement.pairs.first { $0.first == first && $0.second == second })
  }

  @Test("Pairs equal the measures of their answers")
  func pairsEqualTheMeasuresOfTheirAnswers() throws {
    try run.give("ann", rows: 0..<48) { $0 % 7 == 0 ? 1 - $1 : $1 }
    try run.give("ben", rows: 8..<40) { $0 == 10 ? nil : $0 % 4 == 0 ? 1 - $1 : $1 }
    let agreement = try LabelAgreement(run.stored())
    #expect(agreement.sources == [.recorded, .hand, .rater("ann"), .rater("ben")])
    // People together are not compared with each of them.
    #expect(agreement.pairs.count == 4)
    let rows = try run.answers("one").map(\.row)
    let shared = (8..<40).filter { $0 != 10 }
    let ann = shared.map { $0 % 7 == 0 ? 1 - (rows[$0].label ?? 0) : rows[$0].label ?? 0 }
    let ben = shared.map { $0 % 4 == 0 ? 1 - (rows[$0].label ?? 0) : rows[$0].label ?? 0 }
    let found = try pair(agreement, .rater("ann"), .rater("ben"))
    #expect(found.measures == ClusteredAgreement(ann, ben, groups: shared.map { rows[$0].group }))
    #expect(found.cannotTell == 1 && found.firstPositives == ann.reduce(0, +))
    #expect(try pair(agreement, .recorded, .rater("ann")).measures?.observed == 41.0 / 48)
    #expect(agreement.alpha?.items == 31)
    #expect(agreement.judges.isEmpty && agreement.selfAgreement.isEmpty)
  }

  @Test("Disagreements are the answers on which sources differ")
  func disagreementsAreTheAnswersOnWhichSourcesDiffer() throws {
    try run.give("ann", rows: 0..<10) { $0 == 2 ? 1 - $1 : $1 }
    try run.give("ben", rows: 0..<10) { $0 == 4 ? nil : $1 }
    let agreement = try LabelAgreement(run.stored())
    let found = try #require(agreement.disagreements.first)
    #expect(agreement.disagreements.count == 1 && found.answer.item == "synthetic#2" && found.needsAdjudication)
    #expect(found.verdicts.map(\.source) == [.recorded, .rater("ann"), .rater("ben")])
    try run.give(LabelChoice.adjudicated, rows: 2..<3) { $1 }
    #expect(try LabelAgreement(run.stored()).disagreements.map(\.needsAdjudication) == [false])
  }

  @Test("A second pass tells how far a rater agrees with themselves")
  func aSecondPassTellsHowFarARaterAgreesWithThemselves() throws {
    try run.give("ann", rows: 0..<20) { $1 }
    try run.give("ann", rows: 0..<10, pass: 2) { $0 < 3 ? 1 - $1 : $1 }
    // A label that was corrected within a pass is the corrected one.
    try run.give("ann", rows: 0..<1, pass: 2) { $1 }
    let own = try #require(try LabelAgreement(run.stored()).selfAgreement.first)
    #expect(own.measures?.items == 10 && own.measures?.observed == 0.8)
  }

  @Test("A judge is measured against people and the AUROC with either")
  func aJudgeIsMeasuredAgainstPeopleAndTheAUROCWithEither() throws {
    try run.give("ann", rows: 0..<48) { $1 }
    try run.give("judge:bot", rows: 0..<48) { $0 % 6 == 0 ? 1 - $1 : $1 }
    let rows = try run.answers("one").map(\.row)
    let ones = rows.indices.filter { rows[$0].label == 1 }
    let judge = try #require(try LabelAgreement(run.stored()).judges.first)
    #expect(judge.judge == .judge("bot") && judge.positives == ones.count && judge.negatives == 48 - ones.count)
    let found = Double(ones.count { $0 % 6 != 0 }) / Double(ones.count)
    #expect(abs((judge.sensitivity?.mean ?? 0) - found) < 1e-12)

    let changes = try LabelReplacement(run.stored(), labels: .judge("bot"), instead: .hand).changes
    let change = try #require(changes.first)
    #expect(changes.count == 1 && change.n == 48 && change.changed == 8 && change.layer == 1)
    let judged = try Analysis(run.stored(), labels: .judge("bot")).write()
    let same = try #require(
      judged.changes.first { $0.layer == 1 && $0.score == "cosine" && $0.model == "one" && $0.vector == "planted" })
    #expect(change.auroc == same.auroc && change.test == same.test, "ann's labels are the recorded ones")
  }

  @Test("The rate and the AUROC by a judge are corrected by its errors on the answers that people labelled too")
  func aJudgesErrorsCorrectRateAndAUROC() throws {
    try run.give("ann", rows: 0..<24) { $1 }
    try run.give("judge:bot", rows: 0..<48) { $0 % 6 == 0 ? 1 - $1 : $1 }
    let rows = try run.answers("one").map(\.row)
    let judged = rows.indices.map { row in row % 6 == 0 ? 1 - (rows[row].label ?? 0) : rows[row].label ?? 0 }
    let correction = try #require(
      LabelReplacement(run.stored(), labels: .judge("bot"), instead: .hand).corrections.first)
    func share(_ label: Int) -> Double {
      let known = (0..<24).filter { rows[$0].label == label }
      return Double(known.count { judged[$0] == label }) / Double(known.count)
    }
    let observed = Double(judged.reduce(0, +)) / 48
    // Rogan and Gladen (1978).
    let rate = (observed + share(0) - 1) / (share(1) + share(0) - 1)
    #expect(abs((correction.errors.rate?.value ?? 0) - rate) < 1e-12)
    #expect(correction.errors.doublyLabelled == 24 && correction.rows.count == 48 && correction.layer == 1)
    let area = try #require(Measures.auroc(scores: correction.rows.scores, labels: judged))
    // Menon et al. (2015): the area's distance from 0.5 shrinks by 1 less the shares of wrong labels among those given.
    let wrongOnes = (1 - share(0)) * (1 - rate) / observed
    let wrongZeros = (1 - share(1)) * rate / (1 - observed)
    let corrected = 0.5 + (area - 0.5) / (1 - wrongOnes - wrongZeros)
    #expect(abs((correction.errors.auroc?.value ?? 0) - corrected) < 1e-12)
    #expect(correction.errors.poweredRate != nil && correction.errors.poweredAUROC != nil)
  }

  @Test("The recorded labels are corrected in the same way, and nothing is where people gave one label only")
  func recordedLabelsAreCorrected() throws {
    try run.give("ann", rows: 0..<24) { $0 % 5 == 0 ? 1 - $1 : $1 }
    let found = try LabelReplacement(run.stored(), labels: .recorded, instead: .hand).corrections
    #expect(found.first?.errors.doublyLabelled == 24)
    try run.give("ann", rows: 0..<24) { _, _ in 1 }
    #expect(try LabelReplacement(run.stored(), labels: .recorded, instead: .hand).corrections.isEmpty)
  }
}
