import Foundation

/// The tables and the store, of all that the other stages made.
struct AnalysisStage: Stage {
  static let kind = "analysis"
  static let needsModel = false
  static let isRepeated = true
  let model: ModelName = ""
  let subject = ""

  static func all(of experiment: Experiment, _ models: [ModelName]) -> [AnalysisStage] { [AnalysisStage()] }

  func inputs(_ run: PlannedRun) throws -> [String: String] {
    [
      "format": PlannedStage.format, "stages": ContentHash.json(run.stages.map(\.hash)),
      "predictions": ContentHash.json(run.experiment.predictions), "seed": "\(run.experiment.seed)",
      "study": ContentHash.json(run.experiment.study),
    ]
  }

  func outputs(_ layout: RunLayout) -> [URL] { RunTable.all.map { layout.table($0) } + layout.labelFolders }

  func run(_ run: ExperimentRun) throws {
    let stored = try StoredRun(run.directory.url)
    run.results = try Analysis(stored, onStage: run.events.onStage).write()
    try run.finish(self)
    run.events.onStage("writing the store")
    try RunStore(run.directory).build(stored)
  }
}
