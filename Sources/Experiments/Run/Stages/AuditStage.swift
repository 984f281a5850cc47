import Foundation
import Foundations
import Steering

/// What the audit needs of the model itself, so that results can be computed again without it.
struct AuditStage: Stage {
  static let kind = "audit"
  let model: ModelName

  var subject: String { "" }

  static func all(of experiment: Experiment, _ models: [ModelName]) -> [AuditStage] {
    models.map { AuditStage(model: $0) }
  }

  func inputs(_ run: PlannedRun) throws -> [String: String] {
    var inputs = run.identity(of: model)
    inputs["data set"] = ContentHash.json(run.experiment.recordedDatasets.compactMap { run.data[$0.text] })
    return inputs
  }

  func outputs(_ layout: RunLayout) -> [URL] { [layout.letters(model), layout.planted(model)] }

  /// Data without letters and a model without planted directions leave no file.
  func isWhole(_ layout: RunLayout, _ record: StageRecord) -> Bool { record.files.map(layout.areThere) ?? true }

  func parts(_ run: PlannedRun) throws -> [StagePart] { [StagePart(weight: 1)] }

  func run(_ run: ExperimentRun) throws {
    let (work, directory) = (try run.model(model), run.directory)
    for target in run.experiment.recordedDatasets {
      let items = try run.planned.items(target.text)
      guard let letters = try LetterDirection(work.loaded.model, work.encoder, items) else { continue }
      try letters.write(to: directory.ready(directory.layout.letters(model)))
      break
    }
    let planted = directory.layout.planted(model)
    let source = work.loaded.directory.appendingPathComponent(planted.lastPathComponent)
    if let data = try? Data(contentsOf: source) { try AtomicFile.write(data, to: directory.ready(planted)) }
    try run.finish(self)
  }
}
