import Foundation
import GRDB
import Statistics
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("Targets are judged by the labels that are asked for")
struct RelabelledAnalysisTests {
  private let folder: ScratchFolder
  private let run: MadeRun
  init() throws {
    folder = try ScratchFolder()
    run = try MadeRun(folder)
  }

  private func judged(_ labels: LabelChoice) throws -> ExperimentResults {
    try Analysis(run.stored(), labels: labels).write()
  }

  private func row(_ results: ExperimentResults, layer: Int = 1, model: ModelName = "one") throws -> PredictionResult {
    try #require(
      results.predictions.first { $0.row.layer == layer && $0.model == model && $0.row.score == "cosine" })
  }

  @Test("Hand labels give the AUROC of hand labels on labelled rows only")
  func handLabelsGiveTheAUROCOfHandLabelsOnLabelledRowsOnly() throws {
    // Ann labels the first 40 of 48 answers, turns round every fifth, and cannot tell the third.
    func ann(_ index: Int, _ recorded: Int) -> Int? { index == 3 ? nil : index % 5 == 0 ? 1 - recorded : recorded }
    try run.give("ann", rows: 0..<40, label: ann)
    let results = try judged(.hand)

    let recording = try run.directory.recording("one", "test")
    let vector = try run.stored().vectors("one", "planted").vector(1)
    let scores = try ScoreKind.cosine.scores(
      recording.stream(.prompt, layer: 1, rows: Array(recording.rows.indices)), vector: vector)
    let kept = (0..<40).filter { $0 != 3 }
    let own = kept.map { recording.rows[$0].label ?? 0 }
    let hand = kept.map { ann($0, recording.rows[$0].label ?? 0) ?? 0 }
    let expected = try #require(Measures.auroc(scores: kept.map { scores[$0] }, labels: hand))

    let found = try row(results)
    #expect(found.row.predictivity.n == 39 && abs((found.row.predictivity.auroc ?? 0) - expected) < 1e-12)
    let change = try #require(found.change)
    #expect(change.n == 39 && change.changed == kept.count { $0 % 5 == 0 } && change.reference == .recorded)
    #expect(change.aurocReference == Measures.auroc(scores: kept.map { scores[$0] }, labels: own))
    #expect(
      change.test?.difference == expected - (change.aurocReference ?? 0) && expected < (change.aurocReference ?? 0))
  }

  @Test("What is not labelled and what cannot be told is counted by question")
  func whatIsNotLabelledAndWhatCannotBeToldIsCountedByQuestion() throws {
    try run.give("ann", rows: 0..<20) { index, recorded in index < 2 ? nil : recorded }
    let results = try judged(.hand)
    let coverage = try #require(results.coverage.first { $0.model == "one" })
    #expect(coverage.answers == 48 && coverage.labelled == 18 && coverage.cannotTell == 2 && coverage.unlabelled == 28)
    #expect(coverage.groups.map(\.cannotTell) == [2, 0, 0, 0, 0, 0])
    #expect(coverage.groups.map(\.unlabelled) == [0, 0, 4, 8, 8, 8])
    #expect(
      coverage.sentence
        == "hand labels for 18 of 48 answers; 2 could not be told, most in question 0 (2); 28 not labelled and left out"
    )
    // Model two has none: it is left out and said.
    #expect(results.predictions.allSatisfy { $0.model == "one" })
    #expect(results.missingLabels?.contains("no hand labels of two/test yet") == true)
    let table = try run.text("results/labels-hand/labels.csv")
    #expect(table.contains("hand,one,test,question 2,") && table.contains("hand,two,test,question 0,0,0,0,8"))
  }

  @Test("Other labels do not touch the runs own tables")
  func otherLabelsDoNotTouchTheRunsOwnTables() throws {
    _ = try judged(.recorded)
    let names = ["predictivity", "audit", "transfer", "vectors", "labels"].map { "results/\($0).csv" }
    let before = try names.map(run.text)
    try run.give("ann", rows: 0..<48) { _, recorded in 1 - recorded }
    let results = try judged(.rater("ann"))
    #expect(try names.map(run.text) == before)
    let own = try #require(try row(judged(.recorded)).row.predictivity.auroc)
    let turned = try #require(try row(results).row.predictivity.auroc)
    #expect(abs(own + turned - 1) < 1e-12)
    let files = try FileManager.default.contentsOfDirectory(
      atPath: run.directory.url.appending(path: "results/labels-hand-ann").path)
    #expect(Set(files) == ["predictivity.csv", "audit.csv", "transfer.csv", "labels.csv", "changes.csv"])
    // Made anew, a recording takes them with it.
    try run.directory.forget(AnalysisStage())
    #expect(!FileManager.default.fileExists(atPath: run.directory.url.appending(path: "results/labels-hand-ann").path))
  }

  @Test("A file that asks for hand labels is judged by them once they are there")
  func aFileThatAsksForHandLabelsIsJudgedByThemOnceTheyAreThere() throws {
    let file = MadeRun.experiment.replacing("{targets: [test], ", with: "{targets: [test], labels: hand, ")
    try run.directory.write(file, to: run.directory.layout.experiment)
    let before = try judged(.recorded)
    #expect(before.predictions.count == 8 && before.byOtherLabels.count == 1)
    #expect(before.byOtherLabels[0].predictions.isEmpty && !before.byOtherLabels[0].hasLabels)
    #expect(
      before.byOtherLabels[0].missingLabels
        == "there are no hand labels of one/test, two/test yet; give them with telltale label, then run telltale "
        + "predict on the run directory")
    #expect(!FileManager.default.fileExists(atPath: run.directory.url.appending(path: "results/labels-hand").path))
    try run.give("ann", rows: 0..<48) { $1 }
    let after = try judged(.recorded)
    #expect(after.predictions.count == 8 && after.byOtherLabels[0].predictions.count == 4)
    #expect(try row(after.byOtherLabels[0]).row.predictivity.auroc == row(after).row.predictivity.auroc)
    #expect(try row(after.byOtherLabels[0]).change?.test?.difference == 0)
  }

  @Test("One label, or labels of one kind, give an undefined AUROC and no failure", arguments: [1, 2, 9])
  func fewLabels(_ count: Int) throws {
    try run.give("ann", rows: 0..<count) { _, _ in 1 }
    let results = try judged(.hand)
    #expect(try row(results).row.predictivity.auroc == nil)
    #expect(try row(results).row.predictivity.n == count)
    #expect(results.audits.allSatisfy { $0.audit.verdict != .supported })
  }

  @Test("Judges and people of one name are never mixed")
  func judgesAndPeopleOfOneNameAreNeverMixed() throws {
    try run.give("ann", rows: 0..<48) { $1 }
    try run.give("judge:ann", rows: 0..<48) { 1 - $1 }
    let hand = try #require(try row(judged(.rater("ann"))).row.predictivity.auroc)
    let judge = try #require(try row(judged(.judge("ann"))).row.predictivity.auroc)
    #expect(abs(hand + judge - 1) < 1e-12 && hand > 0.7)
    #expect(try row(judged(.hand)).row.predictivity.auroc == hand)
    let store = try run.store()
    try store.build(run.stored())
    let sources = try store.read { database in
      try String.fetchAll(
        database, sql: "SELECT DISTINCT source || ' ' || rater FROM labels WHERE rater IS NOT NULL ORDER BY source")
    }
    #expect(sources == ["hand:ann ann", "judge:ann judge:ann"])
    let status = try RunStatus(run.url)
    #expect(status.handLabels == ["ann": 48] && status.judgeLabels == ["judge:ann": 48])
  }
}

