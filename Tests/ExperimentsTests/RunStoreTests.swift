import Foundation
import Foundations
import GRDB
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("The store holds what the files hold, and every label")
struct RunStoreTests {
  private let folder: ScratchFolder
  private let run: MadeRun
  init() throws {
    folder = try ScratchFolder()
    run = try MadeRun(folder)
  }

  private func count(_ table: String, _ store: RunStore) throws -> Int? {
    try store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
  }

  @Test("Every row score and vector of the run is there")
  func everyRowScoreAndVectorOfTheRunIsThere() throws {
    let store = try run.store()
    try store.build(run.stored())
    #expect(try count("prompts", store) == 2 * 2 * 48)
    #expect(try count("answers", store) == 2 * 2 * 48)
    #expect(try count("labels", store) == 2 * 2 * 48)
    #expect(try count("vectors", store) == 2 * 2)
    #expect(try count("scores", store) == 2 * 2 * 48)
    let stored = try store.read { database in
      try Double.fetchAll(
        database,
        sql: """
          SELECT cosine FROM scores s JOIN vectors v ON v.id = s.vector_id JOIN answers a USING (continuation_id)
          WHERE v.model = 'one' AND v.layer = 1 AND a.dataset = 'test' ORDER BY a.number
          """)
    }
    let recording = try run.directory.recording("one", "test")
    let vectors = try SteeringVectors(contentsOf: run.directory.url.appending(path: "vectors/one/planted.safetensors"))
    let expected = try ScoreKind.cosine.scores(
      recording.stream(.prompt, layer: 1, rows: Array(recording.rows.indices)), vector: vectors.vector(1))
    #expect(stored.count == 48 && zip(stored, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test("Building twice changes nothing")
  func buildingTwiceChangesNothing() throws {
    let store = try run.store()
    try store.build(run.stored())
    let ids = try store.read { try Int.fetchAll($0, sql: "SELECT id FROM continuations ORDER BY key") }
    try store.build(run.stored())
    #expect(try store.read { try Int.fetchAll($0, sql: "SELECT id FROM continuations ORDER BY key") } == ids)
    #expect(try count("labels", store) == 2 * 2 * 48)
    #expect(try count("scores", store) == 2 * 2 * 48)
  }

  @Test("Rows that the store has are not read again")
  func rowsThatTheStoreHasAreNotReadAgain() throws {
    let store = try run.store()
    let rows = run.directory.url.appending(path: "chunks/one/test/0/rows.jsonl")
    let size = try Data(contentsOf: rows).count
    func pretendItIsOld() throws {
      let time = Date(timeIntervalSince1970: 1_000_000)
      try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: rows.path)
    }
    try pretendItIsOld()
    try store.buildRows(run.stored())
    // Rows that could not be read, in a file that looks as it did.
    try Data(repeating: 65, count: size).write(to: rows)
    try pretendItIsOld()
    try store.buildRows(run.stored())
    #expect(try count("answers", store) == 2 * 2 * 48)
    try Data(repeating: 65, count: size + 1).write(to: rows)
    #expect(throws: TelltaleError.self) { try store.buildRows(run.stored()) }
  }

  @Test("A label that came before its rows is stored with them")
  func aLabelThatCameBeforeItsRowsIsStoredWithThem() throws {
    let store = try run.store()
    try store.build(run.stored())
    let answer = try someAnswer(store)
    for name in try FileManager.default.contentsOfDirectory(atPath: run.url.path)
    where name.hasPrefix("telltale.sqlite") {
      try run.remove(name)
    }
    let empty = try run.store()
    try empty.append([HandLabel(answer: answer, label: 1, rater: "ann")])
    try empty.append([HandLabel(answer: answer, label: 0, rater: "ben")])
    #expect(try count("labels", empty) == 0)
    try empty.buildRows(run.stored())
    #expect(try count("labels WHERE rater IS NOT NULL", empty) == 2)
  }

  @Test("Labels cannot be changed or removed")
  func labelsCannotBeChangedOrRemoved() throws {
    let store = try run.store()
    try store.build(run.stored())
    for sql in ["UPDATE labels SET label = 1", "DELETE FROM labels"] {
      let error = #expect(throws: TelltaleError.self) { try store.write { try $0.execute(sql: sql) } }
      #expect(try #require(error).message.contains("append-only"))
    }
  }

  private func someAnswer(_ store: RunStore) throws -> String {
    try store.answer(AnswerChoice(item: "synthetic#7", model: "one", dataset: "test"))
  }

