import Foundation
import GRDB
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("Grading by hand")
struct GradingTests {
  private func turn(_ client: RawClient, _ server: RunningServer, _ query: String) throws -> Turn {
    let reply = try client.send("GET", "/runs/run/grading/turn?\(query)", server.browser)
    #expect(reply.status == 200, "\(reply.text)")
    return try reply.json(Turn.self)
  }

  private func post(
    _ label: PostedLabel, _ client: RawClient, _ server: RunningServer, _ query: String
  ) throws -> RawClient.Reply {
    try client.send(
      "POST", "/runs/run/grading/labels?\(query)", server.browser.merging(["Content-Type": "application/json"]) { $1 },
      body: JSONEncoder().encode(label))
  }

  /// Grades everything that waits, sending every seventh label twice; returns the answers in their order.
  private func grade(_ server: RunningServer, rater: String, query: String = "") throws -> [String] {
    let client = try server.client()
    var turn = try turn(client, server, "rater=\(rater)\(query)")
    var graded: [String] = []
    while let item = turn.item {
      let label = PostedLabel(answer: item.answer, label: graded.count % 2)
      graded.append(item.answer)
      var reply = try post(label, client, server, "rater=\(rater)\(query)")
      if graded.count % 7 == 0 { reply = try post(label, client, server, "rater=\(rater)\(query)") }
      guard reply.status == 200 else { throw RawClient.Failure(reason: reply.text) }
      turn = try reply.json(Turn.self)
    }
    return graded
  }

