import Foundation
import Steering
import TestSupport
import Torch

@testable import Experiments

/// A run directory made without models: synthetic recordings of two models, their vectors and stage records.
struct MadeRun {
  let folder: ScratchFolder
  let url: URL
  var directory: RunDirectory { RunDirectory(existing: url) }

  static let experiment = """
    name: made
    models: [one, two]
    datasets:
      train: {files: [train.jsonl]}
      test: {files: [test.jsonl]}
    vectors:
      - {name: planted, contrast: spontaneous, dataset: train, read: prompt}
    predictions:
      - {targets: [test], positions: [prompt], scores: [cosine, projection]}
    """

  init(_ folder: ScratchFolder, _ name: String = "run", models: [ModelName] = ["one", "two"]) throws {
    self.folder = folder
    url = folder.url.appending(path: name)
    let directory = try RunDirectory(creating: url)
    try directory.write(Self.experiment, to: directory.layout.experiment)
    for model in models {
      let made = try SyntheticRecording(rows: 48, layers: 2, hidden: 12, pairs: 4, effect: model == "one" ? 2 : 0)
      for target: TargetName in ["train", "test"] {
        let stage = RecordStage(model: model, target: target)
        var record = StageRecord(Self.planned(stage), rows: 48, chunkRows: 24)
        record.seconds = ["0": 2, "1": 4]
        record.finished = Date(timeIntervalSince1970: 1_000)
        try directory.write(record, of: stage)
        for number in 0..<2 {
          let rows = try made.recording.selecting(Array(24 * number..<24 * (number + 1)))
          try directory.write(rows, model, target, chunk: number)
        }
      }
      try made.vectors.write(to: directory.ready(directory.layout.vector(model, "planted")))
      try directory.finish(Self.planned(ExtractStage(model: model, vector: "planted")))
      try directory.finish(Self.planned(AuditStage(model: model)))
    }
  }

  static func planned(_ stage: some Stage, data: String = "d") -> PlannedStage {
    PlannedStage(stage, inputs: ["data set": data])
  }

  func stored() throws -> StoredRun { try StoredRun(url) }

  func store() throws -> RunStore { try RunStore(directory) }

  func remove(_ path: String) throws { try FileManager.default.removeItem(at: directory.url.appending(path: path)) }
}
