import Foundation
import Foundations
import GRDB
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("Labels that other programs read and wrote")
struct ExchangedLabelsTests {
  private let folder: ScratchFolder
  private let run: MadeRun
  private let store: RunStore

  init() throws {
    folder = try ScratchFolder()
    run = try MadeRun(folder)
    store = try run.store()
    try store.build(run.stored())
  }

  private func key(_ item: Int) throws -> String {
    try store.answer(AnswerChoice(item: "synthetic#\(item)", model: "one", dataset: "test"))
  }

  @Test(
    "What pandas wrote comes in, however its column of labels is typed",
    arguments: [
      ("floats", [1, 0, nil, 1]), ("booleans", [1, 0, 0, 1]), ("objects", [1, 0, nil, 1]),
      ("nullable", [1, 0, nil, 1]),
      ("written-gaps", [1, 0, nil, 1]),
    ] as [(String, [Int?])])
  func pandas(_ name: String, _ labels: [Int?]) throws {
    let given = try LabelImport(Fixtures.file("labels/\(name).csv")).labels(by: "ann", in: store)
    #expect(given.map(\.label) == labels)
    #expect(given.map(\.answer) == (try (0..<4).map(key)))
  }

  @Test(
    "Spellings of labels",
    arguments: [("1.00", 1), (" 0.0 ", 0), ("TRUE", 1), ("false", 0), ("NA", nil), ("<NA>", nil)] as [(String, Int?)])
  func spellings(_ text: String, _ label: Int?) throws { #expect(try LabelText.value(text) == label) }

  @Test("What is no label is refused", arguments: ["2", "0.5", "yes", "0x1", "-1", "1,0"])
  func refused(_ text: String) {
    #expect(throws: TelltaleError.self) { try LabelText.value(text) }
  }

  @Test("An export says which labels were replaced, and comes back without them and without the run's own")
  func export() throws {
    let answer = try key(7)
    let odd = "=HYPERLINK(\"x\")\u{202E} \u{27E8}U+41\u{27E9}"
    try store.append([
      HandLabel(answer: answer, label: 1, rater: "ann"), HandLabel(answer: answer, label: 0, rater: "ann", note: odd),
      HandLabel(answer: answer, label: 1, rater: "ben"),
    ])
    _ = try StoreExport(run.stored(), store).write(to: folder.url.appending(path: "out"), activations: false)
    let file = folder.url.appending(path: "out/labels.csv")
    let table = try CSVTable(contentsOf: file)
    let given = table.rows.filter { $0.fields[6] != "" }
    #expect(table.header.last == "replaced" && given.map { $0.fields.last } == ["1", "0", "0"])
    #expect(given[1].fields[7].hasPrefix("'=HYPERLINK") && !given[1].fields[7].contains("\u{202E}"))
    let lines = try String(contentsOf: folder.url.appending(path: "out/answers.jsonl"), encoding: .utf8)
    #expect(lines.contains("\"replaced\":true"))
    let labels = try LabelImport(file).labels(by: nil, in: store)
    #expect(
      labels.map(\.rater) == ["ann", "ben"] && labels.map(\.label) == [0, 1]
        && labels.map(\.answer) == [answer, answer])
    #expect(labels[0].note == odd)
    // In the journal both labels of ann are, in the count one answer.
    #expect(try LabelCounts.of(run.directory).hands == ["ann": 1, "ben": 1])
    try store.append([HandLabel(answer: try key(8), label: 1, rater: "ann")])
    #expect(try RunStatus(run.url).handLabels == ["ann": 2, "ben": 1])
  }

  @Test("A NUL is refused on its way in, and one of an older journal is the same in journal, store and export")
  func nul() throws {
    let bad = try folder.write("item,model,dataset,label,note\nsynthetic#0,one,test,1,a\u{0}b\n", to: "nul.csv")
    let error = #expect(throws: TelltaleError.self) { try LabelImport(bad).labels(by: "ann", in: store) }
    let sentence = try #require(error).description
    #expect(sentence.contains("nul.csv:2") && sentence.contains("NUL character (U+0000)"), "\(sentence)")
    #expect(throws: TelltaleError.self) { try store.answer(AnswerChoice(answer: try key(0) + "\u{0}x")) }
    let old = HandLabel(answer: try key(3), label: 1, rater: "old", note: "x\u{0}y")
    let line = try JSONEncoder().encode(old) + Data("\n".utf8)
    try line.write(to: run.directory.layout.labelJournal)
    #expect(try LabelJournal(run.directory).read().map(\.note) == ["x\u{2400}y"])
    try store.addJournal()
    #expect(
      try store.read { try String.fetchAll($0, sql: "SELECT note FROM labels WHERE rater = 'old'") } == ["x\u{2400}y"])
    #expect(try StoreExport.givenLabels(store).contains("x\u{2400}y"))
  }

  @Test("A store that cannot be opened costs no label")
  func lostStore() throws {
    let answer = try key(5)
    for name in try FileManager.default.contentsOfDirectory(atPath: run.url.path)
    where name.hasPrefix("telltale.sqlite") {
      try run.remove(name)
    }
    try run.directory.write(
      "no database, and long enough to be read as a header of one: " + "x", to: run.directory.layout.store)
    let giving = try GivingLabels(run.stored())
    #expect(try giving.answer(AnswerChoice(item: "synthetic#5", model: "one", dataset: "test")) == answer)
    let error = #expect(throws: TelltaleError.self) {
      try giving.give([HandLabel(answer: answer, label: 1, rater: "ann")])
    }
    let sentence = try #require(error).description
    #expect(
      sentence.contains("the labels are stored in labels.jsonl") && sentence.contains("is no store or is damaged"),
      "\(sentence)")
    #expect(try LabelJournal(run.directory).read().map(\.answer) == [answer])
  }
}