  @Test("Eight raters lose and duplicate none of ten thousand labels")
  func eightRatersLoseAndDuplicateNoneOfTenThousandLabels() async throws {
    let run = try GradedRun(count: 1_250)
    let server = try await RunningServer(run.url)
    let orders = try await withThrowingTaskGroup(of: [String].self) { group in
      for rater in 0..<8 {
        group.addTask { try await RunningServer.onThread { try grade(server, rater: "rater\(rater)") }.get() }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    await server.stop()
    let journal = try run.journal
    #expect(journal.count == 10_000)
    #expect(Set(journal.map(\.key)).count == 10_000)
    #expect(Set(journal.map { "\($0.rater) \($0.answer)" }).count == 10_000)
    let store = try run.store()
    let counts = try store.read {
      try Int.fetchAll($0, sql: "SELECT count(*) FROM labels WHERE rater IS NOT NULL GROUP BY source")
    }
    #expect(counts == [Int](repeating: 1_250, count: 8))
    #expect(orders.allSatisfy { Set($0).count == 1_250 })
    #expect(Set(orders).count == 8, "each rater has an order of their own")
  }

  @Test("Raters are blind unless it is asked otherwise")
  func ratersAreBlindUnlessItIsAskedOtherwise() async throws {
    let run = try GradedRun(count: 3)
    for unblind in [false, true] {
      try await RunningServer.serving(run.url, unblind: unblind) { server, client in
        for path in ["/runs/run/grade", "/runs/run/grade?rater=ann", "/runs/run/grading/turn?rater=ann"] {
          let text = try client.send("GET", path, server.bearer).text
          let isTurn = path.contains("turn")
          for secret in ["secret-model", "secret-item", "label_source"] {
            #expect(text.contains(secret) == (unblind && isTurn), "\(path): \(secret)")
          }
        }
      }
    }
  }

  @Test("The order and the labels outlive the server")
  func theOrderAndTheLabelsOutliveTheServer() async throws {
    let run = try GradedRun(count: 20)
    let query = "rater=ann&take=10"
    let (seen, next) = try await RunningServer.serving(run.url) { server, client in
      var seen: [String] = []
      var turn = try turn(client, server, query)
      for index in 0..<4 {
        let item = try #require(turn.item)
        #expect(turn.progress.total == 10 && turn.progress.done == index && turn.position == index)
        seen.append(item.answer)
        turn = try post(PostedLabel(answer: item.answer, label: 1), client, server, query).json(Turn.self)
      }
      return (seen, turn.item?.answer)
    }
    try await RunningServer.serving(run.url) { server, client in
      let turn = try turn(client, server, query)
      #expect(turn.item?.answer == next && turn.progress.done == 4)
      // Another rater grades the same ten answers in another order.
      let other = try grade(server, rater: "ben", query: "&take=10")
      let own = try seen + grade(server, rater: "ann", query: "&take=10")
      #expect(Set(other) == Set(own) && other != own && other.count == 10)
    }
  }

  @Test("Going back adds a label that replaces the earlier one")
  func goingBackAddsALabelThatReplacesTheEarlierOne() async throws {
    let run = try GradedRun(count: 5)
    try await RunningServer.serving(run.url) { server, client in
      let one = try #require(turn(client, server, "rater=ann").item).answer
      let two = try #require(
        post(PostedLabel(answer: one, label: 1, note: "sure"), client, server, "rater=ann").json(Turn.self).item
      ).answer
      let back = try turn(client, server, "rater=ann&before=\(two)")
      #expect(back.item?.answer == one && back.given?.label == 1 && back.given?.note == "sure" && back.position == 0)
      let again = try post(PostedLabel(answer: one, label: nil), client, server, "rater=ann&from=1").json(Turn.self)
      #expect(again.item?.answer == two && again.progress.done == 1)
      #expect(try client.send("GET", "/runs/run/grading/turn?rater=ann&before=\(one)", server.browser).status == 404)
      #expect(try turn(client, server, "rater=ann&from=2").position == 2, "skipping goes on")
      #expect(try turn(client, server, "rater=ann&from=5").position == 1, "and comes back at the end")
    }
    #expect(try run.journal.map(\.label) == [1, nil])
    let current = try run.store().read {
      try Row.fetchAll($0, sql: "SELECT label FROM current_labels WHERE source = 'hand:ann'").map {
        $0["label"] as Int?
      }
    }
    #expect(current == [nil])
  }

  @Test("A second pass asks a part again and replaces nothing")
  func aSecondPassAsksAPartAgainAndReplacesNothing() async throws {
    let run = try GradedRun(count: 20)
    try await RunningServer.serving(run.url, repeated: 0.25) { server, client in
      #expect(try turn(client, server, "rater=ann&pass=2").item == nil, "there is nothing to repeat yet")
      let first = try grade(server, rater: "ann")
      let second = try grade(server, rater: "ann", query: "&pass=2")
      #expect(first.count == 20 && second.count == 5 && Set(second).isSubset(of: Set(first)))
    }
    let journal = try run.journal
    #expect(journal.count { $0.isFirstPass } == 20 && journal.count { $0.pass == 2 } == 5)
    let sources = try run.store().read {
      try String.fetchAll($0, sql: "SELECT source FROM current_labels WHERE rater = 'ann' ORDER BY source")
    }
    #expect(sources == [String](repeating: "hand:ann", count: 20) + [String](repeating: "repeat:ann", count: 5))
  }

  @Test("What is no label is refused")
  func whatIsNoLabelIsRefused() async throws {
    let run = try GradedRun(count: 2)
    try await RunningServer.serving(run.url) { server, client in
      let answer = try #require(turn(client, server, "rater=ann").item).answer
      for (label, query) in [
        (PostedLabel(answer: answer, label: 7), "rater=ann"), (PostedLabel(answer: "none", label: 1), "rater=ann"),
        (PostedLabel(key: "short", answer: answer, label: 1), "rater=ann"),
        (PostedLabel(answer: answer, label: 1), "rater="), (PostedLabel(answer: answer, label: 1), "rater=adjudicated"),
        (PostedLabel(answer: answer, label: 1), "rater=%3Cb%3E"),
        (PostedLabel(answer: answer, label: 1), "rater=judge:x"),
        (PostedLabel(answer: answer, label: 1), "rater=\(String(repeating: "a", count: 41))"),
        (PostedLabel(answer: answer, label: 1, note: String(repeating: "a", count: 4_001)), "rater=ann"),
      ] { #expect(try post(label, client, server, query).status == 400, "\(query)") }
      #expect(try run.journal.isEmpty)
      for rater in 0..<100 {
        #expect(try post(PostedLabel(answer: answer, label: 1), client, server, "rater=r\(rater)").status == 200)
      }
      let refused = try post(PostedLabel(answer: answer, label: 1), client, server, "rater=onemore")
      #expect(refused.status == 400 && refused.text.contains("100 raters"))
    }
  }

  /// The page keeps a label that gets 500 and sends it again; one that gets 400 it gives back to the rater.
  @Test("A label that cannot be stored is not the raters fault")
  func aLabelThatCannotBeStoredIsNotTheRatersFault() async throws {
    let run = try GradedRun(count: 2)
    let journal = run.url.appending(path: "labels.jsonl")
    try await RunningServer.serving(run.url) { server, client in
      let answer = try #require(turn(client, server, "rater=ann").item).answer
      let label = PostedLabel(answer: answer, label: 1)
      try FileManager.default.createDirectory(at: journal, withIntermediateDirectories: false)
      let reply = try post(label, client, server, "rater=ann")
      #expect(reply.status == 500 && reply.text.contains("labels.jsonl"))
      try FileManager.default.removeItem(at: journal)
      #expect(try post(label, client, server, "rater=ann").status == 200)
    }
    #expect(try run.journal.count == 1)
  }

  @Test("An answer that a later run replaced keeps its label")
  func anAnswerThatALaterRunReplacedKeepsItsLabel() async throws {
    let run = try GradedRun(count: 2)
    try await RunningServer.serving(run.url) { server, client in
      let answer = try #require(turn(client, server, "rater=ann").item).answer
      let rows = run.url.appending(path: "chunks/secret-model/secret-data/0/rows.jsonl")
      let text = try String(contentsOf: rows, encoding: .utf8)
      try Data(text.replacing(#""continuation":"Answer"#, with: #""continuation":"Another answer"#).utf8).write(
        to: rows)
      try RecordingFolder.writeSums(in: rows.deletingLastPathComponent())
      _ = try client.send("GET", "/runs/run/grade?rater=ben", server.browser)
      #expect(try turn(client, server, "rater=ben").item?.continuation.hasPrefix("Another") == true)
      #expect(try post(PostedLabel(answer: answer, label: 1), client, server, "rater=ann").status == 200)
    }
    let kept = try run.store().read { try Int.fetchOne($0, sql: "SELECT count(*) FROM labels WHERE rater = 'ann'") }
    #expect(kept == 1)
  }

  @Test("Labels of other processes are seen")
  func labelsOfOtherProcessesAreSeen() async throws {
    let run = try GradedRun(count: 2)
    try await RunningServer.serving(run.url) { server, client in
      let one = try #require(turn(client, server, "rater=ann").item).answer
      try run.store().append([HandLabel(answer: one, label: 0, rater: "ann")])
      _ = try client.send("GET", "/runs/run/grade?rater=ann", server.browser)
      #expect(try turn(client, server, "rater=ann").progress.done == 1)
    }
  }

  @Test("Labels go out and come in as CSV")
  func labelsGoOutAndComeInAsCSV() async throws {
    let (run, other) = (try GradedRun(count: 6), try GradedRun(count: 6))
    let csv = try await RunningServer.serving(run.url) { server, client in
      _ = try grade(server, rater: "ann")
      let csv = try client.send("GET", "/runs/run/labels.csv", server.bearer)
      #expect(csv.headers["content-type"]?.hasPrefix("text/csv") == true)
      return csv.body
    }
    try await RunningServer.serving(other.url) { server, client in
      let headers = server.browser.merging(["Content-Type": "text/csv"]) { $1 }
      let broken = Data(String(decoding: csv, as: UTF8.self).replacing(",1,hand:ann", with: ",5,hand:ann").utf8)
      let refused = try client.send("POST", "/runs/run/labels.csv", headers, body: broken)
      #expect(try refused.status == 400 && other.journal.isEmpty)
      #expect(try client.send("POST", "/runs/run/labels.csv", headers, body: csv).text == #"{"stored":6}"#)
    }
    let (sent, received) = (try run.journal, try other.journal)
    #expect(received.map(\.answer) == sent.map(\.answer) && received.map(\.label) == sent.map(\.label))
    #expect(received.allSatisfy { $0.rater == "ann" })
  }
}
