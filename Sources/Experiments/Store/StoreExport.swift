import Foundation
import Foundations
import GRDB
import Steering
import Torch

/// A run for other programs: tables as CSV, answers with all their labels as JSON Lines, activations and vectors as
/// safetensors, as they lie in the run directory.
package struct StoreExport {
  private let run: StoredRun
  private let store: RunStore

  /// What was written.
  package struct Summary: Encodable, Sendable {
    package var answers: Int
    package var labels: Int
    package var scores: Int
    package var files: [String]
  }

  package init(_ run: StoredRun, _ store: RunStore) { (self.run, self.store) = (run, store) }

  /// Writes into a folder, which must not be there or be empty.
  ///
  /// - Parameter activations: whether the recordings' activations, by far the largest part, are copied too.
  package func write(to folder: URL, activations: Bool) throws -> Summary {
    try checkRecordings()
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let place = InputLocation(file: folder.path)
    guard contents.isEmpty else {
      throw TelltaleError(.badInput, "is not empty; name a new folder", at: place, remedy: .nameOutput)
    }
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw TelltaleError(.badInput, "cannot be made; check the path and its permissions", at: place)
    }
    let answers = try table("SELECT * FROM answers", to: folder.appendingPathComponent("answers.csv"))
    let labels = try table(Self.labels, to: folder.appendingPathComponent("labels.csv"))
    let scores = try table(Self.scores, to: folder.appendingPathComponent("scores.csv"))
    _ = try table("SELECT * FROM vectors", to: folder.appendingPathComponent("vectors.csv"))
    try writeLines(to: folder.appendingPathComponent("answers.jsonl"))
    var files = ["answers.csv", "labels.csv", "scores.csv", "vectors.csv", "answers.jsonl"]
    if run.experiment.comparisons != nil {
      files.append(try copy(run.layout.table(.comparisons), to: folder, as: "comparisons.csv"))
    }
    files += try copyTensors(to: folder, activations: activations)
    return Summary(answers: answers, labels: labels, scores: scores, files: files)
  }

  /// Refuses a run that was recorded to its end and of which chunks were lost since; one under way is exported as far as it is.
  private func checkRecordings() throws {
    for stage in RecordStage.all(of: run.experiment, run.models) {
      let record = try run.directory.record(of: stage)
      if record?.finished != nil { try run.directory.checkWhole(stage, record) }
    }
  }

  /// 1 where a later label of the same source took its place, as a rater's second thought does.
  private static let replaced = """
    EXISTS (SELECT 1 FROM labels later WHERE later.continuation_id = l.continuation_id AND later.source = l.source
      AND later.id > l.id) AS replaced
    """
  static let labels = """
    SELECT a.answer, a.model, a.dataset, a.item, l.label, l.source, l.rater, l.note, l.time, \(replaced)
    FROM labels l JOIN answers a ON a.continuation_id = l.continuation_id ORDER BY l.id
    """
  private static let scores = """
    SELECT v.model, v.name AS vector, a.dataset AS target, s.position, v.layer, a.answer,
      a.item, a.question_group AS "group", a.letter, a.source, a.user_side, a.label, a.label_source, s.cosine, s.centred_cosine,
      s.projection
    FROM scores s JOIN vectors v ON v.id = s.vector_id JOIN answers a ON a.continuation_id = s.continuation_id
    ORDER BY v.id, s.position, a.dataset, a.number
    """

  /// What people and judges said, as CSV; `LabelImport` takes it back.
  package static func givenLabels(_ store: RunStore) throws -> String {
    try store.read { database in
      let rows = try Row.fetchCursor(database, sql: "SELECT * FROM (\(labels)) WHERE rater IS NOT NULL")
      var text = CSVWriter.line(Array(rows.columnNames)) + "\n"
      while let row = try rows.next() { text += CSVWriter.line(row.databaseValues.map(Self.field)) + "\n" }
      return text
    }
  }

  /// One query as CSV, row by row; returns how many rows there were.
  private func table(_ sql: String, to url: URL) throws -> Int {
    var count = 0
    try store.read { database in
      try AtomicFile.write(to: url) { handle in
        let rows = try Row.fetchCursor(database, sql: sql)
        try handle.write(contentsOf: Data((CSVWriter.line(Array(rows.columnNames)) + "\n").utf8))
        while let row = try rows.next() {
          try handle.write(contentsOf: Data((CSVWriter.line(row.databaseValues.map(Self.field)) + "\n").utf8))
          count += 1
        }
      }
    }
    return count
  }

  private static func field(_ value: DatabaseValue) -> String {
    switch value.storage {
    case .null, .blob: ""
    case .int64(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text): text
    }
  }

  /// An answer with every label it was given.
  private struct Answer: Encodable {
    struct Label: Encodable {
      var label: Int?
      var source: String
      var note: String?
      var time: String
      var replaced: Bool
    }

    var answer, model, dataset, item, questionGroup, question, prompt, continuation: String
    var letter: String?
    var logitDifference: Double?
    var labels: [Label]
  }

  private func writeLines(to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try store.read { database in
      let labels = try database.cachedStatement(
        sql: "SELECT label, source, note, time, \(Self.replaced) FROM labels l WHERE continuation_id = ? ORDER BY id")
      try AtomicFile.write(to: url) { handle in
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM answers")
        while let row = try rows.next() {
          let given = try Row.fetchAll(labels, arguments: [row["continuation_id"] as Int64]).map {
            Answer.Label(
              label: $0["label"], source: $0["source"], note: $0["note"], time: $0["time"], replaced: $0["replaced"])
          }
          let answer = Answer(
            answer: row["answer"], model: row["model"], dataset: row["dataset"], item: row["item"],
            questionGroup: row["question_group"], question: row["question"], prompt: row["prompt"],
            continuation: row["continuation"], letter: row["letter"], logitDifference: row["logit_difference"],
            labels: given)
          try handle.write(contentsOf: try encoder.encode(answer) + Data("\n".utf8))
        }
      }
    }
  }

  /// Vector files where they lie in the run, and where asked activations as `activations/<model>/<target>/<chunk>.safetensors`.
  private func copyTensors(to folder: URL, activations: Bool) throws -> [String] {
    let layout = run.layout
    var copied: [String] = []
    for model in run.models {
      for vector in run.experiment.vectors {
        try ExtractStage(model: model, vector: vector.name).check(run.directory)
        let file = layout.vector(model, vector.name)
        copied.append(try copy(file, to: folder, as: layout.path(of: file)))
      }
      for target in run.experiment.recordedDatasets where activations {
        try RecordStage(model: model, target: target).check(run.directory)
        for number in layout.chunkNumbers(model, target) {
          let chunk = layout.chunk(model, target, number)
          copied.append(
            try copy(
              chunk.appending(path: "activations.safetensors"), to: folder,
              as: "activations/\(model.fileName)/\(target.fileName)/\(number).safetensors"))
        }
      }
    }
    return copied
  }

  private func copy(_ source: URL, to folder: URL, as path: String) throws -> String {
    try RunFiles.copy(source, to: folder.appending(path: path))
    return path
  }
}

/// Copying files of run directories.
enum RunFiles {
  /// Copies one file aside, flushes it and renames it; folders in between are made.
  static func copy(_ source: URL, to target: URL) throws {
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    guard let reader = try? FileHandle(forReadingFrom: source) else {
      throw TelltaleError(
        .badInput, "cannot be read; continue the run to its end", at: InputLocation(file: source.path))
    }
    defer { try? reader.close() }
    try AtomicFile.write(to: target) { writer in
      while let part = try reader.read(upToCount: 1 << 22), !part.isEmpty { try writer.write(contentsOf: part) }
    }
  }
}
