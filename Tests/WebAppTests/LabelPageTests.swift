import Foundation
import Foundations
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("The page of labels")
struct LabelPageTests {
  /// The answers of a run with their recorded labels.
  private func answers(_ run: GradedRun) throws -> [(key: String, label: Int)] {
    try run.store().build(StoredRun(run.url))
    return try LabelledAnswers(StoredRun(run.url)).answers.compactMap { answer in
      answer.verdicts[.recorded]?.label.map { (answer.answer, $0) }
    }
  }

  private func give(_ labels: [HandLabel], _ run: GradedRun) throws { try run.store().append(labels) }

  @Test("Agreement is that of a hand computation")
  func agreementIsThatOfAHandComputation() async throws {
    let run = try GradedRun(predictable: 48)
    let answers = try answers(run)
    // Of 10 answers both call 4 the behaviour, 3 not, and differ on 3: observed 0.7; ann says 1 of 6, ben of 5.
    let ann = [1, 1, 1, 1, 0, 0, 0, 1, 1, 0]
    let ben = [1, 1, 1, 1, 0, 0, 0, 0, 0, 1]
    for (rater, labels) in [("ann", ann), ("ben", ben)] {
      try give(zip(answers, labels).map { HandLabel(answer: $0.key, label: $1, rater: rater) }, run)
    }
    let page = try await RunningServer.serving(run.url) { server, client in
      try client.send("GET", "/runs/run/labels", server.bearer).text
    }
    // kappa = (0.7 - 0.5) / (1 - 0.5); chance of AC1: 2 * 0.55 * 0.45 = 0.495, AC1 = 0.205 / 0.505.
    let row = try #require(
      page.split(separator: "<tr>").first { $0.contains("<th scope=\"row\">hand:ann</th><td>hand:ben</td>") })
    #expect(row.contains(">10<") && row.contains("0.700 ") && row.contains("0.400 ") && row.contains("0.406 "))
    #expect(page.contains("Raters differ on 3 answers") && page.components(separatedBy: "class=\"case\"").count == 4)
    #expect(!page.contains("secret-item"))
  }

  @Test("A judge is held against people")
  func aJudgeIsHeldAgainstPeople() async throws {
    let run = try GradedRun(predictable: 48)
    let answers = try answers(run)
    // Of six that ann calls the behaviour the judge finds three, of four others it calls one so: 3/6 and 3/4.
    for (rater, labels) in [("ann", [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]), ("judge:m", [1, 1, 1, 0, 0, 0, 0, 0, 0, 1])] {
      try give(zip(answers, labels).map { HandLabel(answer: $0.key, label: $1, rater: rater) }, run)
    }
    let (page, csv) = try await RunningServer.serving(run.url) { server, client in
      let page = try client.send("GET", "/runs/run/labels", server.bearer).text
      return (page, try client.send("GET", "/runs/run/labels.csv", server.bearer).text)
    }
    let table = try #require(page.components(separatedBy: "Judges against the hand labels").last)
    let row = try #require(table.split(separator: "<tr>").first { $0.contains("<th scope=\"row\">judge:m</th>") })
    #expect(row.contains(">6<") && row.contains("0.500 ") && row.contains(">4<") && row.contains("0.750 "))
    #expect(page.contains("AUROC by a judge&#39;s labels instead of people&#39;s"))
    // What goes out comes in elsewhere, the judge still a judge.
    let other = try GradedRun(predictable: 48)
    _ = try self.answers(other)
    let labels = try LabelImport(parsing: csv, name: "labels.csv").labels(by: nil, in: other.store())
    #expect(labels.count { $0.rater == "judge:m" } == 10 && labels.count { $0.rater == "ann" } == 10)
  }

  @Test("A settled disagreement is a label of the adjudicator")
  func aSettledDisagreementIsALabelOfTheAdjudicator() async throws {
    let run = try GradedRun(predictable: 48)
    let answer = try answers(run)[0].key
    try give(
      [HandLabel(answer: answer, label: 1, rater: "ann"), HandLabel(answer: answer, label: 0, rater: "ben")], run)
    let page = try await RunningServer.serving(run.url) { server, client in
      let headers = server.browser.merging(["Content-Type": "application/json"]) { $1 }
      let body = try JSONEncoder().encode(PostedLabel(answer: answer, label: 0))
      let before = try client.send("GET", "/runs/run/labels", server.bearer).text
      #expect(before.contains("data-answer=\"\(answer)\""))
      #expect(try client.send("POST", "/runs/run/adjudications", headers, body: body).status == 200)
      #expect(try client.send("POST", "/runs/run/adjudications", headers, body: body).status == 200)
      return try client.send("GET", "/runs/run/labels", server.bearer).text
    }
    #expect(page.contains("Raters do not differ on any answer that is not settled"))
    let settled = try run.journal.filter { $0.rater == "adjudicated" }
    #expect(settled.count == 1 && settled[0].label == 0)
    #expect(try LabelIndex(StoredRun(run.url)).verdict(.hand, on: answer) == .label(0))
  }

  /// With every label turned round, each AUROC is one minus what it was.
  @Test("Predictivity is recomputed with hand labels")
  func predictivityIsComputedAnewByHandLabels() async throws {
    let run = try GradedRun(predictable: 48)
    try give(answers(run).map { HandLabel(answer: $0.key, label: 1 - $0.label, rater: "ann") }, run)
    let recorded = try areas(run.url.appending(path: "results/predictivity.csv"))
    let page = try await RunningServer.serving(run.url) { server, client in
      let missing = try client.send("GET", "/runs/run/relabelled?labels=hand", server.bearer)
      #expect(missing.status == 404)
      #expect(try client.send("POST", "/runs/run/relabelled?labels=recorded", server.browser).status == 400)
      #expect(try client.send("POST", "/runs/run/relabelled?labels=judge:none", server.browser).status == 400)
      let reply = try client.send("POST", "/runs/run/relabelled?labels=hand", server.browser)
      #expect(reply.status == 200, "\(reply.text)")
      return try client.send("GET", "/runs/run/relabelled?labels=hand", server.bearer).text
    }
    let turned = try areas(run.url.appending(path: "results/labels-hand/predictivity.csv"))
    #expect(recorded.count == 2 && zip(recorded, turned).allSatisfy { abs($0 + $1 - 1) < 1e-9 })
    #expect(try areas(run.url.appending(path: "results/predictivity.csv")) == recorded)
    #expect(
      turned.allSatisfy { page.contains(String(format: "%.4g", $0)) }
        && page.contains("hand labels for 48 of 48 answers"))
  }

  private func areas(_ url: URL) throws -> [Double] { try CSVTable(contentsOf: url).column("auroc").numbers() }
}
