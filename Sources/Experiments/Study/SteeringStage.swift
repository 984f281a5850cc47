import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

/// What steering with one vector does to the answers of every target: `steering/<model>-<vector>.json`.
package struct StoredSteering: Codable, Equatable {
  package var targets: [Target]

  package struct Target: Codable, Equatable {
    package var dataset: String
    /// By item.
    package var groups: [String]
    /// The unsteered model first.
    package var cells: [Cell]
  }

  package struct Cell: Codable, Equatable {
    /// Nil for the unsteered model.
    package var layer: Int?
    package var scale: Double
    /// How far along the vector the edited tokens were moved, in units of the residual stream.
    package var shift: Double
    /// By item: log p(matching answer) - log p(likeliest other), in nats.
    package var margins: [Double]
  }

  /// Refuses a file that is no such result.
  init(contentsOf url: URL) throws {
    guard let data = FileManager.default.contents(atPath: url.path),
      let stored = try? JSONDecoder().decode(StoredSteering.self, from: data), stored.isWhole
    else {
      throw TelltaleError(
        .badInput, "is no result of steering; remove it and go on with telltale run --resume",
        at: InputLocation(file: url.path))
    }
    self = stored
  }

  init(targets: [Target]) { self.targets = targets }

  private var isWhole: Bool {
    targets.allSatisfy { target in
      target.cells.first.map { $0.layer == nil && $0.scale == 0 } ?? false
        && target.cells.allSatisfy { $0.margins.count == target.groups.count && $0.margins.allSatisfy(\.isFinite) }
    }
  }
}

/// Steers one model with the vectors of an experiment, all on the same items and equally far.
struct SteeringStage {
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