@Suite("Whose labels are meant")
struct LabelChoiceTests {
  @Test("Names come back", arguments: ["recorded", "hand", "hand:ann", "judge:gpt-4", "hand:a b"])
  func namesComeBack(_ text: String) { #expect(LabelChoice(text)?.description == text) }

  @Test("Others are none", arguments: ["", "hands", "hand:", "judge: ", "letter", "reference"])
  func othersAreNone(_ text: String) { #expect(LabelChoice(text) == nil) }

  @Test("The refusal names the nearest")
  func theRefusalNamesTheNearest() {
    #expect(LabelChoice.refusal("hnad").hasSuffix("did you mean hand?"))
    #expect(LabelChoice.refusal("gpt").hasSuffix("use recorded, hand, hand:<rater> or judge:<name>"))
  }

  @Test("No name leaves the results folder")
  func noNameLeavesTheResultsFolder() {
    #expect(LabelChoice.rater("ann").folder == "labels-hand-ann")
    let folders = ["../../x", "a/b", "a_b", "ä", ".", ""].map { LabelChoice.rater($0).folder ?? "" }
    #expect(Set(folders).count == folders.count)
    #expect(folders.allSatisfy { !$0.contains("/") && !$0.contains("..") })
  }

  private func verdict(_ given: [(String, Int?)]) -> LabelIndex.Verdict? {
    LabelIndex(given.map { HandLabel(answer: "a", label: $1, rater: $0) }).verdict(.hand, on: "a")
  }

  @Test("People decide by majority unless somebody adjudicates")
  func peopleDecideByMajorityUnlessSomebodyAdjudicates() {
    #expect(verdict([]) == nil)
    #expect(verdict([("judge:x", 1)]) == nil)
    #expect(verdict([("ann", 1)]) == .label(1))
    #expect(verdict([("ann", 1), ("ben", 0)]) == .cannotTell)
    #expect(verdict([("ann", 1), ("ben", 0), ("cem", 0)]) == .label(0))
    #expect(verdict([("ann", 1), ("ben", nil)]) == .cannotTell)
    #expect(verdict([("ann", 1), ("ben", nil), ("cem", nil)]) == .cannotTell)
    #expect(verdict([("ann", 1), ("ben", 0), ("judge:x", 1)]) == .cannotTell)
    #expect(verdict([("ann", 1), ("ben", 1), ("adjudicated", 0)]) == .label(0))
    #expect(verdict([("ann", 1), ("adjudicated", nil)]) == .cannotTell)
    #expect(verdict([("ann", 1), ("ann", 0)]) == .label(0))
  }
}
