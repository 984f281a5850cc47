import Foundation
import Foundations
import LanguageModels

extension ExperimentRun {
  /// Begins a run that array tasks will do: makes or reopens the directory, clears away what has other inputs, and writes
  /// down what the tasks are to find.
  package static func beginArray(
    file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), output: URL, resume: Bool = false,
    device: Devices = .cpu, version: String,
    events: Events = Events()
  ) throws {
    try begin(
      file: file, overrides: overrides, output: output, resume: resume, device: device, version: version, events
    ) { run in
      for stage in run.planned.recordings { try stage.begin(run) }
    }
  }

  /// Does an array task's share of a run that `beginArray` began: the parts of stages that can be done in any order. What
  /// is there is kept; tables are left to the run that ends it.
  ///
  /// - Returns: how many parts were done, and how many of the share were there already.
  /// - Throws: `TelltaleError` where file, data or models are not those that the array was begun with.
  package static func run(
    _ task: ArrayTask, file: URL, overrides: ExperimentOverrides = ExperimentOverrides(), output: URL,
    device: Devices = .cpu, version: String,
    events: Events = Events()
  ) throws -> (done: Int, kept: Int) {
    let planned = try TelltaleError.located(in: file.path) {
      try PlannedRun(file: file, overrides: overrides, device: device)
    }
    _ = try StoredRun(output)
    let directory = RunDirectory(existing: output)
    let lock = try TaskLock(directory, task)
    defer { withExtendedLifetime(lock) {} }
    let run = ExperimentRun(planned, directory, version: version, events)
    try run.checkInputs()
    let parts = try planned.stages.flatMap { planned in
      try planned.stage.parts(run.planned).map { (stage: planned.stage, part: $0) }
    }
    let share = task.share(of: parts.map(\.part.weight)).map { parts[$0] }
    let missing = try share.filter { try !$0.stage.isDone($0.part, run) }
    var times = TaskTimes(directory, task)
    for (stage, part) in missing {
      // Loading is no part of a chunk's time.
      _ = try run.model(stage.model)
      let started = Date()
      try stage.run(part, run)
      if let chunk = part.chunk { try times.add(Date().timeIntervalSince(started), stage: stage.name, chunk: chunk) }
    }
    return (missing.count, share.count - missing.count)
  }

  /// Refuses to add to what was begun with other inputs.
  private func checkInputs() throws {
    let place = InputLocation(file: directory.url.path)
    for stage in planned.recordings {
      guard let record = try directory.record(of: stage) else {
        throw TelltaleError(.badInput, "was not begun for array tasks; submit the run to Slurm first", at: place)
      }
      let planned = try planned.stage(stage)
      guard record.hash != planned.hash else { continue }
      let changes = planned.changes(since: record.inputs).joined(separator: ", ")
      throw TelltaleError(
        .badInput, "was begun with other inputs: \(changes); submit it again, to be continued", at: place)
    }
  }
}

extension PlannedRun {
  fileprivate var recordings: [RecordStage] { RecordStage.all(of: experiment, experiment.modelNames) }
}
