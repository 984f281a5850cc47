import ArgumentParser
import CommandSupport
import Foundation
import Foundations
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
  @Option(parsing: .unconditional, help: "How much of the vector is added; may be negative.")
  var scale = 1.0
  @Option(help: "What --scale counts: raw (stored vectors), unit (unit vectors) or residual (mean residual norms).")
  var scaleUnit = ScaleUnit.raw
  @Option(help: "A vector file: each layer's own direction is removed at that block's output.")
  var ablate: String?
  @Option(help: "Layers to ablate: all that the file holds, or layers such as 0,3 or 8-12.")
  var layers: LayerList?
  @Option(help: "Which tokens are edited (docs/vectors.md).")
  var editPositions = EditPositions.all
  @Option(
    help: ArgumentHelp(
      "An edit: add, ablate or set, a vector file, and how; give the option again for more edits.",
      discussion: """
        add:FILE[,layer=L][,scale=S][,unit=raw|unit|residual], ablate:FILE[,layers=0,3-5], or \
        set:FILE,to=positive|negative|mean|NUMBER[,layers=...]; each with [,positions=RULE] and, for sequences whose \
        projection at the prompt's last token passes only, [,above=T or below=T][,when=FILE][,when-layer=L]. Edits of a \
        layer apply in the order --add, --ablate, then each --edit as given.
        """, valueName: "spec"))
  var edit: [String] = []
  @OptionGroup var fit: VectorFitOptions

  /// Options that would change nothing are a slip: the answer would pass for a steered one.
  func validate() throws {
    guard add != nil || (layer == nil && scale == 1) else {
      throw ValidationError("--layer and --scale go with --add: give the vector file to add")
    }
    guard ablate != nil || layers == nil else {
      throw ValidationError("--layers goes with --ablate: give the vector file whose directions are removed")
    }
    guard add != nil || ablate != nil || editPositions == .all else {
      throw ValidationError("--edit-positions goes with --add or --ablate; an --edit has its own positions")
    }
  }

  /// The edits asked for, in their order; what the user should know goes to stderr.
  func edits(_ loaded: LoadedModel) throws -> [SteeringEdit] {
    var edits: [SteeringEdit] = []
    if let add {
      let vectors = try fit.vectors(add, for: loaded)
      let layer = try Self.onlyLayer(layer.map { [$0] }, vectors, "--add needs --layer")
      edits.append(try vectors.addition(layer: layer, scale: scale, unit: scaleUnit, positions: editPositions))
    }
    if let ablate {
      let vectors = try fit.vectors(ablate, for: loaded)
      let wanted = try layers.flatMap { $0.isAll ? nil : try $0.resolve(loaded.model.configuration) }
      edits += try vectors.ablations(layers: wanted, positions: editPositions)
    }
    for text in edit { edits += try EditSpecification(text).edits(loaded) { try fit.vectors($0, for: loaded) } }
    return edits
  }

  /// The one layer asked for or, where none is, the file's only one.
  static func onlyLayer(_ asked: [Int]?, _ vectors: SteeringVectors, _ need: String) throws -> Int {
    if let asked, asked.count == 1 { return asked[0] }
    guard asked == nil, vectors.layers.count == 1, let only = vectors.sortedLayers.first else {
      let held = vectors.sortedLayers.map(String.init).joined(separator: ", ")
      throw TelltaleError(.badInput, "\(need): the file holds vectors for layers \(held)")
    }
    return only
  }

  /// Says on stderr what the edits did, and refuses a run in which one touched nothing.
  static func prove(_ report: EditReport) throws {
    try report.requireEffect()
    for entry in report.entries { Terminal.note(sentence(entry)) }
  }

  static func sentence(_ entry: EditReport.Entry) -> String {
    let condition = entry.condition.map { "; \($0) in \(entry.sequences) of \(entry.asked) prompts" } ?? ""
    return String(
      format:
        "%@ at layer %d: %d positions of %d sequences edited (%@), mean shift %+.4g along the vector, %.4g in size",
      entry.operation, entry.layer, entry.positions, entry.sequences, entry.rule, entry.meanShift,
      entry.meanAbsoluteShift) + condition
  }
}

/// An entry of the report as results hold it.
struct EditResult: Encodable {
  var layer: Int
  var operation: String
  var rule: String
  var positions: Int
  var sequences: Int
  var meanShift: Double
  var meanAbsoluteShift: Double

  enum CodingKeys: String, CodingKey {
    case layer, operation, rule, positions, sequences
    case meanShift = "mean_shift"
    case meanAbsoluteShift = "mean_absolute_shift"
  }

  init(_ entry: EditReport.Entry) {
    (layer, operation, rule) = (entry.layer, entry.operation, entry.rule)
    (positions, sequences) = (entry.positions, entry.sequences)
    (meanShift, meanAbsoluteShift) = (entry.meanShift, entry.meanAbsoluteShift)
  }
}
