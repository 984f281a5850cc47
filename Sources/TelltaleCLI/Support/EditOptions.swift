import ArgumentParser
import Foundation
import LanguageModels
import Steering
import Torch

extension ScaleUnit: ExpressibleByArgument {}

/// Steering and ablation on a command line: shared by every command that generates.
struct EditOptions: ParsableArguments {
  @Option(help: "A vector file whose vector is added to the residual stream.")
  var add: String?
  @Option(help: "The layer at whose output --add applies (default: the file's only layer).")
  var layer: Int?
  @Option(help: "How much of the vector is added; may be negative.")
  var scale = 1.0
  @Option(help: "What --scale counts: raw (stored vectors), unit (unit vectors) or residual (mean residual norms).")
  var scaleUnit = ScaleUnit.raw
  @Option(help: "A vector file: each layer's own direction is removed at that block's output.")
  var ablate: String?
  @Option(help: "Layers to ablate: all that the file holds, or layers such as 0,3 or 8-12.")
  var layers: LayerList?
  @Option(help: "Tokens that are edited: \(EditPositions.allCases.map(\.rawValue).joined(separator: ", ")).")
  var editPositions = EditPositions.all
  @Flag(help: "Accept vectors that were made from another model of the same width.")
  var anyModel = false

  /// The edits asked for, additions before ablations; what the user should know goes to stderr.
  func edits(_ loaded: LoadedModel) throws -> [SteeringEdit] {
    var edits: [SteeringEdit] = []
    if let add {
      let vectors = try checked(add, loaded)
      edits.append(
        try vectors.addition(
          layer: try additionLayer(vectors), scale: scale, unit: scaleUnit, positions: editPositions))
    }
    if let ablate {
      let vectors = try checked(ablate, loaded)
      let wanted = try layers.flatMap { $0.isAll ? nil : try $0.resolve(loaded.model.configuration) }
      edits += try vectors.ablations(layers: wanted, positions: editPositions)
    }
    return edits
  }

  private func checked(_ path: String, _ loaded: LoadedModel) throws -> SteeringVectors {
    let vectors = try SteeringVectors(contentsOf: URL(fileURLWithPath: path))
    let notes = try vectors.check(against: loaded.model, fingerprint: loaded.fingerprint, anyModel: anyModel)
    for note in notes { Terminal.warning(note) }
    return vectors
  }

  private func additionLayer(_ vectors: SteeringVectors) throws -> Int {
    if let layer { return layer }
    guard vectors.layers.count == 1, let only = vectors.sortedLayers.first else {
      let held = vectors.sortedLayers.map(String.init).joined(separator: ", ")
      throw UsageError("--add needs --layer: the file holds vectors for layers \(held)")
    }
    return only
  }
}
