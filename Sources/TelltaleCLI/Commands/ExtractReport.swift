import CommandSupport
import Foundation
import Foundations
import Steering

/// What an extraction says of its vectors, for a person or as JSON.
extension Extract {
  struct Summary: Encodable {
    var output: String
    var pairs: Int
    var groups: Int
    var estimator: String?
    var letters: String?
    var layers: [Layer]
    var notes: [String]
    /// What is said of its reliability.
    var conclusion: String

    struct Layer: Encodable, Sendable {
      var layer: Int
      var norm: Double
      var residualNorm: Double?
      var reliability: Double?
      var heldOut: Double?
    }
  }

  private static let table = Table<Summary.Layer>(
    "layers", "",
    [
      .integer("layer", "", \.layer), .text("norm") { String(format: "%.3f", $0.norm) },
      .text("of residual") { layer in
        layer.residualNorm.map { String(format: "%.1f %%", $0 > 0 ? 100 * layer.norm / $0 : 0) }
      },
      .text("reliability") { $0.reliability.map { String(format: "%.3f", $0) } },
      .text("held out") { $0.heldOut.map { String(format: "%.3f", $0) } },
    ])

  func report(_ vectors: SteeringVectors) throws {
    let origin = vectors.provenance
    let layers = vectors.sortedLayers.map {
      Summary.Layer(
        layer: $0, norm: vectors.norm($0), residualNorm: origin.residualNorms[$0], reliability: origin.reliability[$0],
        heldOut: origin.heldOut[$0])
    }
    for note in origin.notes { Terminal.warning(note) }
    let conclusion = Conclusion.reliability(origin.reliability, questions: origin.groups ?? 0)
    if printing.json {
      return try Output.json(
        Summary(
          output: output, pairs: origin.pairs ?? 0, groups: origin.groups ?? 0,
          estimator: origin.estimator, letters: origin.letterBalance,
          layers: layers, notes: origin.notes, conclusion: conclusion))
    }
    let letters = origin.letterBalance.map { ", matching letters \($0)" } ?? ""
    let unit = recording == nil ? "pairs" : "rows"
    Output.prose(
      "\(origin.estimator ?? "?") of \(origin.pairs ?? 0) \(unit) of \(origin.groups ?? 0) questions\(letters), read at "
        + (origin.read ?? "an unknown position"))
    let best = layers.indices.filter { layers[$0].reliability != nil }.max {
      (layers[$0].reliability ?? 0) < (layers[$1].reliability ?? 0)
    }
    Self.table.values(layers).print(marked: best)
    Output.line("written to \(output)")
    Output.prose(conclusion)
  }
}
