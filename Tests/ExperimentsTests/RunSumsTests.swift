import Foundation
import Foundations
import Steering
import TestSupport
import Testing
import Torch

@testable import Experiments

@Suite("A stored run that was altered is refused by name, and never judged")
struct RunSumsTests {
  private let folder: ScratchFolder
  private let run: MadeRun

  init() throws {
    folder = try ScratchFolder()
    run = try MadeRun(folder)
    // As a run leaves its recordings.
    for model: ModelName in ["one", "two"] {
      for target: TargetName in ["train", "test"] {
        let stage = RecordStage(model: model, target: target)
        var record = try #require(try run.directory.record(of: stage))
        record.files = try run.directory.sums(of: stage)
        try run.directory.write(record, of: stage)
      }
    }
  }

  private func url(_ path: String) -> URL { run.url.appending(path: path) }

  /// Turns one bit in the middle of a file's last quarter.
  private func flip(_ path: String) throws {
    var data = try Data(contentsOf: url(path))
    data[data.count * 7 / 8] ^= 0x04
    try data.write(to: url(path))
  }

  private func move(_ from: String, _ to: String) throws {
    try FileManager.default.moveItem(at: url(from), to: url(to))
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as TelltaleError where error.isBadInput { return error.description } catch {}
    return "nothing is refused"
  }

  /// What is said when the run is judged, and when its store is built.
  private func refusals() -> [String] {
    [refusal { _ = try Analysis(run.stored()).write() }, refusal { try run.store().build(run.stored()) }]
  }

  @Test("What nobody touched is judged")
  func untouched() throws {
    _ = try Analysis(run.stored()).write()
    try run.store().build(run.stored())
    let sums = try String(contentsOf: url("chunks/one/test/1/SHA256SUMS"), encoding: .utf8)
    let rows = try SHA256.hexadecimalDigest(of: Array(Data(contentsOf: url("chunks/one/test/1/rows.jsonl"))))
    #expect(sums.contains("\(rows)  rows.jsonl\n") && sums.split(separator: "\n").count == 2)
  }

  @Test(
    "One bit of any file",
    arguments: [
      "chunks/one/test/1/activations.safetensors", "chunks/one/test/1/rows.jsonl", "vectors/one/planted.safetensors",
    ])
  func oneBit(_ path: String) throws {
    try flip(path)
    for text in refusals() {
      #expect(text.contains(path) && text.contains("was altered since") && text.contains("remove"), "\(text)")
    }
  }

