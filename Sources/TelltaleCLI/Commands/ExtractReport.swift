import CommandSupport
import Foundation
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

    struct Layer: Encodable {
      var layer: Int
      var norm: Double
      var residualNorm: Double?
      var reliability: Double?
      var heldOut: Double?
    }
  }

  func report(_ vectors: SteeringVectors) throws {
    let origin = vectors.provenance
    let layers = vectors.sortedLayers.map {
      Summary.Layer(
        layer: $0, norm: vectors.norm($0), residualNorm: origin.residualNorms[$0], reliability: origin.reliability[$0],
        heldOut: origin.heldOut[$0])
    }
    for note in origin.notes { Terminal.warning(note) }
    if printing.json {
      return try Output.json(
        Summary(
          output: output, pairs: origin.pairs ?? 0, groups: origin.groups ?? 0,
          estimator: origin.estimator, letters: origin.letterBalance,
          layers: layers, notes: origin.notes))
    }
    let letters = origin.letterBalance.map { ", matching letters \($0)" } ?? ""
    let unit = recording == nil ? "pairs" : "rows"
    Output.line(
      "\(origin.estimator ?? "?") of \(origin.pairs ?? 0) \(unit) of \(origin.groups ?? 0) questions\(letters), read at "
        + (origin.read ?? "an unknown position"))
    Output.line("layer     norm  of residual  reliability  held out")
    for layer in layers {
      let share = layer.residualNorm.map { $0 > 0 ? 100 * layer.norm / $0 : 0 } ?? 0
      let reliability = layer.reliability.map { String(format: "%11.3f", $0) } ?? "          -"
      let heldOut = layer.heldOut.map { String(format: "%8.3f", $0) } ?? "       -"
      Output.line(
        String(format: "%5d %8.3f %9.1f %%  ", layer.layer, layer.norm, share) + reliability + "  " + heldOut)
    }
    Output.line("written to \(output)")
  }
}