  @Test("A hand label survives a lost database and a rebuild")
  func aHandLabelSurvivesALostDatabaseAndARebuild() throws {
    let store = try run.store()
    try store.build(run.stored())
    let answer = try someAnswer(store)
    try store.append([
      HandLabel(answer: answer, label: 1, rater: "ann"), HandLabel(answer: answer, label: 0, rater: "ben"),
    ])
    try store.append([HandLabel(answer: answer, label: 0, rater: "ann", note: "on second thought")])
    for name in try FileManager.default.contentsOfDirectory(atPath: run.url.path)
    where name.hasPrefix("telltale.sqlite") {
      try run.remove(name)
    }
    let rebuilt = try run.store()
    try rebuilt.build(run.stored())
    let labels = try rebuilt.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT l.rater, l.label FROM labels l JOIN answers a USING (continuation_id)
          WHERE a.answer = ? AND l.rater IS NOT NULL ORDER BY l.id
          """, arguments: [answer])
    }
    #expect(labels.map { $0["rater"] as String } == ["ann", "ben", "ann"])
    let current = try rebuilt.read {
      try Row.fetchAll($0, sql: "SELECT rater, label FROM current_labels WHERE rater IS NOT NULL ORDER BY rater")
    }
    #expect(current.map { $0["label"] as Int } == [0, 0])
  }

  @Test("A label stays with the words it judged")
  func aLabelStaysWithTheWordsItJudged() throws {
    let store = try run.store()
    try store.build(run.stored())
    let answer = try someAnswer(store)
    try store.append([HandLabel(answer: answer, label: 1, rater: "ann")])
    // The model says something else in a later run.
    let rows = run.directory.url.appending(path: "chunks/one/test/0/rows.jsonl")
    let text = try String(contentsOf: rows, encoding: .utf8)
    try Data(text.replacing(#""continuation":"""#, with: #""continuation":"other words""#).utf8).write(to: rows)
    try RecordingFolder.writeSums(in: rows.deletingLastPathComponent())
    try store.build(run.stored())
    #expect(try someAnswer(store) != answer)
    #expect(try count("answers", store) == 2 * 2 * 48)
    #expect(try count("current_labels WHERE rater = 'ann'", store) == 1)
    #expect(
      try count("current_labels JOIN answers USING (continuation_id) WHERE rater = 'ann'", store) == 0)
  }

  @Test("A table of labels is stored whole or not at all")
  func aTableOfLabelsIsStoredWholeOrNotAtAll() throws {
    let store = try run.store()
    try store.build(run.stored())
    let good = try folder.write(
      "item,model,dataset,label,note\nsynthetic#0,one,test,1,\nsynthetic#1,one,test,,unclear\n", to: "good.csv")
    let labels = try LabelImport(good).labels(by: "ann", in: store)
    #expect(labels.map(\.label) == [1, nil] && labels.map(\.note) == [nil, "unclear"])
    for (line, complaint) in [
      ("synthetic#0,one,test,2", "is no label"), ("synthetic#0,,test,1", "several answers"),
      ("nothing,one,test,1", "there is no answer with item nothing"), (",one,test,1", "names no answer"),
    ] {
      let bad = try folder.write("item,model,dataset,label\nsynthetic#1,one,test,1\n\(line)\n", to: "bad.csv")
      let error = #expect(throws: TelltaleError.self) { try LabelImport(bad).labels(by: "ann", in: store) }
      let sentence = try #require(error).description
      #expect(sentence.contains("bad.csv:3") && sentence.contains(complaint), "\(sentence)")
    }
  }

  @Test("A file that is no database is refused with its remedy")
  func aFileThatIsNoDatabaseIsRefusedWithItsRemedy() throws {
    try run.directory.write(
      "no database, and long enough to be read as a header of one: " + "x", to: run.directory.layout.store)
    let error = #expect(throws: TelltaleError.self) { try run.store() }
    #expect(try #require(error).message.contains("remove it and run telltale predict"))
  }

  @Test("An export holds every answer label and score")
  func anExportHoldsEveryAnswerLabelAndScore() throws {
    let store = try run.store()
    try store.build(run.stored())
    try store.append([HandLabel(answer: someAnswer(store), label: 1, rater: "ann")])
    let target = folder.url.appending(path: "export")
    let summary = try StoreExport(run.stored(), store).write(to: target, activations: true)
    #expect(summary.answers == 192 && summary.labels == 193 && summary.scores == 192)
    let scores = try CSVTable(contentsOf: target.appending(path: "scores.csv"))
    #expect(try scores.column("cosine").numbers().count == 192)
    let lines = try String(contentsOf: target.appending(path: "answers.jsonl"), encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 192 && lines.contains { $0.contains("hand:ann") })
    let copied = try Data(contentsOf: target.appending(path: "activations/two/test/1.safetensors"))
    #expect(
      copied == (try Data(contentsOf: run.directory.url.appending(path: "chunks/two/test/1/activations.safetensors"))))
    #expect(throws: TelltaleError.self) { try StoreExport(run.stored(), store).write(to: target, activations: false) }
  }
}
