import Foundation
import Foundations
import Torch

/// A piece of a run that one array task does: a chunk of a recording, or a whole stage that needs nothing but the model.
private struct WorkPiece {
  var model: String
  var stage: Stage
  /// Recordings only.
  var chunk: Int?
  /// About how many prompts it computes.
  var weight: Int
}

extension ExperimentRun {
  /// Begins a run that array tasks will do: makes or reopens the directory, clears away what has other inputs, and writes
  /// down what the tasks are to find.
  public static func beginArray(
    file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), output: URL, resume: Bool = false,
    device: Device = .cpu, version: String,
    events: Events = Events()
  ) throws {
    try begin(
      file: file, overrides: overrides, output: output, resume: resume, device: device, version: version, events
    ) {
      run in
      for stage in run.planned.allStages where stage.kind == .record {
        try run.recordingStage(stage).begin(rows: run.planned.items(stage.subject).count)
      }
    }
  }

  /// Does an array task's share of a run that `beginArray` began: its chunks, and vectors that need no recording. What is
  /// there is kept; tables are left to the run that ends it.
  ///
  /// - Returns: how many pieces were done, and how many of the share were there already.
  /// - Throws: `TelltaleError` where file, data or models are not those that the array was begun with.
  public static func run(
    _ task: ArrayTask, file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), output: URL,
    device: Device = .cpu, version: String,
    events: Events = Events()
  ) throws -> (done: Int, kept: Int) {
    let planned = try PlannedRun(file: file, overrides: overrides, device: device)
    _ = try StoredRun(output)
    let directory = RunDirectory(existing: output)
    let lock = try TaskLock(output, task)
    defer { withExtendedLifetime(lock) {} }
    let run = ExperimentRun(planned, directory, version: version, events)
    try run.checkInputs()
    let pieces = try run.pieces()
    let share = task.share(of: pieces.map(\.weight)).map { pieces[$0] }
    let missing = share.filter { !run.isDone($0) }
    var times = TaskTimes(directory, task)
    for model in planned.experiment.models { try run.work(model, missing.filter { $0.model == model }, &times) }
    return (missing.count, share.count - missing.count)
  }

  private func recordingStage(_ stage: Stage) -> RecordingStage {
    RecordingStage(directory: directory, stage: stage, chunkRows: experiment.recording.chunkRows)
  }

  /// Refuses to add to what was begun with other inputs.
  private func checkInputs() throws {
    for stage in planned.allStages where stage.kind == .record {
      guard let record = directory.record(of: stage.name) else {
        throw TelltaleError(
          .badInput, "was not begun for array tasks; submit it with telltale run --slurm",
          at: InputLocation(file: directory.url.path))
      }
      guard record.hash != stage.hash else { continue }
      let changes = stage.changes(since: record.inputs).joined(separator: ", ")
      throw TelltaleError(
        .badInput, "was begun with other inputs: \(changes); submit it again with telltale run --slurm --resume",
        at: InputLocation(file: directory.url.path))
    }
  }

  /// Everything that can be done in any order, by model.
  private func pieces() throws -> [WorkPiece] {
    try zip(experiment.models, planned.stages).flatMap { model, stages in
      try stages.flatMap { stage in try pieces(model, stage) }
    }
  }

  private func pieces(_ model: String, _ stage: Stage) throws -> [WorkPiece] {
    switch stage.kind {
    case .record:
      let rows = try planned.items(stage.subject).count
      return RecordingStage.ranges(rows: rows, chunkRows: experiment.recording.chunkRows).enumerated().map {
        WorkPiece(model: model, stage: stage, chunk: $0.offset, weight: $0.element.count)
      }
    case .extract:
      // A class mean is made of recordings, which other tasks may still be at.
      guard let settings = experiment.vectors.first(where: { $0.name == stage.subject }), settings.method != .classMean
      else { return [] }
      return [WorkPiece(model: model, stage: stage, weight: try 2 * planned.items(of: settings).count)]
    case .audit: return [WorkPiece(model: model, stage: stage, weight: 1)]
    // These need vectors that other tasks may still be at; the job that ends the run does them.
    case .steer, .compare, .analysis: return []
    }
  }

  private func isDone(_ piece: WorkPiece) -> Bool {
    piece.chunk.map { recordingStage(piece.stage).isRecorded($0) } ?? directory.isDone(piece.stage)
  }

  private func work(_ model: String, _ pieces: [WorkPiece], _ times: inout TaskTimes) throws {
    guard !pieces.isEmpty else { return }
    events.onStage("\(model): loading")
    let loaded = try planned.load(model)
    let encoder = try planned.encoder(loaded.tokenizer)
    let recorder = try planned.recorder(loaded, encoder)
    for piece in pieces {
      if let chunk = piece.chunk {
        events.onStage("\(model): recording \(piece.stage.subject), chunk \(chunk)")
        let items = try planned.items(piece.stage.subject)
        let started = Date()
        try recordingStage(piece.stage).record(chunk: chunk, of: items) { try recorder.record($0) }
        try times.add(Date().timeIntervalSince(started), stage: piece.stage.name, chunk: chunk)
      } else if piece.stage.kind == .extract {
        try extract(piece.stage, loaded, encoder)
      } else {
        try writeAuditInputs(piece.stage, loaded, encoder)
      }
    }
  }
}
