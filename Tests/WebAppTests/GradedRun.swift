import Foundation
import Steering
import TestSupport
import Torch

@testable import Experiments
@testable import Steering

/// A run directory with answers to grade, made without a model.
struct GradedRun: Sendable {
  struct Answer {
    var question = "Is it so?"
    var prompt = "Is it so?\nAnswer:"
    var continuation = "Yes."
    var correct: [String]?
    var incorrect: [String]?
  }

  let folder: ScratchFolder
  let url: URL

  init(_ answers: [Answer], name: String = "run", about: String = "A made run.") throws {
    folder = try ScratchFolder()
    url = folder.url.appending(path: name)
    let directory = try RunDirectory(creating: url)
    let quoted = String(decoding: try JSONEncoder().encode(about), as: UTF8.self)
    try directory.write(
      """
      name: made
      about: \(quoted)
      models: [secret-model]
      datasets:
        secret-data: {files: [test.jsonl]}
      vectors:
        - {name: planted, contrast: spontaneous, dataset: secret-data, read: prompt}
      predictions:
        - {targets: [secret-data], positions: [prompt], scores: [cosine]}
      """, to: directory.layout.experiment)
    let rows = answers.enumerated().map { Self.row($0.offset, $0.element) }
    let recording = Recording(
      rows: rows, layers: [0], activations: [.prompt: try Tensor.randomNormal([rows.count, 1, 4], seed: 1)])
    try directory.write(recording, "secret-model", "secret-data", chunk: 0)
  }

  /// A run with a vector, whose labels the cosine predicts: what can be judged anew.
  init(predictable rows: Int) throws {
    try self.init((0..<rows).map { Answer(continuation: "Answer \($0)") })
    let directory = RunDirectory(existing: url)
    let made = try SyntheticRecording(rows: rows, layers: 2, hidden: 12, pairs: 4, effect: 1)
    var recording = made.recording
    for index in recording.rows.indices { recording.rows[index].continuation = "Answer \(index)" }
    try FileManager.default.removeItem(at: directory.url.appending(path: "chunks/secret-model/secret-data"))
    try directory.write(recording, "secret-model", "secret-data", chunk: 0)
    try made.vectors.write(to: directory.ready(directory.layout.vector("secret-model", "planted")))
    _ = try Analysis(StoredRun(url)).write()
  }

  /// So many answers that differ.
  init(count: Int, in name: String = "run") throws {
    try self.init(
      (0..<count).map { Answer(question: "Question \($0)?", prompt: "Prompt \($0)", continuation: "Answer \($0)") },
      name: name)
  }

  private static func row(_ index: Int, _ answer: Answer) -> RecordedRow {
    var row = RecordedRow(
      id: "secret-item#\(index)", group: "group \(index)", question: answer.question, source: "secret-source",
      row: index,
      letter: nil, prompt: answer.prompt, continuation: answer.continuation, end: "stop", labelSource: .reference,
      promptTokens: 40, promptToken: 0, promptTokenText: "", continuationToken: 0)
    (row.label, row.correctAnswers, row.incorrectAnswers) = (index % 2, answer.correct, answer.incorrect)
    return row
  }

  var journal: [HandLabel] {
    get throws { try LabelJournal(RunDirectory(existing: url)).read() }
  }

  func store() throws -> RunStore { try RunStore(RunDirectory(existing: url)) }
}