  @Test("Rows in another order, or one of them gone")
  func rows() throws {
    let path = "chunks/one/test/0/rows.jsonl"
    let lines = try String(contentsOf: url(path), encoding: .utf8).split(separator: "\n")
    for changed in [lines.reversed(), lines.dropLast()] {
      try Data((changed.joined(separator: "\n") + "\n").utf8).write(to: url(path))
      for text in refusals() { #expect(text.contains(path) && text.contains("was altered since"), "\(text)") }
    }
  }

  @Test("Chunks that changed places")
  func swapped() throws {
    try move("chunks/one/test/0", "aside")
    try move("chunks/one/test/1", "chunks/one/test/0")
    try move("aside", "chunks/one/test/1")
    for text in refusals() { #expect(text.contains("chunks/one/test/0: holds chunk 1 instead of another"), "\(text)") }
  }

  @Test("A chunk too many, and one too few")
  func numbers() throws {
    try FileManager.default.copyItem(at: url("chunks/one/test/1"), to: url("chunks/one/test/2"))
    let stray = refusal { _ = try run.directory.recording("one", "test") }
    #expect(refusal { try run.store().buildRows(run.stored()) } == stray)
    #expect(
      stray.contains("chunks/one/test/2: is no chunk of the recording, whose 2 chunks are 0 to 1; remove"), "\(stray)")
    try run.remove("chunks/one/test/2")
    try run.remove("chunks/one/test/0")
    let missing = refusal { _ = try run.directory.recording("one", "test") }
    #expect(missing.contains("holds 1 of 2 chunks, and not chunk 0"), "\(missing)")
    let export = try StoreExport(run.stored(), run.store())
    let lost = refusal { _ = try export.write(to: folder.url.appending(path: "export"), activations: false) }
    #expect(lost == missing)
  }

  @Test("The sums themselves, taken away or of another recording")
  func sums() throws {
    try run.remove("chunks/one/test/0/SHA256SUMS")
    #expect(refusals().allSatisfy { $0.contains("SHA256SUMS: is missing") })
    try FileManager.default.copyItem(at: url("chunks/two/test/0/SHA256SUMS"), to: url("chunks/one/test/0/SHA256SUMS"))
    #expect(refusals().allSatisfy { $0.contains("chunks/one/test/0: holds another chunk") })
  }

  @Test("What the report reads of vectors and of steering is checked like the rest")
  func report() throws {
    let stored = try run.stored()
    #expect(try stored.provenance(model: "one", vector: "planted") != nil)
    try flip("vectors/one/planted.safetensors")
    let said = refusal { _ = try stored.provenance(model: "one", vector: "planted") }
    #expect(said.contains("vectors/one/planted.safetensors: was altered since"), "\(said)")

    let stage = SteerStage(model: "two", vector: "planted")
    let file = stored.layout.steering("two", "planted")
    #expect(try stored.storedSteering(model: "two", vector: "planted") == nil)
    try run.directory.write(#"{"targets": []}"#, to: file)
    try run.directory.finish(MadeRun.planned(stage))
    try Data(#"{"targets":  []}"#.utf8).write(to: file)
    let steering = refusal { _ = try stored.storedSteering(model: "two", vector: "planted") }
    #expect(steering.contains("\(file.lastPathComponent): was altered since"), "\(steering)")
  }

  @Test("The record of a stage: nothing is removed and done again because of it")
  func record() throws {
    let path = "stages/record/one/test.json"
    let whole = try String(contentsOf: url(path), encoding: .utf8)
    for text in [whole.replacing("\"rows\" : 48", with: "\"rows\" : 49"), String(whole.dropLast(30))] {
      try Data(text.utf8).write(to: url(path))
      let stage = RecordStage(model: "one", target: "test")
      let said = refusal { _ = try run.directory.forgetChanged([MadeRun.planned(stage)]) }
      #expect(said.contains(path) && said.contains("was altered since"), "\(said)")
    }
    #expect(FileManager.default.fileExists(atPath: url("chunks/one/test/0").path))
  }

  @Test("Rows that do not answer the items of the data set, in a chunk of an older version")
  func items() throws {
    let rows = Array(try run.directory.recording("one", "test").rows.prefix(4))
    let items = Array(try Dataset.load(Fixtures.file("datasets/political.jsonl")).prefix(4))
    let chunk = url("chunks/one/test/0")
    let said = refusal { try run.directory.check(rows, answer: items, in: chunk) }
    #expect(said.contains("chunks/one/test/0/rows.jsonl: row 1 answers synthetic#0 where the data set has"), "\(said)")
    let short = refusal { try run.directory.check([], answer: items, in: chunk) }
    #expect(short.contains("has 0 rows for the 4 items"), "\(short)")
  }

  @Test("Runs of older versions, without sums, are read")
  func older() throws {
    for model in ["one", "two"] {
      for target in ["train", "test"] {
        for number in 0..<2 { try run.remove("chunks/\(model)/\(target)/\(number)/SHA256SUMS") }
        let path = "stages/record/\(model)/\(target).json"
        var record = try #require(
          JSONSerialization.jsonObject(with: Data(contentsOf: url(path))) as? [String: Any])
        record["files"] = nil
        record["sum"] = nil
        try JSONSerialization.data(withJSONObject: record).write(to: url(path))
      }
    }
    _ = try Analysis(run.stored()).write()
  }

  @Test("A recording that a command made is checked when it is read")
  func recordingFolder() throws {
    let source = url("chunks/one/test/0")
    _ = try RecordingFolder.read(source)
    try flip("chunks/one/test/0/activations.safetensors")
    let said = refusal { _ = try RecordingFolder.read(source) }
    #expect(said.contains("activations.safetensors: was altered since") && said.contains("record again"), "\(said)")
  }

  @Test("A folder that a run left in its first instant is none that holds a run")
  func firstInstant() throws {
    let place = folder.url.appending(path: "begun")
    for name in ["vectors", "stages", "chunks", "results"] {
      try FileManager.default.createDirectory(at: place.appending(path: name), withIntermediateDirectories: true)
    }
    try Data(#"{"since":817726310.1,"host":"vm","pid":31015}"#.utf8).write(to: place.appending(path: "run.lock"))
    _ = try RunDirectory(resuming: place, run.stored().experiment)
    _ = try RunDirectory(creating: place)
    try Data("x".utf8).write(to: place.appending(path: "chunks/mine.txt"))
    #expect(refusal { _ = try RunDirectory(creating: place) }.contains("is not empty"))
    #expect(refusal { _ = try RunDirectory(resuming: place, run.stored().experiment) }.contains("is no run directory"))
  }
}
