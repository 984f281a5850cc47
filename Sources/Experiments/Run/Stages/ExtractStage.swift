import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// Making one vector of one model, and keeping the differences of its pairs for the audit.
struct ExtractStage: Stage {
  static let kind = "extract"
  let model: ModelName
  let vector: VectorName

  var subject: String { vector.text }

  static func all(of experiment: Experiment, _ models: [ModelName]) -> [ExtractStage] {
    models.flatMap { model in experiment.vectors.map { ExtractStage(model: model, vector: $0.name) } }
  }

  func inputs(_ run: PlannedRun) throws -> [String: String] {
    let settings = try run.experiment.vector(vector)
    var inputs = run.identity(of: model)
    inputs["vector settings"] = ContentHash.json(settings)
    inputs["data set"] = run.data[settings.dataset]
    inputs["recording"] = run.hash(of: RecordStage(model: model, target: TargetName(settings.dataset)))
    return inputs
  }

  func outputs(_ layout: RunLayout) -> [URL] { [layout.vector(model, vector), layout.differences(model, vector)] }

  /// A class mean is made of recordings, which other tasks may still be at.
  func parts(_ run: PlannedRun) throws -> [StagePart] {
    let settings = try run.experiment.vector(vector)
    return settings.contrast == .spontaneous ? [] : [StagePart(weight: try 2 * run.items(of: settings).count)]
  }

  func add(to summary: inout RunMerge.Summary, _ layout: RunLayout) { summary.vectors += 1 }

  func cost(_ estimate: ModelEstimate) throws -> StageCost? {
    let settings = try estimate.planned.experiment.vector(vector)
    let items = try estimate.planned.items(of: settings)
    let tokens = try estimate.extraction(settings, items)
    var cost = StageCost(self)
    (cost.prompts, cost.givenTokens, cost.newTokens) = (tokens.given > 0 ? items.count : 0, tokens.given, tokens.new)
    // A vector and the mean of each layer, and the differences of its pairs that the audit keeps.
    let layers = estimate.layerBytes
    cost.bytes = 2 * layers + (settings.contrast == .spontaneous ? 0 : min(items.count * layers, 1 << 30))
    let timing = estimate.timing
    cost.seconds = timing.reading.map {
      $0 * Double(tokens.given) + (timing.recording ?? $0) * Double(tokens.new)
    }
    return cost
  }

  func run(_ run: ExperimentRun) throws {
    let settings = try run.experiment.vector(vector)
    let work = try run.model(model)
    run.events.onStage("\(work.loaded.name): extracting \(vector)")
    let made = try extract(settings, work, run)
    try made.write(to: run.directory.ready(run.directory.layout.vector(model, vector)))
    try run.finish(self)
  }

  private func extract(
    _ settings: Experiment.VectorSettings, _ work: ModelAtWork, _ run: ExperimentRun
  ) throws -> SteeringVectors {
    let loaded = work.loaded
    var extraction = try VectorExtraction(
      settings.recipe, layers: Array(0..<loaded.model.configuration.layerCount), seed: run.experiment.seed)
    let differences = try run.directory.ready(run.directory.layout.differences(model, vector))
    extraction.onDifferences = { try $0.write(to: differences) }
    extraction.loadOther = { [planned = run.planned] in
      try LoadedModel(
        $0, dtype: planned.experiment.dtype, weights: planned.experiment.weights, device: planned.device)
    }
    let items = try run.planned.items(of: settings)
    guard settings.contrast == .spontaneous else { return try extraction.run(loaded, work.encoder, items) }
    let recording = try run.directory.recording(model, TargetName(settings.dataset))
    let wanted = Set(items.map(\.id))
    let rows = recording.rows.indices.filter { wanted.contains(recording.rows[$0].id) }
    return try extraction.run(recording, rows: rows, of: loaded)
  }
}
