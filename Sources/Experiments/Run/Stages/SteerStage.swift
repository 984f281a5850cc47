import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// Steering one model with one of its vectors.
struct SteerStage: Stage {
  static let kind = "steer"
  let model: ModelName
  let vector: VectorName

  var subject: String { vector.text }

  static func all(of experiment: Experiment, _ models: [ModelName]) -> [SteerStage] {
    models.flatMap { model in experiment.steeringVectors.map { SteerStage(model: model, vector: $0.name) } }
  }

  func inputs(_ run: PlannedRun) throws -> [String: String] {
    guard let steering = run.experiment.steering else { return [:] }
    var inputs = run.identity(of: model)
    inputs["vector"] = run.hash(of: ExtractStage(model: model, vector: vector))
    inputs["steering settings"] = ContentHash.json(steering)
    inputs["data set"] = ContentHash.json(steering.targets.compactMap { run.data[$0] })
    return inputs
  }

  func outputs(_ layout: RunLayout) -> [URL] { [layout.steering(model, vector)] }

  func cost(_ estimate: ModelEstimate) throws -> StageCost? {
    guard let steering = estimate.planned.experiment.steering else { return nil }
    let items = try estimate.planned.items(of: steering).flatMap(\.items)
    var cost = StageCost(self)
    cost.prompts = items.count
    cost.givenTokens = try estimate.steering(steering, layers: estimate.shape.layerCount, items)
    cost.seconds = (estimate.timing.reading ?? estimate.timing.recording).map { $0 * Double(cost.givenTokens) }
    return cost
  }

  func run(_ run: ExperimentRun) throws {
    guard let settings = run.experiment.steering else { return }
    let (work, directory) = (try run.model(model), run.directory)
    run.events.onStage("\(work.loaded.name): steering with \(vector)")
    let steering = try work.shared {
      try VectorSteering(settings, work.loaded, work.encoder, run.planned.items(of: settings))
    }
    let vectors = try directory.vectors(model, vector)
    try directory.write(try steering.run(vectors), json: directory.layout.steering(model, vector))
    try run.finish(self)
  }
}

/// Steers one model with the vectors of an experiment, all on the same items and equally far.
struct VectorSteering {
  private let settings: Experiment.SteeringSettings
  private let loaded: LoadedModel
  private let encoder: PromptEncoder
  private let targets: [(dataset: String, items: [Item])]
  /// Mean norm of the residual stream at the first target's prompts, by layer.
  private let norms: [Int: Double]

  init(
    _ settings: Experiment.SteeringSettings, _ loaded: LoadedModel, _ encoder: PromptEncoder,
    _ targets: [(dataset: String, items: [Item])]
  ) throws {
    (self.settings, self.loaded, self.encoder, self.targets) = (settings, loaded, encoder, targets)
    let layers = Array(0..<loaded.model.configuration.layerCount)
    norms = settings.unit == .residual ? try encoder.promptNorms(loaded, targets[0].items, layers: layers) : [:]
  }

  func run(_ vectors: SteeringVectors) throws -> StoredSteering {
    let cells = try cells(vectors)
    let evaluation = ChoiceEvaluation(loaded, encoder)
    return StoredSteering(
      targets: try targets.map { dataset, items in
        let result = try evaluation.run(items, cells: cells)
        return StoredSteering.Target(
          dataset: dataset, groups: result.groups,
          cells: cells.indices.map { cell in
            StoredSteering.Cell(
              layer: cells[cell].layer, scale: cells[cell].scale ?? 0, shift: result.effects[cell].meanShift,
              margins: result.scores[cell].map(\.margin))
          })
      })
  }

  /// The unsteered model, then every layer with every scale. Layers at which the vector is zero have no direction.
  func cells(_ vectors: SteeringVectors) throws -> [GridCell] {
    let layers = (settings.layers ?? vectors.sortedLayers).filter { vectors.norm($0) > 0 }
    guard !layers.isEmpty else {
      throw TelltaleError(.badInput, "steering names no layer at which the vector has a direction")
    }
    return try [.unsteered]
      + layers.flatMap { layer in
        try settings.scales.filter { $0 != 0 }.map { try cell(vectors, layer: layer, scale: $0) }
      }
  }

  private func cell(_ vectors: SteeringVectors, layer: Int, scale: Double) throws -> GridCell {
    let (factor, unit) = norms[layer].map { (scale * $0, ScaleUnit.unit) } ?? (scale, settings.unit)
    let edit = try vectors.addition(layer: layer, scale: factor, unit: unit, positions: settings.positions)
    return GridCell(operation: .add, layer: layer, scale: scale, positions: settings.positions, edits: [edit])
  }
}
