import Foundation
import Foundations
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("A judge is asked over HTTP, once for each answer, and its labels are kept apart", .serialized)
struct JudgeRunTests {
  private let folder: ScratchFolder
  private let run: MadeRun
  private let server: JudgeServer
  init() throws {
    folder = try ScratchFolder()
    run = try MadeRun(folder)
    try run.speak()
    server = try JudgeServer(folder)
  }

  private func options(_ name: String = "bot") throws -> JudgeRun.Options {
    var options = JudgeRun.Options(name: name, rubric: try JudgeRubric("sycophancy"))
    (options.backoff, options.parallel) = (0.02, 8)
    return options
  }

  private func judge(_ model: String, _ options: JudgeRun.Options? = nil) throws -> JudgeRun.Summary {
    try JudgeRun(run.stored(), server.endpoint(model), options ?? self.options()).judge()
  }

  /// What a judge says of the answers of a model, in their order.
  private func labels(_ model: ModelName, by judge: String = "bot") throws -> [Int?] {
    let given = try LabelIndex(run.stored())
    return try run.answers(model).map { given.verdict(.judge(judge), on: $0.key)?.label }
  }

  @Test("Every answer gets the label that the judge gives and is asked once")
  func everyAnswerGetsTheLabelThatTheJudgeGivesAndIsAskedOnce() throws {
    let summary = try judge("good")
    #expect(summary.items == 96 && summary.malformed == 0 && summary.positives + summary.negatives == 96)
    // The two models say the same to the same prompts, which is one question.
    #expect(summary.requests == 48)
    #expect(try server.requests().count == 48)
    let rows = try run.answers("one").map(\.row)
    #expect(try labels("one") == rows.map(\.label))
    #expect(try server.requests().allSatisfy { $0.path == "/v1/chat/completions" && $0.key.isEmpty })
    let label = try #require(try LabelJournal(run.directory).read().first)
    let hash = try JudgeRubric("sycophancy").hash
    #expect(label.rubric == hash && label.note == "as it says")
    #expect(try run.text("judge/bot.json").contains(label.rubric ?? "-"))

    let again = try judge("good")
    #expect(again.requests == 0 && again.cached == 96 && again.positives == summary.positives)
    #expect(try LabelJournal(run.directory).read().count == 96)
    // And its labels judge the run.
    let results = try Analysis(run.stored(), labels: .judge("bot")).write()
    #expect(results.changes.allSatisfy { $0.changed == 0 } && results.predictions.count == 8)
  }

  @Test("An endpoint that is busy fails stalls babbles floods and hangs up is asked until it answers")
  func anEndpointThatIsBusyFailsStallsBabblesFloodsAndHangsUpIsAskedUntilItAnswers() throws {
    // Four questions, each of which meets every misbehaviour.
    try run.speak { $1 == 1 ? "I agree, \($0 % 2)." : "No, \($0 % 2)." }
    let texts = Set(try run.answers("one").map(\.row.continuation))
    #expect(texts.count == 4)
    let summary = try judge("flaky")
    #expect(summary.malformed == 0 && summary.positives + summary.negatives == 96)
    #expect(try labels("one") == run.answers("one").map(\.row.label))
    let requests = try server.requests()
    #expect(requests.count == 7 * 4)
    // After "429, Retry-After: 0.3" nobody asks for so long.
    let first = requests.map(\.time).min() ?? 0
    let asked = requests.map(\.time).sorted().filter { $0 - first > 0.1 }
    #expect((asked.first ?? 0) - first > 0.25)
  }

  @Test("Replies that cannot be read are counted and not asked for again")
  func repliesThatCannotBeReadAreCountedAndNotAskedForAgain() throws {
    let summary = try judge("garbage")
    #expect(summary.malformed == 96 && summary.cannotTell == 96 && summary.requests == 3 * 48)
    #expect(try judge("garbage").requests == 0)
    #expect(try labels("one").allSatisfy { $0 == nil })
    let coverage = try Analysis(run.stored(), labels: .judge("bot")).write().coverage
    #expect(coverage.map(\.cannotTell) == [48, 48] && coverage.map(\.unlabelled) == [0, 0])
  }

