import Experiments
import Foundation
import Foundations
import Statistics
import Steering
import TestSupport
import Testing

@testable import Reports

@Suite("A report shows what other labels change")
struct OtherLabelsTests {
  /// Labels of a rater who turns round every fourth recorded label of the first 60 answers.
  private func labelled(_ made: MadePage, rater: String) throws {
    let run = try StoredRun(made.url)
    let store = try #require(try RunStore.ifBuilt(run))
    let answers = try store.answers(model: run.models[0].text, dataset: "test").filter { $0.label != nil }
    let labels = try answers.prefix(60).enumerated().map { index, answer in
      HandLabel(
        answer: try store.answer(AnswerChoice(item: answer.item, model: run.models[0].text, dataset: "test")),
        label: index % 4 == 0 ? 1 - (answer.label ?? 0) : answer.label, rater: rater)
    }
    try store.append(labels)
    _ = try Analysis(run, labels: .rater(rater)).write()
  }

  @Test("Its numbers are those of the tables")
  func itsNumbersAreThoseOfTheTables() throws {
    let made = try MadePage()
    try labelled(made, rater: "ann")
    let all = try OtherLabels.all(StoredRun(made.url), audit: RunContents(StoredRun(made.url)).audit)
    let shown = try #require(all.first)
    #expect(all.count == 1 && shown.source == "hand:ann" && shown.reference == "recorded")
    let folder = made.url.appending(path: "results/labels-hand-ann")
    let stored = try CSVTable(contentsOf: folder.appending(path: "changes.csv"))
    let cosines = try stored.column("score").strings.indices.filter {
      try stored.column("score").strings[$0] == "cosine"
    }
    #expect(shown.changes.rows.count == cosines.count && !cosines.isEmpty)
    for column in ["n", "changed", "auroc", "auroc_reference", "difference", "p_difference"] {
      let place = try #require(shown.changes.columns.firstIndex(of: column))
      let numbers = try stored.column(column).optionalNumbers()
      #expect(shown.changes.rows.map { $0[place].number } == cosines.map { numbers[$0] }, "\(column)")
    }
    let changed = try #require(shown.changes.columns.firstIndex(of: "changed"))
    #expect(shown.changes.rows.allSatisfy { $0[changed] == .integer(15) })
    // 60 labelled of 96, the others counted as not labelled.
    let counts = shown.coverage.rows[0].dropFirst(2).map { $0.number ?? -1 }
    #expect(counts.reduce(0, +) == 96 && counts[0] + counts[1] == 60 && counts[2] == 0)
  }

  @Test("Verdicts are shown next to those of the run's own labels")
  func verdictsStandBesideThoseByTheRunsOwnLabels() throws {
    let made = try MadePage()
    try labelled(made, rater: "ann")
    let contents = try RunContents(StoredRun(made.url))
    let verdicts = try #require(try OtherLabels.all(contents.run, audit: contents.audit).first).verdicts
    #expect(verdicts.columns.suffix(2) == ["verdict", "verdict_recorded"])
    let own = try AnswerSection(contents).cards.flatMap(\.rows)
    #expect(verdicts.rows.count == own.count)
    #expect(verdicts.rows.map { $0[6] } == own.map { .text($0.verdict.word) })
  }

  @Test("Without others there are none")
  func withoutOthersThereAreNone() throws {
    let made = try MadePage(rows: 40, layers: 2)
    let contents = try RunContents(StoredRun(made.url))
    #expect(try OtherLabels.all(contents.run, audit: contents.audit).isEmpty)
    try made.remove("results")
    #expect(try OtherLabels.all(StoredRun(made.url), audit: contents.audit).isEmpty)
  }
}
