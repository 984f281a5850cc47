import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering

/// The grid of steering that results are made for: shared by the evaluations and the sweep.
struct GridOptions: ParsableArguments {
  @Option(help: "A vector file (default: the unsteered model only).")
  var vector: String?
  @Option(help: "Layers at whose output the vector is added: layers such as 0,3 or 8-12 (default: all the file holds).")
  var layers: LayerList?
  @Option(parsing: .unconditional, help: "Scales, such as -2,-1,0,1,2; the unsteered model is always among them.")
  var scales: NumberList = NumberList([-1, 1])
  @Option(help: "What --scales count: raw (stored vectors), unit (unit vectors) or residual (mean residual norms).")
  var scaleUnit = ScaleUnit.raw
  @Option(
    help: "Rules of the tokens edited, one or more: \(EditPositions.allCases.map(\.rawValue).joined(separator: ", ")).")
  var editPositions = PositionsList([.fromPromptEnd])
  @Flag(help: "Ablate the vector too, at each layer by itself.")
  var ablate = false
  @OptionGroup var fit: VectorFitOptions

  /// The cells, the unsteered one first.
  func cells(_ loaded: LoadedModel, ablating: Bool = false) throws -> [GridCell] {
    guard let vector else {
      if ablate || layers != nil { throw TelltaleError(.badInput, "--layers and --ablate need --vector") }
      return [.unsteered]
    }
    let vectors = try fit.vectors(vector, for: loaded)
    let wanted = try layers.flatMap { $0.isAll ? nil : try $0.resolve(loaded.model.configuration) }
    return try SteeringGrid(
      vectors, layers: wanted ?? vectors.sortedLayers, scales: scales.values, unit: scaleUnit,
      positions: editPositions.values, ablating: ablate || ablating
    ).cells
  }
}

/// Numbers on a command line: `-2,-1,0,1,2`.
struct NumberList: ExpressibleByArgument {
  let values: [Double]
  init(_ values: [Double]) { self.values = values }

  /// Each value once, in the order given; what is not finite is refused where it is used, with a reason.
  init?(argument: String) {
    let read = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard !read.isEmpty, !read.contains(where: { $0 == nil }) else { return nil }
    var values: [Double] = []
    for value in read.compactMap({ $0 }) where !values.contains(value) { values.append(value) }
    self.values = values
  }

  var defaultValueDescription: String { values.map { String(format: "%g", $0) }.joined(separator: ",") }
}

/// Rules of edit positions on a command line: `all,from-prompt-end`.
struct PositionsList: ExpressibleByArgument {
  let values: [EditPositions]
  init(_ values: [EditPositions]) { self.values = values }

  init?(argument: String) {
    let read = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { EditPositions(rawValue: String($0)) }
    guard !read.isEmpty, !read.contains(where: { $0 == nil }) else { return nil }
    var values: [EditPositions] = []
    for value in read.compactMap({ $0 }) where !values.contains(value) { values.append(value) }
    self.values = values
  }

  var defaultValueDescription: String { values.map(\.rawValue).joined(separator: ",") }
}

/// Where an evaluation's table goes.
struct TableOptions: ParsableArguments {
  @Option(help: "The CSV file to write.")
  var output: String?
  @OptionGroup var printing: PrintOptions

  func report(_ table: TableValues) throws {
    if let output { try table.write(to: output) }
    if printing.json { return try Output.json(["rows": table]) }
    table.print()
    if let output { Output.line("written to \(output)") }
  }
}