  @Test(
    "An endpoint that does not answer is given up in one sentence, which says how to go on",
    arguments: [
      ("down", "answered 503, 3 times in a row; 0 replies are stored, and the same command continues from there"),
      ("later", "answered 429 and asks to be left alone for 3600 s, 1 time in a row"),
      ("forbidden", "answered 401: it does not accept the key; check the variable that holds it"),
      ("redirect", "answered 302, a redirect, which is not followed; give the final URL"),
    ])
  func givenUp(_ model: String, _ sentence: String) throws {
    var options = try options()
    options.attempts = 3
    let error = #expect(throws: TelltaleError.self) { try judge(model, options) }
    #expect(error?.message.contains(sentence) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("127.0.0.1") == true && error?.message.contains("\n") == false)
    // Another model under the name is another judge.
    let other = #expect(throws: TelltaleError.self) { try judge("good") }
    #expect(other?.message.contains("give this one another name") == true)
    #expect(try judge("good", self.options("other")).malformed == 0)
  }

  @Test("Nobody listening is a sentence too")
  func nobodyListeningIsASentenceToo() throws {
    var options = try options()
    options.attempts = 2
    let endpoint = try JudgeEndpoint(url: "http://127.0.0.1:1", model: "m", key: nil)
    let error = #expect(throws: TelltaleError.self) { try JudgeRun(run.stored(), endpoint, options).judge() }
    #expect(error?.message.contains("cannot be reached, 2 times in a row") == true, "\(error?.message ?? "")")
  }

  @Test("No more requests begin than a minute allows")
  func noMoreRequestsBeginThanAMinuteAllows() throws {
    var options = try options()
    options.perMinute = 2_400
    _ = try judge("good", options)
    let times = try server.requests().map(\.time).sorted()
    #expect(times.count == 48 && (times.last ?? 0) - (times.first ?? 0) > 47 * 0.025 * 0.95)
  }

  @Test("Pairs are asked in both orders and labelled where both agree")
  func pairsAreAskedInBothOrdersAndLabelledWhereBothAgree() throws {
    // Model two answers the other way round, except that every fourth answer is the same.
    try run.speak { $1 == 1 ? "I agree, \($0)." : "No, \($0)." }
    try turnRound("two")
    var options = try options("pairs")
    options.pairs = JudgePairs("one", "two")
    let summary = try judge("good", options)
    let pairs = try #require(summary.pairs)
    let rows = try run.answers("one").map(\.row)
    let different = rows.indices.filter { $0 % 4 != 0 }
    #expect(summary.items == 48 && summary.requests == 2 * different.count)
    #expect(pairs.first == different.count { rows[$0].label == 1 } && pairs.shownFirst == 0)
    #expect(pairs.second == different.count { rows[$0].label == 0 } && pairs.cannotTell == 12)
    #expect(pairs.shownFirstRate == 0.5)
    let one = try labels("one", by: "pairs")
    let two = try labels("two", by: "pairs")
    #expect(different.allSatisfy { one[$0] == rows[$0].label && two[$0] == rows[$0].label.map { 1 - $0 } })
    #expect(rows.indices.filter { $0 % 4 == 0 }.allSatisfy { one[$0] == nil && two[$0] == nil })

    options.name = "first"
    let biased = try judge("first", options)
    #expect(biased.pairs?.shownFirst == 36 && biased.pairs?.shownFirstRate == 1 && biased.positives == 0)
  }

  private func turnRound(_ model: String) throws {
    for number in 0..<2 {
      let file = run.directory.url.appending(path: "chunks/\(model)/test/\(number)/rows.jsonl")
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      let turned = try lines.map { line in
        var row = try JSONDecoder().decode(RecordedRow.self, from: Data(line.utf8))
        if row.row % 4 != 0 { row.continuation = row.label == 1 ? "No, \(row.row)." : "I agree, \(row.row)." }
        return String(decoding: try JSONEncoder().encode(row), as: UTF8.self)
      }
      try Data((turned.joined(separator: "\n") + "\n").utf8).write(to: file)
      try RecordingFolder.writeSums(in: file.deletingLastPathComponent())
    }
  }

  @Test(
    "Sides of pairs that are not there are named",
    arguments: [
      ("three", "two", "there is no model"), ("one/x", "two", "there is no data set"), ("one", "one", "twice"),
    ])
  func sides(_ first: String, _ second: String, _ sentence: String) throws {
    var options = try options("pairs")
    options.pairs = JudgePairs(first, second)
    let error = #expect(throws: TelltaleError.self) { try judge("good", options) }
    #expect(error?.message.contains(sentence) == true)
  }

  @Test("Fenced replies are read and long reasons cut")
  func fencedRepliesAreReadAndLongReasonsCut() throws {
    #expect(try judge("fenced").malformed == 0)
    #expect(try LabelJournal(run.directory).read().allSatisfy { $0.note?.count == 1_000 })
  }
}
