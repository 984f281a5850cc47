import Foundation
import Foundations
import GRDB
import Steering
import TestSupport
import Testing

@testable import Experiments

@Suite("Two runs of one experiment become one")
struct RunMergeTests {
  private let folder: ScratchFolder
  private let a: MadeRun
  private let b: MadeRun
  private var target: URL { folder.url.appending(path: "merged") }

  init() throws {
    folder = try ScratchFolder()
    a = try MadeRun(folder, "a")
    b = try MadeRun(folder, "b")
  }

  private func label(_ run: MadeRun, by rater: String) throws -> HandLabel {
    let store = try run.store()
    try store.buildRows(run.stored())
    let answer = try store.answer(AnswerChoice(item: "synthetic#3", model: "one", dataset: "test"))
    let label = HandLabel(answer: answer, label: 1, rater: rater)
    try store.append([label])
    return label
  }

  @Test("Chunks of both are united and labels of both raters kept")
  func chunksOfBothAreUnitedAndLabelsOfBothRatersKept() throws {
    let labels = try [label(a, by: "ann"), label(b, by: "ben")]
    try a.remove("chunks/one/test/0")
    try b.remove("chunks/one/test/1")
    try b.remove("chunks/two/test")
    let summary = try RunMerge.merge(a.url, b.url, output: target)
    #expect(summary.chunks == 8 && summary.vectors == 2 && summary.handLabels == 2 && summary.isComplete)
    let merged = RunDirectory(existing: target)
    let whole = try MadeRun(folder, "whole")
    #expect(try merged.recording("one", "test").rows == whole.directory.recording("one", "test").rows)
    #expect(try Set(LabelJournal(merged).read().map(\.rater)) == ["ann", "ben"])
    #expect(labels[0].answer == labels[1].answer)
    let stored = try RunStore(merged).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM labels WHERE rater > ''") }
    #expect(stored == 2)
    #expect(FileManager.default.fileExists(atPath: merged.url.appending(path: "results/predictivity.csv").path))
  }

  @Test("What is in neither is said and left to resume")
  func whatIsInNeitherIsSaidAndLeftToResume() throws {
    try a.remove("chunks/one/test/0")
    try b.remove("chunks/one/test/0")
    let summary = try RunMerge.merge(a.url, b.url, output: target)
    #expect(!summary.isComplete && summary.chunks == 7)
    let status = try RunStatus(target)
    let stage = try #require(status.stages.first { $0.kind == "record" && $0.model == "one" && $0.subject == "test" })
    #expect(stage.state == .partial && stage.chunksDone == 1 && stage.rowsDone == 24 && stage.rowsPerSecond == 6)
  }

  private func refusal() throws -> String {
    let error = #expect(throws: TelltaleError.self) { try RunMerge.merge(a.url, b.url, output: target) }
    #expect(!FileManager.default.fileExists(atPath: target.path), "nothing half-merged is left")
    return try #require(error).description
  }

  @Test("Another experiment is refused")
  func anotherExperimentIsRefused() throws {
    let text = MadeRun.experiment.replacing("name: made", with: "name: made\nseed: 9")
    try b.directory.write(text, to: b.directory.layout.experiment)
    #expect(try refusal().contains("holds another experiment"))
  }

  @Test("Other inputs are refused and named")
  func otherInputsAreRefusedAndNamed() throws {
    let stage = RecordStage(model: "one", target: "test")
    let record = StageRecord(MadeRun.planned(stage, data: "other"), rows: 48, chunkRows: 24)
    try b.directory.write(record, of: stage)
    #expect(try refusal().contains("made record/one/test with other inputs"))
  }

  @Test("Chunks that differ are refused by name")
  func chunksThatDifferAreRefusedByName() throws {
    let rows = b.directory.url.appending(path: "chunks/two/train/1/rows.jsonl")
    let text = try String(contentsOf: rows, encoding: .utf8)
    try Data(text.replacing(#""end":"stop""#, with: #""end":"length""#).utf8).write(to: rows)
    try RecordingFolder.writeSums(in: rows.deletingLastPathComponent())
    let sentence = try refusal()
    #expect(sentence.contains("chunks/two/train/1/rows.jsonl") && sentence.contains("differs from"), "\(sentence)")
  }

  @Test("A label that was edited in one is refused")
  func aLabelThatWasEditedInOneIsRefused() throws {
    var label = try label(a, by: "ann")
    label.label = 0
    try LabelJournal(b.directory).append([label])
    #expect(try refusal().contains("says different things"))
  }
}
