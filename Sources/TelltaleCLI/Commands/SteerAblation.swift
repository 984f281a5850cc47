import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct SteerAblation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablation",
    abstract: "Does removing the component along a vector change the behaviour, and what activations tell of it?",
    discussion: """
      The items are answered by the model as it is, with each layer's own direction removed at that block's output, and with \
      one random direction removed in its place. AUROCs are of the cosine with the vector at the prompt's last token: before; \
      of the stream before against the answers after; and of the ablated stream itself, at layers that are not ablated. \
      Intervals are of 95 %, clustered by group.
      """)

  @OptionGroup var model: ModelOptions
  @Option(help: "A vector file.")
  var vector: String
  @Option(help: "Layers to ablate: all that the file holds, or layers such as 0,3 or 8-12.")
  var layers: LayerList?
  @Option(help: "Tokens that are edited: \(EditPositions.allCases.map(\.rawValue).joined(separator: ", ")).")
  var editPositions = EditPositions.all
  @Flag(help: "Accept a vector that was made from another model of the same width.")
  var anyModel = false
  @OptionGroup var source: DataOptions
  @OptionGroup var labels: LabelOptions
  @Option(help: "The CSV file of AUROCs to write.")
  var output: String?
  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let data = try source.load()
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let vectors = try EditOptions.vectors(vector, for: loaded, anyModel: anyModel)
    var options = AblationExperiment.Options()
    options.layers = try layers.flatMap { $0.isAll ? nil : try $0.resolve(loaded.model.configuration) }
    options.positions = editPositions
    options.labelSource = labels.label ?? .forcedChoice
    options.maxTokens = labels.maxTokens
    options.seed = source.items.seed
    let encoder = try source.encoder(loaded.tokenizer, data)
    try report(AblationExperiment(loaded, encoder, vectors, options).run(data.drawn))
  }

  private struct Summary: Encodable {
    var rows: Int
    var groups: Int
    var unparsableBefore: Int
    var unparsableAfter: Int
    var before: Estimate
    var after: Estimate
    var difference: Estimate
    var randomDifference: Estimate
    var predictivity: TableValues
    var edits: [EditResult]
  }

  private func report(_ report: AblationExperiment.Report) throws {
    let table = Self.table(report.predictivity)
    if let output { try table.write(to: output) }
    if json {
      return try Output.json(
        Summary(
          rows: report.rows, groups: report.groups, unparsableBefore: report.unparsableBefore,
          unparsableAfter: report.unparsableAfter, before: report.before, after: report.after,
          difference: report.difference, randomDifference: report.control, predictivity: table,
          edits: report.edits.entries.map(EditResult.init)))
    }
    Output.line("\(report.rows) rows of \(report.groups) groups")
    Output.line("rate of the behaviour  \(Self.text(report.before))")
    Output.line("ablated                \(Self.text(report.after))")
    Output.line("difference             \(Self.text(report.difference))")
    Output.line("random direction       \(Self.text(report.control)) (difference)")
    if report.unparsableBefore + report.unparsableAfter > 0 {
      Output.line("not readable           \(report.unparsableBefore) before, \(report.unparsableAfter) after")
    }
    table.print()
    if report.predictivity.allSatisfy({ $0.beforeOfAfter == nil }) {
      Output.line("ablated, the model gives one kind of answer only, so that there is nothing left to predict")
    }
    try EditOptions.prove(report.edits)
  }

  static func text(_ estimate: Estimate) -> String {
    let interval =
      estimate.low.flatMap { low in estimate.high.map { String(format: " [%.3f, %.3f]", low, $0) } }
      ?? " (no interval: the groups do not differ)"
    return String(format: "%.3f", estimate.value) + interval
  }

  private static func table(_ rows: [AblationExperiment.Predictive]) -> TableValues {
    let names = ["auroc_before", "auroc_of_ablated_answers", "auroc_ablated"]
    var table = TableValues(["layer"] + names.flatMap(TableValues.estimate))
    for row in rows {
      let areas = [row.before, row.beforeOfAfter, row.after]
      table.rows.append(
        [.integer(row.layer)]
          + areas.flatMap { [.number($0?.auroc), .number($0?.low), .number($0?.high)] as [TableValue] })
    }
    return table
  }
}
