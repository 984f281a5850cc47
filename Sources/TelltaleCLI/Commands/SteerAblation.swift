import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Statistics
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
  @Option(help: "Which tokens are edited (docs/vectors.md).")
  var editPositions = EditPositions.all
  @OptionGroup var fit: VectorFitOptions
  @OptionGroup var source: DataOptions
  @OptionGroup var labels: LabelOptions
  @Option(help: "The CSV file of AUROCs to write.")
  var output: String?
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let data = try source.load()
    let device = try model.compute.prepare()
    let loaded = try model.loaded(on: device)
    let vectors = try fit.vectors(vector, for: loaded)
    var options = AblationExperiment.Options()
    options.layers = try layers.flatMap { $0.isAll ? nil : try $0.resolve(loaded.model.configuration) }
    options.positions = editPositions
    options.labelSource = labels.label ?? .forcedChoice
    options.maxTokens = labels.maxTokens
    options.seed = source.items.seed
    let encoder = try source.encoder(loaded.tokenizer, data)
    Terminal.note("\(loaded.startLine); \(data.drawn.count) items, answered three times")
    Interruption.explain { "nothing was written" }
    let meter = ProgressMeter(unit: "items")
    meter.begin("as it is", total: data.drawn.count)
    try report(
      AblationExperiment(loaded, encoder, vectors, options)
        .run(data.drawn) { meter.update($0, done: $1, total: $2) })
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
    let table = AblationExperiment.Predictive.table.values(report.predictivity)
    if let output { try table.write(to: output) }
    if printing.json {
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
    ShownNumber.text(
      estimate.value, estimate.low, estimate.high, noInterval: " (no interval: the groups do not differ)")
  }
}

extension AblationExperiment.Predictive {
  static let table = Table<Self>(
    "ablation", "What the cosine with the vector predicts at one layer, before and after the ablation.",
    [.integer("layer", "The block after which the stream was read, counted from 0.", \.layer)],
    area("auroc_before", "AUROC of the stream before against the answers before.", \.before),
    area("auroc_of_ablated_answers", "AUROC of the stream before against the answers after.", \.beforeOfAfter),
    area("auroc_ablated", "AUROC of the ablated stream against the answers after.", \.after))

  private static func area(
    _ name: String, _ help: String, _ area: @escaping @Sendable (Self) -> AblationExperiment.Area?
  ) -> [TableColumn<Self>] {
    .estimate(
      name, help, unit: "0 to 1", value: { area($0)?.auroc }, low: { area($0)?.low }, high: { area($0)?.high })
  }
}
